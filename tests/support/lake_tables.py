"""Delta and Iceberg tables, written and read by their libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from airflow_privacy.core.io.spool import Spool


def append_delta(root: Path, frame: pl.DataFrame) -> None:
    """One more file."""
    import deltalake

    deltalake.write_deltalake(str(root), frame.to_arrow(), mode="append")


def read_rows(format_: str, root: Path) -> pl.DataFrame:
    """The current version."""
    if format_ == "delta":
        import deltalake

        frame = pl.from_arrow(deltalake.DeltaTable(str(root)).to_pyarrow_table())
        assert isinstance(frame, pl.DataFrame)
        return frame
    from airflow_privacy.core.io.iceberg import read_iceberg

    spool = Spool()
    frame = pl.concat([pl.read_parquet(path) for path in read_iceberg(root, where="test", spool=spool)])
    spool.close()
    return frame


def open_iceberg(root: Path) -> Any:
    """By the library."""
    from airflow_privacy.core.io import iceberg

    return iceberg._open(root, "test")


def append_iceberg(root: Path, frame: pl.DataFrame, *, partition_by: tuple[str, ...] = (), **properties: str) -> None:
    """By the library, with its own bounds and manifests."""
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import assign_fresh_schema_ids
    from pyiceberg.table import CreateTableTransaction, StagedTable
    from pyiceberg.table.metadata import new_table_metadata
    from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
    from pyiceberg.transforms import IdentityTransform

    from airflow_privacy.core.io import iceberg

    rows = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    if not iceberg.is_iceberg(root):
        schema = assign_fresh_schema_ids(iceberg._pyarrow_to_schema_without_ids(rows.schema))
        fields = [PartitionField(schema.find_field(name).field_id, 1000, IdentityTransform(), name) for name in partition_by]
        spec = PartitionSpec(*fields)
        staged = StagedTable(
            identifier=("folder", root.name),
            metadata=new_table_metadata(schema, spec, UNSORTED_SORT_ORDER, str(root), properties),
            metadata_location=str(root / "metadata" / "v1.metadata.json"),
            io=iceberg._FolderIO(root, str(root)),
            catalog=iceberg._FolderCatalog(root),
        )
        CreateTableTransaction(staged).commit_transaction()
    open_iceberg(root).append(rows)
