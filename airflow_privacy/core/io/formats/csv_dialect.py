"""A CSV file's delimiter and quotation mark.

The delimiter is the most frequent of ``, ; tab |`` in the header, outside quotes. The quotation mark is ``"``. It is ``'``
only where no ``"`` occurs and the header's cells all stand in ``'``, or the first rows have one width with ``'`` and several
without: an apostrophe alone decides nothing.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, NamedTuple

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.frames import Part

if TYPE_CHECKING:
    from _csv import Reader as _Rows

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARACTERS = 1 << 16
_OPEN = "unexpected end of data"


class Dialect(NamedTuple):
    """How cells are told apart."""

    delimiter: str
    quote: str


def find_dialect(part: Part) -> Dialect:
    """Look at the first 64 Ki characters.

    :raises BadInput: ``unreadable-csv`` for a file of blank lines; ``malformed-quoting``.
    """
    with part.path.open(encoding="utf-8-sig", newline="") as stream:
        sample = stream.read(_SAMPLE_CHARACTERS)
    header = next((line for line in io.StringIO(sample, newline=None) if line.strip()), None)
    if header is None:
        raise _no_header(part)
    usual, single = (Dialect(_delimiter(header, quote), quote) for quote in ('"', "'"))
    cut = len(sample) == _SAMPLE_CHARACTERS
    if '"' not in sample and (
        _all_quoted(header, single) or (_width(sample, single, cut) > 1 and not _width(sample, usual, cut))
    ):
        return single
    _refuse_malformed(part, sample, usual)
    return usual


def read_header(part: Part, dialect: Dialect) -> list[str]:
    """The first line's cells as they stand.

    :raises BadInput: ``unreadable-csv``.
    """
    row = None
    try:
        with part.path.open(encoding="utf-8-sig", newline="") as stream:
            row = next((row for row in csv.reader(stream, delimiter=dialect.delimiter, quotechar=dialect.quote) if row), None)
    except csv.Error:
        pass
    if not row:
        raise _no_header(part)
    return row


def _delimiter(header: str, quote: str) -> str:
    outside = re.sub(f"{quote}[^{quote}]*{quote}", "", header)
    counts = [outside.count(candidate) for candidate in _DELIMITERS]
    return _DELIMITERS[counts.index(max(counts))]


def _all_quoted(header: str, dialect: Dialect) -> bool:
    cells = re.escape(dialect.delimiter)
    one = f"{dialect.quote}[^{dialect.quote}]+{dialect.quote}"
    return re.fullmatch(f"{one}(?:{cells}{one})*", header.strip()) is not None


def _width(sample: str, dialect: Dialect, cut: bool) -> int:
    """The cells of every row, 0 if rows differ or do not parse. The last row of a cut sample is left out."""
    widths: list[int] = []
    try:
        widths.extend(len(row) for row in _reader(sample, dialect) if row)
    except csv.Error as error:
        if not cut or _OPEN not in str(error):
            return 0
    else:
        widths = widths[:-1] if cut else widths
    return widths[0] if len(set(widths)) == 1 else 0


def _refuse_malformed(part: Part, sample: str, dialect: Dialect) -> None:
    reader = _reader(sample, dialect)
    problem = ""
    try:
        for _ in reader:
            pass
    except csv.Error as error:
        problem = str(error)  # looked at, never shown
    if "expected after" in problem:
        raise BadInput(
            "malformed-quoting",
            f"Line {reader.line_num} has text behind a closing quotation mark",
            where=f"{part.where}:{reader.line_num}",
            do="Use one of the delimiters , ; tab |, and double a quotation mark that stands inside a quoted cell.",
        )


def _reader(sample: str, dialect: Dialect) -> _Rows:
    return csv.reader(io.StringIO(sample, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)


def _no_header(part: Part) -> BadInput:
    return BadInput("unreadable-csv", "The file has no header line", where=part.where, do="Export it with a header.")
