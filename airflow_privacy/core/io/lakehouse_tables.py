"""Masked tables in a lakehouse: written in one commit after the files were read back, and held against their digest when read.

As in a database, a table holds one current version, which its last commit names; a table whose last commit is not ours belongs to
somebody else and is never replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io import delta
from airflow_privacy.core.io.lakehouse import Format, LakePlace, missing, parse_lakehouse
from airflow_privacy.core.io.local import answering
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.stored_rows import StoredRows, require_rows
from airflow_privacy.core.io.table_version import TableVersion
from airflow_privacy.core.model.dataset import Dataset, version_of_rows
from airflow_privacy.core.model.refs import ColumnType

_WIDER: dict[Any, Any] = {
    pl.UInt8: pl.Int32,
    pl.UInt16: pl.Int32,
    pl.UInt32: pl.Int64,
    pl.UInt64: pl.Decimal(20, 0),
    pl.Null: pl.String,
}
_ICEBERG_WIDER = {pl.Int8: pl.Int32, pl.Int16: pl.Int32, **_WIDER}


def spool_lakehouse(uri: str, *, spool: Spool) -> list[Path]:
    """The current snapshot's rows as Parquet files in the spool.

    :raises BadInput: ``missing-table``, ``unsupported-table``, ``outside-table``, ``unreadable-table``.
    :raises MissingExtra: the format's package is not installed.
    """
    return _read(parse_lakehouse(uri), uri, spool)


def write_lakehouse(
    uri: str,
    frames: Iterable[pl.DataFrame],
    *,
    columns: Sequence[ColumnType],
    version: TableVersion,
    seal: Callable[[], bytes] | None = None,
) -> None:
    """As :func:`sql_tables.write_table`, for a Delta or Iceberg table.

    :raises VerificationError: ``rows-differ``; what was stored is not what was sent, or the version is there with other rows.
    :raises BadInput: ``table-not-ours``, ``unsupported-type``.
    :raises StorageUnavailable: the file system failed, or somebody else committed at the same time.
    """
    place = parse_lakehouse(uri)
    current = stated_lakehouse(uri)
    if current is None and _is_there(place):
        raise BadInput(
            "table-not-ours",
            "The table's last commit is not of a masking; it is left alone",
            where=uri,
            do="Choose another folder, or drop the table if it is not needed.",
        )
    same = current is not None and current.version == version.version
    if same:
        spool = Spool()
        require_rows(_read(place, uri, spool), columns, version, where=uri)
        spool.close()
        if seal is None:
            return
    files = _write_files(place, uri, frames, columns, version)
    passport = seal().decode() if seal else ""
    stated = TableVersion(
        version=version.version, rows_digest=version.rows_digest, plan=version.plan, rows=version.rows, passport=passport
    )
    schema = delta.plain_schema(pl.read_parquet(files[0][0], n_rows=0, glob=False))
    if place.format == "iceberg":
        _iceberg().commit_iceberg(place.root, files, schema, stated, where=uri)
    elif same:
        delta.note_delta(place.root, stated, where=uri)
    else:
        delta.commit_delta(place.root, files, schema, stated, where=uri)


def read_lakehouse(dataset: Dataset) -> StoredRows:
    """The rows of a dataset that lies in a lakehouse, after all of them held against its digest.

    :raises VerificationError: ``version-missing``, ``version-differs``, ``rows-differ``.
    """
    if version_of_rows(dataset.rows_digest, dataset.plan) != dataset.version:
        raise VerificationError("version-differs", "The dataset's version is not the digest of its rows and plan")
    stated = stated_lakehouse(dataset.uri)
    if stated is None or stated.version != dataset.version:
        raise VerificationError("version-missing", "The table is not of this version any more", where=dataset.uri)
    spool = Spool()
    paths = _read(parse_lakehouse(dataset.uri), dataset.uri, spool)
    version = TableVersion(version=dataset.version, rows_digest=dataset.rows_digest, plan=dataset.plan, rows=dataset.rows)
    require_rows(paths, dataset.columns, version, where=dataset.uri)
    return StoredRows(dataset.columns, tuple(paths), spool)


def stated_lakehouse(uri: str) -> TableVersion | None:
    """Which version a table's last commit says that it is; the rows are not looked at."""
    place = parse_lakehouse(uri)
    if place.format == "delta":
        return delta.stated_delta(place.root, where=uri)
    found: TableVersion | None = _iceberg().stated_iceberg(place.root, where=uri)
    return found


def _read(place: LakePlace, uri: str, spool: Spool) -> list[Path]:
    if place.format == "delta":
        return delta.read_delta(place.root, where=uri, spool=spool)
    paths: list[Path] = _iceberg().read_iceberg(place.root, where=uri, spool=spool)
    return paths


def _is_there(place: LakePlace) -> bool:
    return delta.is_delta(place.root) if place.format == "delta" else bool(_iceberg().is_iceberg(place.root))


def _iceberg() -> ModuleType:
    try:
        from airflow_privacy.core.io import iceberg
    except ImportError:
        pass
    else:
        return iceberg
    raise missing("iceberg")


def _write_files(
    place: LakePlace, uri: str, frames: Iterable[pl.DataFrame], columns: Sequence[ColumnType], version: TableVersion
) -> list[tuple[Path, int]]:
    """Part files that no commit names yet, read back. Their names are the version's: a killed run's are written over."""
    files: list[tuple[Path, int]] = []
    folder = place.root / "data" if place.format == "iceberg" else place.root
    with answering(uri):
        folder.mkdir(parents=True, exist_ok=True)
        for number, frame in enumerate(_plain(frames, place.format, uri)):
            path = folder / f"part-{version.version}-{number:05d}.parquet"
            temporary = path.with_name(f".{path.name}.tmp")
            frame.write_parquet(temporary, compression="zstd", statistics=False)
            temporary.replace(path)
            files.append((path, frame.height))
    require_rows([path for path, _ in files], columns, version, where=uri)
    return files


def _plain(frames: Iterable[pl.DataFrame], format_: Format, uri: str) -> Iterator[pl.DataFrame]:
    wider = _ICEBERG_WIDER if format_ == "iceberg" else _WIDER
    for frame in frames:
        for name, dtype in frame.schema.items():
            if isinstance(dtype, pl.Duration | pl.Object) or (isinstance(dtype, pl.Time) and format_ == "delta"):
                raise BadInput(
                    "unsupported-type",
                    f"Column {name!r} has a type that the table format has none for",
                    where=uri,
                    do="Release it to files, or have the policy drop it.",
                )
        casts = {name: wider[dtype] for name, dtype in frame.schema.items() if dtype in wider}
        yield frame.with_columns(pl.Series.cast(frame[name], dtype) for name, dtype in casts.items())
