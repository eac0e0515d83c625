"""A published dataset as another kind of file, for programs that read no Parquet: what its passport proves, on the record."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from airflow_privacy.core.errors import BadInput, StorageUnavailable, problem_of
from airflow_privacy.core.io.formats.write_avro import write_avro
from airflow_privacy.core.io.formats.write_csv import write_csv
from airflow_privacy.core.io.formats.write_jsonl import write_jsonl
from airflow_privacy.core.io.formats.write_partitioned import write_partitioned
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.pipeline.places import open_dataset
from airflow_privacy.core.pipeline.proof import verify_passport_of
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record

Format: TypeAlias = Literal["csv", "jsonl", "avro", "hive"]


def export(
    workspace: Workspace,
    caller: Caller,
    *,
    dataset: str,
    format: Format,
    out: Path,
    by: Sequence[str] = (),
    for_spreadsheets: bool = False,
) -> int:
    """Write the rows of the dataset that is published at *dataset* to the local path *out*; how many they are.

    The file appears whole or not at all. It has no passport of its own: it is a copy that its maker answers for.

    :param format: ``hive`` writes a folder of Parquet files, parted by the columns *by*.
    :param for_spreadsheets: of CSV only; see :func:`write_csv`.
    :raises VerificationError: the passport does not hold.
    :raises BadInput: there is something at *out*, *by* does not go with the format, or a column does not fit it.
    """
    if bool(by) != (format == "hive"):
        raise BadInput("bad-argument", "Columns to part by belong to the format hive, and it needs one at least", where="by")
    if out.exists():
        raise BadInput("exists-already", "There is something already", where=str(out), do="Choose another name.")
    checked = verify_passport_of(workspace, dataset)
    # Where the caller sees it: a folder may be mounted under another path than it was published at.
    published = msgspec.structs.replace(workspace.artifacts.find(Dataset, checked.statement.predicate.dataset), uri=dataset)
    frames = open_dataset(workspace, published).slabs()
    draft = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    if format == "hive":
        _make(draft)
        write_partitioned(frames, draft, by=by)
    elif format == "csv":
        write_csv(frames, draft, for_spreadsheets=for_spreadsheets)
    elif format == "jsonl":
        write_jsonl(frames, draft)
    else:
        write_avro(frames, draft)
    record(
        workspace,
        caller,
        "exported",
        links={"dataset": checked.statement.predicate.dataset, "passport": checked.digest},
        counts={"rows": published.rows},
        reason=format,
    )
    draft.rename(out)
    return published.rows


def _make(folder: Path) -> None:
    try:
        folder.mkdir()
    except OSError as error:
        problem = problem_of(error)
    else:
        return
    raise StorageUnavailable("not-writable", f"The folder cannot be made: {problem}", where=str(folder.parent))
