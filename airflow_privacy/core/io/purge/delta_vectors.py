"""Which rows a Delta table's deletion vector hides.

Delta Lake protocol, "Deletion Vectors": a RoaringBitmapArray in its portable form, inline in the log as Z85, or in a file of the
table. Bitmaps: https://github.com/RoaringBitmap/RoaringFormatSpec.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import numpy as np

from airflow_privacy.core.io.lakehouse import inside
from airflow_privacy.core.io.purge.lakehouse_files import Positions

_MAGIC = 1681511377
_RUNS, _NO_RUNS = 12347, 12346
_ARRAY_AT_MOST, _OFFSETS_FROM = 4096, 4
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_UUID_CHARACTERS = 20


def vector_path(root: Path, vector: Mapping[str, Any]) -> Path | None:
    """The file that a vector lies in; ``None`` where it lies in the log.

    :raises BadInput: ``outside-table``.
    """
    where = str(vector["pathOrInlineDv"])
    if vector["storageType"] == "i":
        return None
    if vector["storageType"] == "p":
        return inside(root, Path(unquote(urlsplit(where).path)))
    prefix, name = where[:-_UUID_CHARACTERS], UUID(bytes=_z85(where[-_UUID_CHARACTERS:]))
    return inside(root, root / prefix / f"deletion_vector_{name}.bin")


def hidden_rows(root: Path, vector: Mapping[str, Any]) -> Positions:
    """Positions of the rows that the vector deletes.

    :raises ValueError: it is not a deletion vector, or not whole.
    :raises OSError: its file cannot be read.
    """
    path, size = vector_path(root, vector), int(vector["sizeInBytes"])
    if path is None:
        data = _z85(str(vector["pathOrInlineDv"]))[:size]
    else:
        with path.open("rb") as file:
            file.seek(int(vector.get("offset") or 0))
            (length,) = struct.unpack(">I", file.read(4))
            data, checksum = file.read(length), file.read(4)
        if length != size or struct.unpack(">I", checksum)[0] != zlib.crc32(data):
            raise ValueError("a deletion vector is not whole")
    positions = _roaring_array(data)
    if len(positions) != int(vector["cardinality"]):
        raise ValueError("a deletion vector has another number of rows than the log says")
    return positions


def _roaring_array(data: bytes) -> Positions:
    magic, count = struct.unpack_from("<Iq", data)
    if magic != _MAGIC:
        raise ValueError("not a deletion vector")
    at, found = 12, [np.empty(0, dtype=np.uint64)]
    for _ in range(count):
        (high,) = struct.unpack_from("<I", data, at)
        low, at = _roaring(data, at + 4)
        found.append(low + np.uint64(high << 32))
    return np.concatenate(found)


def _roaring(data: bytes, at: int) -> tuple[Positions, int]:
    (cookie,) = struct.unpack_from("<I", data, at)
    at += 4
    runs = b""
    if cookie & 0xFFFF == _RUNS:
        size = (cookie >> 16) + 1
        runs = data[at : at + (size + 7) // 8]
        at += len(runs)
    elif cookie == _NO_RUNS:
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
    else:
        raise ValueError("not a roaring bitmap")
    heads = np.frombuffer(data, "<u2", 2 * size, at).reshape(size, 2)
    at += 4 * size
    if not runs or size >= _OFFSETS_FROM:
        at += 4 * size
    found = [np.empty(0, dtype=np.uint64)]
    for index, (key, less_one) in enumerate(heads.tolist()):
        low, at = _container(data, at, less_one + 1, is_run=bool(runs) and bool(runs[index // 8] >> index % 8 & 1))
        found.append(low.astype(np.uint64) + np.uint64(key << 16))
    return np.concatenate(found), at


def _container(data: bytes, at: int, cardinality: int, *, is_run: bool) -> tuple[Positions, int]:
    if is_run:
        (count,) = struct.unpack_from("<H", data, at)
        pairs = np.frombuffer(data, "<u2", 2 * count, at + 2).reshape(count, 2).tolist()
        spans = [np.arange(start, start + length + 1, dtype=np.uint64) for start, length in pairs]
        return np.concatenate([np.empty(0, dtype=np.uint64), *spans]), at + 2 + 4 * count
    if cardinality <= _ARRAY_AT_MOST:
        return np.frombuffer(data, "<u2", cardinality, at).astype(np.uint64), at + 2 * cardinality
    bits = np.unpackbits(np.frombuffer(data, np.uint8, 8192, at), bitorder="little")
    return np.flatnonzero(bits).astype(np.uint64), at + 8192


def _z85(text: str) -> bytes:
    value = bytearray()
    for start in range(0, len(text), 5):
        number = 0
        for character in text[start : start + 5]:
            number = number * 85 + _Z85.index(character)
        value += number.to_bytes(4, "big")
    return bytes(value)
