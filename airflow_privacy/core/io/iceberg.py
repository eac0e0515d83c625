"""Iceberg tables in a folder: the current snapshot read, and a masked version written in one commit.

A table is its folder, with ``metadata/version-hint.text`` and ``metadata/v<n>.metadata.json`` as in Hadoop's catalog; a commit is
the creation of the next metadata file, which succeeds for one writer only. A table's files are looked for in its folder even
where its metadata say that it lies elsewhere, as they do after a copy; files outside of it are refused. Equality deletes and
deletion vectors are refused.

What is written are Parquet files of our own without statistics, so that the manifests hold no value either, not even a masked
one. The snapshot carries the version and, once it is published, the passport. Older snapshots stay readable until they expire.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, PyArrowFile, PyArrowFileIO, _pyarrow_to_schema_without_ids, schema_to_pyarrow
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.serializers import FromInputFile, ToOutputFile
from pyiceberg.table import CommitTableResponse, CreateTableTransaction, StagedTable, Table, Transaction
from pyiceberg.table.metadata import new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import TableRequirement, TableUpdate, update_table_metadata

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable
from airflow_privacy.core.io.iceberg_folder import hint_metadata, metadata_path, place_of
from airflow_privacy.core.io.iceberg_folder import newest_metadata as _newest
from airflow_privacy.core.io.lakehouse import keep_batches
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.table_version import TableVersion

_NOTE = "airflow_privacy"


def read_iceberg(root: Path, *, where: str, spool: Spool) -> list[Path]:
    """The current snapshot's rows as Parquet part files.

    :raises BadInput: ``missing-table``, ``unsupported-table``, ``outside-table``, ``unreadable-table``.
    """
    with _cut_off(where):
        table = _open(root, where)
        schema = table.schema()
        scan = ArrowScan(table.metadata, table.io, schema, AlwaysTrue())
        tasks = sorted(table.scan().plan_files(), key=lambda task: task.file.file_path)
        batches = (batch for task in tasks for batch in scan.to_record_batches([task]))
        return keep_batches(batches, schema_to_pyarrow(schema, include_field_ids=False), spool)


def stated_iceberg(root: Path, *, where: str) -> TableVersion | None:
    """Which version the current snapshot is, if it is one of ours; ``None`` also where there is no table."""
    with _cut_off(where):
        if not is_iceberg(root):
            return None
        snapshot = _open(root, where).current_snapshot()
        note = snapshot.summary.additional_properties.get(_NOTE) if snapshot and snapshot.summary else None
        return TableVersion(**json.loads(note)) if note else None


def is_iceberg(root: Path) -> bool:
    """Whether there is a table."""
    return (root / "metadata").is_dir() and any((root / "metadata").glob("*.metadata.json"))


def commit_iceberg(
    root: Path, files: Sequence[tuple[Path, int]], schema: pa.Schema, version: TableVersion, *, where: str
) -> None:
    """Make these files, which lie below the table's folder, all that the table holds.

    :raises StorageUnavailable: ``table-busy``; somebody else committed at the same time.
    :raises BadInput: ``unsupported-type``, ``schema-changed``.
    """
    properties = {_NOTE: json.dumps({name: getattr(version, name) for name in version.__struct_fields__})}
    with _cut_off(where):
        fresh = assign_fresh_schema_ids(_pyarrow_to_schema_without_ids(schema))
        if is_iceberg(root):
            table = _open(root, where)
            if table.schema().as_struct() != fresh.as_struct():
                raise BadInput(
                    "schema-changed",
                    "The table has other columns or types than the new version",
                    where=where,
                    do="Name another table, or drop this one.",
                )
            transaction: Transaction = table.transaction()
            transaction.delete(AlwaysTrue(), snapshot_properties=properties)
        else:
            transaction = CreateTableTransaction(_staged(root, fresh))
        paths = [str(path) for path, _ in files]
        transaction.add_files(paths, snapshot_properties=properties, check_duplicate_files=False)
        transaction.commit_transaction()


class _FolderIO(PyArrowFileIO):
    """Files of one table, which lies in *root* whatever its metadata say."""

    def __init__(self, root: Path, location: str) -> None:
        super().__init__()
        self._root, self._location = root, location.rstrip("/")

    def new_input(self, location: str) -> PyArrowFile:
        return super().new_input(str(self._here(location)))

    def new_output(self, location: str) -> PyArrowFile:
        return super().new_output(str(self._here(location)))

    def _here(self, location: str) -> Path:
        return place_of(self._root, self._location, location)


class _FolderCatalog(NoopCatalog):
    """Commits to one table in a folder."""

    def __init__(self, root: Path) -> None:
        super().__init__("folder")
        self._root = root

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        number = _newest(self._root)
        base = None if number == 0 else _metadata(self._root, number)
        for requirement in requirements:
            requirement.validate(base)
        before = base or table.metadata
        updated = update_table_metadata(before, updates, enforce_validation=base is None, metadata_location=None)
        path = metadata_path(self._root, number + 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{secrets.token_hex(8)}.metadata.json.tmp")
        try:
            ToOutputFile.table_metadata(updated, PyArrowFileIO().new_output(str(temporary)))
            os.link(temporary, path)  # fails if there is one: another writer was first
            taken = False
        except FileExistsError:
            taken = True
        finally:
            temporary.unlink(missing_ok=True)
        if taken:
            # Not the library's own error: it would try again on top of what another wrote, and nobody looked at that.
            raise StorageUnavailable(
                "table-busy", "Somebody else wrote to the table at the same time", where=str(self._root), do="Try again."
            )
        hint_metadata(self._root, number + 1)
        return CommitTableResponse.model_validate({"metadata": updated, "metadata-location": str(path)})


def _open(root: Path, where: str) -> Table:
    number = _newest(root)
    if number == 0:
        raise BadInput(
            "missing-table",
            "There is no Iceberg table with numbered metadata (v1.metadata.json …)",
            where=where,
            do="Check the path; tables of a catalog are exported to Parquet first.",
        )
    metadata = _metadata(root, number)
    return Table(
        identifier=("folder", root.name),
        metadata=metadata,
        metadata_location=str(metadata_path(root, number)),
        io=_FolderIO(root, metadata.location),
        catalog=_FolderCatalog(root),
    )


def _staged(root: Path, schema: Schema) -> StagedTable:
    metadata = new_table_metadata(schema, UNPARTITIONED_PARTITION_SPEC, UNSORTED_SORT_ORDER, str(root))
    return StagedTable(
        identifier=("folder", root.name),
        metadata=metadata,
        metadata_location=str(metadata_path(root, 1)),
        io=_FolderIO(root, str(root)),
        catalog=_FolderCatalog(root),
    )


def _metadata(root: Path, number: int) -> Any:
    return FromInputFile.table_metadata(PyArrowFileIO().new_input(str(metadata_path(root, number))))


@contextmanager
def _cut_off(where: str) -> Iterator[None]:
    """Messages of Arrow and Iceberg may hold values: only what kind they are gets through."""
    try:
        yield
        return
    except PrivacyError:
        raise
    except OSError as error:
        problem: PrivacyError = StorageUnavailable(
            "storage-failed", f"The file system did not do it: {error.strerror}", where=where
        )
    except (ValueError, NotImplementedError, TypeError) as error:
        problem = BadInput(
            "unsupported-table",
            f"The Iceberg table uses something that is not read or written here: {type(error).__name__}",
            where=where,
            do="Equality deletes and deletion vectors are the usual ones: compact the table first.",
        )
    except Exception as error:  # noqa: BLE001 - see above
        problem = BadInput(
            "unreadable-table", f"The Iceberg table could not be read or written: {type(error).__name__}", where=where
        )
    raise problem from None
