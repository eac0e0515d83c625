"""Delta Lake tables: the current snapshot read, and a masked version written in one commit.

What is written are Parquet files of our own without statistics, so that the log holds no value either, not even a masked one; the
commit carries the version and, once it is published, the passport. A commit names the files or it does not: a killed run leaves
files that nothing names, and the next run writes over them. Older versions of a table stay readable by time travel until it is
vacuumed. Deletion vectors and column mapping are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import polars as pl
import pyarrow as pa

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable
from airflow_privacy.core.io.lakehouse import inside, keep_batches, missing
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.table_version import TableVersion

_NOTE = "airflow_privacy"


def read_delta(root: Path, *, where: str, spool: Spool) -> list[Path]:
    """The current snapshot's rows as Parquet part files.

    :raises BadInput: ``missing-table``, ``unsupported-table``, ``outside-table``, ``unreadable-table``.
    """
    with _cut_off(where):
        table = _open(root)
        dataset = table.to_pyarrow_dataset(as_large_types=True)
        for uri in table.file_uris():
            inside(root, Path(unquote(urlsplit(uri).path)) if uri.startswith("file:") else Path(uri))
        return keep_batches(_batches(dataset), dataset.schema, spool)


def stated_delta(root: Path, *, where: str) -> TableVersion | None:
    """Which version the last commit made, if it was one of ours; ``None`` also where there is no table."""
    with _cut_off(where):
        if not _delta().DeltaTable.is_deltatable(str(root)):
            return None
        last = _open(root).history(1)[0]
        note = last.get(_NOTE)
        return TableVersion(**note) if isinstance(note, dict) else None


def is_delta(root: Path) -> bool:
    """Whether there is a table."""
    return bool(_delta().DeltaTable.is_deltatable(str(root)))


def commit_delta(root: Path, files: Iterable[tuple[Path, int]], schema: pa.Schema, version: TableVersion, *, where: str) -> None:
    """Make these files, which lie in the table's folder, all that the table holds.

    :param files: with the number of their rows.
    :raises StorageUnavailable: ``table-busy``; somebody else committed at the same time.
    :raises BadInput: ``unsupported-type``.
    """
    from deltalake import transaction

    with _cut_off(where):
        adds = [
            transaction.AddAction(path.name, path.stat().st_size, {}, 0, True, f'{{"numRecords": {rows}}}')
            for path, rows in files
        ]
        properties = _properties(version)
        delta_schema = _delta().Schema.from_arrow(schema)
        if is_delta(root):
            _open(root).create_write_transaction(adds, "overwrite", delta_schema, commit_properties=properties)
        else:
            transaction.create_table_with_add_actions(str(root), delta_schema, adds, commit_properties=properties)


def note_delta(root: Path, version: TableVersion, *, where: str) -> None:
    """State a version again, with another passport; the rows stay."""
    with _cut_off(where):
        table = _open(root)
        table.create_write_transaction([], "append", table.schema(), commit_properties=_properties(version))


def _properties(version: TableVersion) -> Any:
    from deltalake.transaction import CommitProperties

    note = {name: getattr(version, name) for name in version.__struct_fields__}
    return CommitProperties(custom_metadata={_NOTE: note}, max_commit_retries=0)


def _open(root: Path) -> Any:
    return _delta().DeltaTable(str(root))


def _delta() -> Any:
    try:
        import deltalake
    except ImportError:
        pass
    else:
        return deltalake
    raise missing("delta")


def _batches(dataset: Any) -> Iterator[pa.RecordBatch]:
    for fragment in sorted(dataset.get_fragments(), key=lambda one: str(one.path)):
        yield from fragment.to_batches(schema=dataset.schema)


@contextmanager
def _cut_off(where: str) -> Iterator[None]:
    """Arrow's and Delta's messages may hold values: only what kind they are gets through."""
    try:
        yield
        return
    except PrivacyError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        failure = type(error).__name__
    reasons: dict[str, Callable[[], PrivacyError]] = {
        "TableNotFoundError": lambda: BadInput("missing-table", "There is no Delta table", where=where, do="Check the path."),
        "DeltaProtocolError": lambda: BadInput(
            "unsupported-table",
            "The Delta table uses a feature that is not read here, such as deletion vectors or column mapping",
            where=where,
            do="Rewrite it without (REORG TABLE … APPLY (PURGE)), or export its current rows to Parquet.",
        ),
        "CommitFailedError": lambda: StorageUnavailable(
            "table-busy", "Somebody else wrote to the table at the same time", where=where, do="Try again."
        ),
        "OSError": lambda: StorageUnavailable("storage-failed", "The file system did not do it", where=where, do="Try again."),
    }
    unreadable = BadInput("unreadable-table", f"The Delta table could not be read or written: {failure}", where=where)
    raise (reasons[failure]() if failure in reasons else unreadable) from None


def plain_schema(frame: pl.DataFrame) -> pa.Schema:
    """The frame's schema in Arrow's oldest words."""
    return frame.head(0).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
