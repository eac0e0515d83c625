"""Masked rows as a folder of Parquet files by value: ``country=DE/year=2024/part-00000.parquet`` (Hive's layout)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import quote

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.formats.frames import resized
from airflow_privacy.core.io.formats.write_cells import one_schema, spelled, write_stream

MOST_FOLDERS = 10_000
_SLAB_ROWS = 250_000
_ZSTD_LEVEL = 2
_MISSING = "__HIVE_DEFAULT_PARTITION__"


def write_partitioned(frames: Iterable[pl.DataFrame], folder: Path, *, by: Sequence[str]) -> tuple[str, ...]:
    """Write the rows below the existing, empty *folder*, parted by the columns *by*, which the files then do not hold.

    The same rows give the same files, however the frames are cut: of every 250,000 rows each folder gets one file, numbered by
    the piece that its rows come from, and rows keep their order in it. Values of *by* are written as text and percent-encoded;
    missing ones, and empty text, which Hive cannot tell from them, are ``__HIVE_DEFAULT_PARTITION__``. No statistics and no
    metadata are written. What a folder is called is seen by everybody who can list it: part by masked columns only.

    :returns: the files' names below *folder*, in the order written.
    :raises BadInput: ``unusable-partition`` for columns that are not there, none or all of them, or of a type that folder names
        cannot hold; ``too-many-partitions``; ``schema-changed``, ``no-rows``, ``not-writable``.
    :raises StorageUnavailable: the disk failed.
    """
    written: list[str] = []
    folders: set[str] = set()
    for number, piece in enumerate(resized(one_schema(frames, folder.name), _SLAB_ROWS)):
        _require_usable(piece.schema, by, folder.name)
        texts = piece.with_columns(_text(name, piece.schema[name]) for name in by)
        for values, rows in texts.partition_by(by, maintain_order=True, as_dict=True, include_key=False).items():
            place = "/".join(f"{quote(name, safe='')}={_named(value)}" for name, value in zip(by, values, strict=True))
            folders.add(place)
            if len(folders) > MOST_FOLDERS:
                raise BadInput(
                    "too-many-partitions",
                    f"The rows would fall into more than {MOST_FOLDERS:,} folders",
                    where=folder.name,
                    do="Part by columns with fewer values.",
                )
            name = f"{place}/part-{number:05d}.parquet"
            (folder / place).mkdir(parents=True, exist_ok=True)
            _write(rows, folder / name)
            written.append(name)
    return tuple(written)


def _require_usable(schema: pl.Schema, by: Sequence[str], where: str) -> None:
    odd = [name for name in by if name not in schema or schema[name].is_nested() or schema[name].is_float()]
    if odd or not by or len(set(by)) != len(by) or len(by) >= len(schema):
        raise BadInput(
            "unusable-partition",
            f"The table cannot be parted by {', '.join(map(repr, odd or by)) or 'no column'}",
            where=where,
            do="Name some of its columns, each once, that hold text, whole numbers, booleans or dates.",
        )


def _text(column: str, dtype: pl.DataType) -> pl.Expr:
    text = spelled(column, dtype).cast(pl.String)
    return pl.when(text != "").then(text).alias(column)


def _named(value: object) -> str:
    if value is None:
        return _MISSING
    name = quote(str(value), safe="")
    return name.replace(".", "%2E") if name.strip(".") == "" else name


def _write(rows: pl.DataFrame, path: Path) -> None:
    def write(stream: IO[bytes]) -> None:
        rows.lazy().sink_parquet(
            stream, compression="zstd", compression_level=_ZSTD_LEVEL, statistics=False, row_group_size=_SLAB_ROWS
        )

    write_stream(path, write)
