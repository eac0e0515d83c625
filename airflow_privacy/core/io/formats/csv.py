"""CSV (RFC 4180) in UTF-8 with a header: read as text, then typed by a decision over every value of every file.

A column is boolean, integer, number, date or timestamp only if each value that is not missing parses; a leading zero or plus
sign keeps it text. Empty and blank cells are missing. The delimiter is the most frequent of ``, ; tab |`` in the header.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.refs import ColumnType

_BLOCK = 8 << 20
_DELIMITERS = (",", ";", "\t", "|")
_TIMESTAMP = "%Y-%m-%d %H:%M:%S%.f"

# A header cell that looks like this is a person's data in a file without a header; it would travel as a column's name.
_LOOKS_LIKE_DATA = re.compile(
    r"\S+@\S+\.\w+|\+?[\d ()/.-]{7,}|\d{4}-\d\d-\d\d.*|\d\d?[./]\d\d?[./]\d{2,4}|[A-Z]{2}\d{2}[A-Z0-9 ]{11,30}"
    r"|(\d{1,3}\.){3}\d{1,3}"
)


@dataclass(frozen=True)
class CsvReader:
    """Part files with one header. ``raw`` are the header's cells as they stand in the file."""

    columns: tuple[ColumnType, ...]
    rows: int
    paths: tuple[Path, ...]
    raw: tuple[str, ...]
    delimiter: str

    def slabs(self, columns: Sequence[str], rows: int) -> Iterator[pl.DataFrame]:
        typed = {column.name: column.dtype for column in self.columns}
        casts = [_typed(name, typed[name]) for name in columns]
        for path in self.paths:
            waiting: list[pl.DataFrame] = []
            height = 0
            for batch in _batches(path, self.raw, [column.name for column in self.columns], self.delimiter):
                waiting.append(batch.select(casts))
                height += batch.height
                while height >= rows:
                    whole = pl.concat(waiting)
                    yield whole.head(rows)
                    waiting = [whole.slice(rows)]
                    height -= rows
            if height:
                yield pl.concat(waiting)


def open_csv(paths: Sequence[Path]) -> CsvReader:
    """Check every byte and decide the types.

    :raises BadInput: ``not-utf-8``, ``no-header``, ``duplicate-columns``, ``schema-mismatch``, ``open-quote``, ``ragged-row``,
        ``no-rows``, ``unreadable-csv``.
    """
    delimiter = _delimiter(paths[0])
    raw = _header(paths[0], delimiter)
    names = _names(paths[0], raw)
    for path in paths[1:]:
        if _header(path, delimiter) != raw:
            raise BadInput(
                "schema-mismatch",
                "The part files of one table have different headers",
                where=str(path),
                do="Give all part files the same columns in the same order.",
            )
    for path in paths:
        _refuse_open_quote(path, delimiter)
    rows = 0
    tallies = {name: dict.fromkeys(("values", *_PARSES), 0) for name in names}
    for path in paths:
        for batch in _batches(path, raw, names, delimiter):
            rows += batch.height
            for name in names:
                _tally(batch[name], tallies[name])
    if rows == 0:
        raise BadInput("no-rows", "The file holds a header and no rows", where=str(paths[0]), do="Name a file that holds data.")
    columns = tuple(ColumnType(name=name, dtype=_decide(tallies[name])) for name in names)
    return CsvReader(columns=columns, rows=rows, paths=tuple(paths), raw=tuple(raw), delimiter=delimiter)


_PARSES: dict[str, str] = {
    "boolean": r"^(?i:true|false)$",
    "integer": r"^-?(?:0|[1-9][0-9]{0,17})$",
    "number": r"^-?(?:0|[1-9][0-9]{0,14})?(?:\.[0-9]+(?:[eE][+-]?[0-9]{1,3})?)?$",
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "timestamp": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?$",
}


def _tally(values: pl.Series, tally: dict[str, int]) -> None:
    present = values.drop_nulls()
    if present.is_empty():
        return
    earlier = tally["values"]
    tally["values"] += len(present)
    text = present.str.strip_chars()
    for kind, pattern in _PARSES.items():
        if tally[kind] < earlier:
            continue  # an earlier value did not parse
        fits = text.str.contains(pattern)
        if fits.all():
            fits = _parse(text, kind).is_not_null()
        tally[kind] += int(fits.sum())


def _decide(tally: dict[str, int]) -> str:
    if tally["values"] == 0:
        return "null"
    return next((kind for kind in _PARSES if tally[kind] == tally["values"]), "string")


def _parse(text: pl.Series, kind: str) -> pl.Series:
    return pl.select(_expression(pl.lit(text), kind)).to_series()


