"""Masked rows as CSV (RFC 4180, lines end with a line feed) for programs that read nothing better."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO

import polars as pl

from airflow_privacy.core.io.formats.write_cells import one_schema, refuse_nested, spelled, write_stream

_FORMULA = r"^[=+\-@\t\r]"


def write_csv(frames: Iterable[pl.DataFrame], path: Path, *, for_spreadsheets: bool = False) -> None:
    """Write a header and a line for each row, in UTF-8 without byte order mark; the same rows give the same bytes.

    A missing value is nothing, empty text is ``""``: readers that know the difference can tell (in a table of one column a
    missing value is a blank line, which many readers skip). Cells are quoted where they hold a comma, quotation mark or line
    break. Floats are written with the fewest digits that read back as the same float.

    Text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return is a formula to spreadsheet programs (CWE-1236),
    quoted or not. ``for_spreadsheets`` puts an apostrophe before it, in headers too; that changes values (``+49…``), so it is off
    for files that programs read. It does not protect from what a program does with other text.

    :raises BadInput: ``nested-column``, ``schema-changed``, ``no-rows``, ``not-writable``.
    :raises StorageUnavailable: the disk failed.
    """

    def write(stream: IO[bytes]) -> None:
        begun = False
        for frame in one_schema(frames, path.name):
            refuse_nested(frame, path.name)
            cells = frame.select(spelled(name, dtype) for name, dtype in frame.schema.items())
            if for_spreadsheets:
                cells = _defused(cells)
            cells.write_csv(stream, include_header=not begun, line_terminator="\n", quote_style="necessary", null_value="")
            begun = True

    write_stream(path, write)


def _defused(cells: pl.DataFrame) -> pl.DataFrame:
    texts = [pl.col(name) for name, dtype in cells.schema.items() if dtype == pl.String]
    defused = [pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).name.keep() for text in texts]
    named = cells.with_columns(defused)
    return named.rename({name: f"'{name}" for name in named.columns if name[:1] in "=+-@\t\r" and name})
