"""Where the files of an Iceberg table in a folder lie, and which metadata file is the newest.

``metadata/version-hint.text`` and ``metadata/v<n>.metadata.json`` as in Hadoop's catalog. Nothing here needs Iceberg's library.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from airflow_privacy.core.io.lakehouse import inside

METADATA = "metadata"
_HINT = "version-hint.text"
_NUMBERED = re.compile(r"v(\d+)\.metadata\.json")


def metadata_path(root: Path, number: int) -> Path:
    """Of one version of the metadata."""
    return root / METADATA / f"v{number}.metadata.json"


def metadata_numbers(root: Path) -> list[int]:
    """Versions of the metadata that are there, ascending."""
    names = (path.name for path in (root / METADATA).glob("v*.metadata.json"))
    return sorted(int(match[1]) for name in names if (match := _NUMBERED.fullmatch(name)))


def newest_metadata(root: Path) -> int:
    """The hint says where to begin: who was killed between commit and hint has committed. 0: there is none."""
    try:
        number = int((root / METADATA / _HINT).read_text())
    except (OSError, ValueError):
        number = max(metadata_numbers(root), default=0)
    while metadata_path(root, number + 1).exists():
        number += 1
    return number if metadata_path(root, number).exists() else 0


def hint_metadata(root: Path, number: int) -> None:
    """Say which version is the newest. Hadoop's checksum of the old hint goes: it would not hold."""
    temporary = root / METADATA / f".{secrets.token_hex(8)}.hint.tmp"
    temporary.write_text(str(number))
    temporary.replace(root / METADATA / _HINT)
    (root / METADATA / f".{_HINT}.crc").unlink(missing_ok=True)


def place_of(root: Path, table_location: str, location: str) -> Path:
    """Where a file lies, in the table's folder even where its metadata say that the table lies elsewhere.

    :raises BadInput: ``outside-table``.
    """
    start = f"{table_location.rstrip('/')}/"
    if location.startswith(start):
        return inside(root, root / location.removeprefix(start))
    return inside(root, Path(location.removeprefix("file://")))