def _expression(text: pl.Expr, kind: str) -> pl.Expr:
    if kind == "boolean":
        return text.str.to_lowercase() == "true"
    if kind == "integer":
        return text.cast(pl.Int64, strict=False)
    if kind == "number":
        return text.cast(pl.Float64, strict=False)
    if kind == "date":
        return text.str.to_date("%Y-%m-%d", strict=False)
    with_seconds = pl.when(text.str.len_chars() == 16).then(text + ":00").otherwise(text)
    return with_seconds.str.replace("T", " ", literal=True).str.to_datetime(_TIMESTAMP, time_unit="us", strict=False)


def _typed(name: str, dtype: str) -> pl.Expr:
    column = pl.col(name)
    if dtype == "null":
        return pl.lit(None, dtype=pl.Null).alias(name)
    if dtype == "string":
        return column
    return _expression(column.str.strip_chars(), dtype).alias(name)


def _batches(path: Path, raw: Sequence[str], names: Sequence[str], delimiter: str) -> Iterator[pl.DataFrame]:
    """Batches of text columns; blank cells are null."""
    strings = pl.selectors.string()
    blank = pl.when(strings.str.strip_chars() != "").then(strings)
    failed = False
    try:
        with pacsv.open_csv(
            path,
            read_options=pacsv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
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
        raise _diagnosis(path, delimiter, len(names))


def _diagnosis(path: Path, delimiter: str, width: int) -> BadInput:
    """Say what is wrong with a file that the fast reader refused, with the line."""
    bad_line = _first_undecodable_line(path)
    if bad_line:
        return _not_utf8(path, bad_line)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, delimiter=delimiter)
            for row in rows:
                if row and len(row) != width:
                    return BadInput(
                        "ragged-row",
                        f"Line {rows.line_num} has {len(row)} cells, the header has {width}",
                        where=f"{path}:{rows.line_num}",
                        do="Quote cells that hold the delimiter, or repair the line.",
                    )
    except csv.Error:
        pass
    return BadInput(
        "unreadable-csv",
        "The file is not readable as CSV: a quotation mark is not closed, or a cell is larger than 8 MiB",
        where=str(path),
        do="Export the table again with RFC 4180 quoting.",
    )


def _refuse_open_quote(path: Path, delimiter: str) -> None:
    """The fast reader puts all rows behind an open quotation mark into one cell and says nothing."""
    with path.open("rb") as stream:
        marks = sum(block.count(b'"') for block in iter(lambda: stream.read(_BLOCK), b""))
    if marks % 2 == 0:
        return
    problem = ""
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as stream_of_text:
            for _ in csv.reader(stream_of_text, delimiter=delimiter, strict=True):
                pass
    except csv.Error as error:
        problem = str(error)  # looked at, never shown
    if "unexpected end of data" in problem or "field larger" in problem:
        raise BadInput(
            "open-quote",
            "A quotation mark is opened and never closed: the rows behind it would be lost in one cell",
            where=str(path),
            do="Close the quotation mark, or double it inside a quoted cell.",
        )


def _first_undecodable_line(path: Path) -> int:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 0


def _not_utf8(path: Path, line: int) -> BadInput:
    return BadInput(
        "not-utf-8",
        f"Line {line} is not UTF-8",
        where=f"{path}:{line}",
        do="Convert the file to UTF-8, for example: iconv -f WINDOWS-1252 -t UTF-8.",
    )


def _delimiter(path: Path) -> str:
    line = _header(path, "\x00", first_line=True)[0]
    outside = re.sub(r'"[^"]*"', "", line)
    counts = [outside.count(candidate) for candidate in _DELIMITERS]
    return _DELIMITERS[counts.index(max(counts))]


def _header(path: Path, delimiter: str, *, first_line: bool = False) -> list[str]:
    row = None
    undecodable = False
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            if first_line:
                row = [next((line for line in stream if line.strip()), "")]
            else:
                row = next((row for row in csv.reader(stream, delimiter=delimiter) if row), None)
    except UnicodeDecodeError:
        undecodable = True
    except csv.Error:
        pass
    if undecodable:
        raise _not_utf8(path, _first_undecodable_line(path) or 1)
    if not row:
        raise BadInput("unreadable-csv", "The file has no header line", where=str(path), do="Export it with a header.")
    return row


def _names(path: Path, raw: Sequence[str]) -> list[str]:
    names = [cell.strip() or f"column_{position}" for position, cell in enumerate(raw, start=1)]
    data = [position for position, name in enumerate(names, start=1) if _LOOKS_LIKE_DATA.fullmatch(name)]
    if data:
        raise BadInput(
            "no-header",
            f"Cell {data[0]} of the first line looks like data, not like a column's name",
            where=str(path),
            do="Add a header line with the columns' names.",
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(
            "duplicate-columns",
            f"{len(twice)} column names occur more than once: {', '.join(twice)}",
            where=str(path),
            do="Give every column its own name.",
        )
    return names
