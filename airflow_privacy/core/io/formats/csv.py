"""CSV (RFC 4180) in UTF-8 with a header: read as text, then typed by a decision over every value of every file.

Empty and blank cells are missing. Delimiter and quotation mark are found by :func:`find_dialect`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats import text_types
from airflow_privacy.core.io.formats.csv_dialect import Dialect, find_dialect, read_header
from airflow_privacy.core.io.formats.frames import Part, no_rows, other_schema, refuse_duplicates, resized
from airflow_privacy.core.model.refs import ColumnType

_BLOCK = 8 << 20


@dataclass(frozen=True)
class CsvReader:
    """Part files with one header. ``raw`` are the header's cells as they stand in the file."""

    columns: tuple[ColumnType, ...]
    rows: int
    parts: tuple[Part, ...]
    raw: tuple[str, ...]
    dialect: Dialect

    def part(self, number: int, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        types = {column.name: column.dtype for column in self.columns}
        casts = [text_types.typed(name, types[name]) for name in columns]
        batches = _batches(self.parts[number], self.raw, list(types), self.dialect)
        return resized((batch.with_columns(casts).select(columns) for batch in batches), rows)


def open_csv(files: Sequence[Part]) -> CsvReader:
    """Check every byte and decide the types.

    :raises BadInput: ``no-header``, ``duplicate-columns``, ``schema-mismatch``, ``malformed-quoting``, ``open-quote``,
        ``ragged-row``, ``no-rows``, ``unreadable-csv``.
    """
    dialect = find_dialect(files[0])
    raw = read_header(files[0], dialect)
    names = _names(files[0], raw)
    for part in files[1:]:
        if read_header(part, dialect) != raw:
            raise other_schema(part.where)
    for part in files:
        _refuse_open_quote(part, dialect)
    rows = 0
    tallies = {name: text_types.new_tally() for name in names}
    for part in files:
        for batch in _batches(part, raw, names, dialect):
            rows += batch.height
            for name in names:
                text_types.count(batch[name], tallies[name])
    if rows == 0:
        raise no_rows(files[0].where)
    columns = tuple(ColumnType(name=name, dtype=text_types.decide(tallies[name])) for name in names)
    return CsvReader(columns=columns, rows=rows, parts=tuple(files), raw=tuple(raw), dialect=dialect)


def _batches(part: Part, raw: Sequence[str], names: Sequence[str], dialect: Dialect) -> Iterator[pl.DataFrame]:
    """Batches of text columns; blank cells are null."""
    strings = pl.selectors.string()
    blank = pl.when(strings.str.strip_chars() != "").then(strings)
    failed = False
    try:
        with pacsv.open_csv(
            part.path,
            read_options=pacsv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=pacsv.ParseOptions(delimiter=dialect.delimiter, quote_char=dialect.quote, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.large_string() for name in raw}, strings_can_be_null=True, null_values=[""]
            ),
        ) as stream:
            for batch in stream:
                frame = pl.DataFrame(pa.Table.from_batches([batch]).rename_columns(list(names)))
                yield frame.with_columns(blank)
    except (pa.ArrowException, OSError, ValueError):
        failed = True
    if failed:
        raise _diagnosis(part, dialect, len(names))


def _diagnosis(part: Part, dialect: Dialect, width: int) -> BadInput:
    """Say what is wrong with a file that the fast reader refused, with the line."""
    try:
        with part.path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, delimiter=dialect.delimiter, quotechar=dialect.quote)
            for row in rows:
                if row and len(row) != width:
                    return BadInput(
                        "ragged-row",
                        f"Line {rows.line_num} has {len(row)} cells, the header has {width}",
                        where=f"{part.where}:{rows.line_num}",
                        do="Quote cells that hold the delimiter, or repair the line.",
                    )
    except csv.Error:
        pass
    return BadInput(
        "unreadable-csv",
        "The file is not readable as CSV: a quotation mark is not closed, or a cell is larger than 8 MiB",
        where=part.where,
        do="Export the table again with RFC 4180 quoting.",
    )


def _refuse_open_quote(part: Part, dialect: Dialect) -> None:
    """The fast reader puts all rows behind an open quotation mark into one cell and says nothing."""
    mark = dialect.quote.encode()
    with part.path.open("rb") as stream:
        marks = sum(block.count(mark) for block in iter(lambda: stream.read(_BLOCK), b""))
    if marks % 2 == 0:
        return
    problem = ""
    try:
        with part.path.open(encoding="utf-8-sig", newline="") as text:
            for _ in csv.reader(text, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True):
                pass
    except csv.Error as error:
        problem = str(error)  # looked at, never shown
    if "unexpected end of data" in problem or "field larger" in problem:
        raise BadInput(
            "open-quote",
            "A quotation mark is opened and never closed: the rows behind it would be lost in one cell",
            where=part.where,
            do="Close the quotation mark, or double it inside a quoted cell.",
        )


def _names(part: Part, raw: Sequence[str]) -> list[str]:
    names = [cell.strip() or f"column_{position}" for position, cell in enumerate(raw, start=1)]
    data = [position for position, name in enumerate(names, start=1) if text_types.looks_like_data(name)]
    if data:
        raise BadInput(
            "no-header",
            f"Cell {data[0]} of the first line looks like data, not like a column's name",
            where=part.where,
            do="Add a header line with the columns' names.",
        )
    refuse_duplicates(names, part.where)
    return names
