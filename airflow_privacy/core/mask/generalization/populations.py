"""How many people live where a postal code's first characters are the same: ``prefix;inhabitants``, one line a prefix."""

from __future__ import annotations

import csv
import functools
import io

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.mask.generalization.hierarchy import read_pinned
from airflow_privacy.core.model.techniques import GeoPrefix

_HEADER = ["prefix", "inhabitants"]


def read_populations(column: str, technique: GeoPrefix) -> dict[str, int]:
    """Prefix → inhabitants. The first line may be the header ``prefix;inhabitants``; the file is UTF-8.

    :raises VerificationError: the file is not the one that the policy was read with.
    :raises BadInput: it cannot be read, or a line is no prefix of the technique's length with a whole number.
    """
    where = technique.populations or ""
    return dict(_inhabitants(read_pinned("populations", column, where, technique.sha256), where, technique.length))


@functools.lru_cache(maxsize=16)
def _inhabitants(data: bytes, where: str, length: int) -> tuple[tuple[str, int], ...]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    found: dict[str, int] = {}
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=";"), 1):
        cells = [cell.strip() for cell in row]
        if not cells or (number == 1 and cells == _HEADER):
            continue
        if len(cells) != 2 or not (cells[1].isascii() and cells[1].isdigit()):
            raise BadInput("populations-malformed", f"Line {number} is no prefix with a number of inhabitants", where=where)
        if len(cells[0]) != length:
            raise BadInput(
                "populations-malformed",
                f"Line {number} has a prefix of {len(cells[0])} characters, and the rule keeps {length}",
                where=where,
                do="Give one line for each prefix of the rule's length.",
            )
        if found.setdefault(cells[0], int(cells[1])) != int(cells[1]):
            raise BadInput("populations-malformed", f"Line {number} gives a prefix a second number", where=where)
    if not found:
        raise BadInput("populations-malformed", "The file has no prefix, or is not UTF-8", where=where)
    return tuple(found.items())
