"""Values that must not be found anywhere but in the data itself, and the search for them in every spelling."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Sequence
from pathlib import Path

CANARIES = {
    "name": "Zebedee Quaxolotl",
    "email": "zq.canary.4711@quaxolotl.example",
    "notes": "reach Zebedee Quaxolotl at +49 171 8423977 or zq.note.0815@quaxolotl.example, IBAN DE89370400440532013000",
}
NEEDLES = ("Quaxolotl", "quaxolotl", "zq.canary.4711", "zq.note.0815", "8423977", "DE89370400440532013000", "CANARYVALUE")
FEWEST_CHARACTERS = 8  # of a base64 spelling: shorter ones occur by chance


def spellings(wanted: Sequence[str] = NEEDLES) -> dict[str, bytes]:
    """Every needle in clear, reversed, in hexadecimal, and in base64 at each of the three alignments."""
    found: dict[str, bytes] = {}
    for needle in wanted:
        clear = needle.encode()
        found[f"{needle} in clear"] = clear
        found[f"{needle} reversed"] = clear[::-1]
        found[f"{needle} in hexadecimal"] = clear.hex().encode()
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + clear)
            # The characters at both ends hang on the neighbours: the middle is the same wherever the value stands.
            middle = encoded[4 if shift else 0 : len(encoded) - 4]
            if len(middle) >= FEWEST_CHARACTERS:
                found[f"{needle} in base64, shift {shift}"] = middle
    return found


def hits(*roots: Path, wanted: Sequence[str] = NEEDLES) -> list[str]:
    """Where any spelling occurs: in the bytes of every file, and in every cell of every SQLite database."""
    needles = spellings(wanted)
    found = []
    for root in roots:
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            data = path.read_bytes()
            if data.startswith(b"SQLite format 3"):
                data += _cells(path)
            found += [f"{path.relative_to(root)}: {name}" for name, needle in needles.items() if needle in data]
    return found


def _cells(path: Path) -> bytes:
    parts = []
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in database.execute(f'select * from "{table}"'):  # noqa: S608 - the name comes from the schema
                parts += [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row]
    return b"\n".join(parts)
