"""The Spark engine: the driver gives out slabs, executors mask them, and the parts are the local engine's, byte for byte.

The driver reads no row of the table to mask it; the check afterwards does, on the driver, as for every engine. Executors need
the package in the driver's version, the keyring (a privacy home that they share with the driver, read by the same user) and the
table's files. They write into the stage where they share its file system, and send the bytes back through Spark where not.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import polars as pl

from airflow_privacy.core.errors import CheckFailed, PrivacyError, TransientError, VerificationError
from airflow_privacy.core.io.source import SourceFile, TableSource
from airflow_privacy.core.mask.apply import require_columns
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.dtypes import family, plain
from airflow_privacy.core.mask.expressions import output_dtype
from airflow_privacy.core.mask.parts import SLAB_ROWS
from airflow_privacy.core.mask.records import COUNT, small_classes, suppression_of
from airflow_privacy.core.mask.run import MaskResult
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.refs import ColumnType
from airflow_privacy.core.model.techniques import LEARNING, name_of, parts_of
from airflow_privacy.core.spark.executor import SQL_RESULT, SlabWork, from_ipc, from_text, key_marks, slab_name
from airflow_privacy.core.spark.session import on_disk, quiet

if TYPE_CHECKING:
    from airflow_privacy.core.pipeline.apply import MaskTable
    from airflow_privacy.core.pipeline.workspace import Workspace


def spark_engine(session: Any, workspace: Workspace, *, slab_rows: int = SLAB_ROWS) -> MaskTable:
    """An engine for :func:`~airflow_privacy.core.pipeline.apply.mask` that masks on *session*'s executors.

    Tables in Parquet only: rows of other formats cannot be read from the middle of a file. Record suppression takes two passes;
    the driver adds up the classes that executors counted. A plan with techniques that learn from a whole column is refused
    unless the tools hold what they learned.

    :param session: a ``SparkSession``, classic or Spark Connect.
    :param workspace: where *executors* find keyring and files; picklable, and without connections.
    """
    return partial(_mask_table, session, workspace, slab_rows)


def _mask_table(
    session: Any, workspace: Workspace, slab_rows: int, *, source: TableSource, plan: MaskingPlan, tools: Tools, stage: Path
) -> MaskResult:
    files = _require_supported(source, plan, tools)
    announced = [column.name for column in source.columns]
    require_columns(announced, plan)
    if announced != [decision.column for decision in plan.decisions]:
        raise CheckFailed("columns-differ", "The source has its columns in another order than the plan", do="Plan again.")
    schema = _schema(source, plan)
    work = partial(
        SlabWork,
        workspace=workspace,
        uri=source.uri,
        files=files,
        columns=source.columns,
        plan=plan,
        marks=key_marks(tools),
        learned=tools.learned,
        slab_rows=slab_rows,
    )
    slabs = -(-source.rows // slab_rows)
    suppression = suppression_of(plan)
    small = pl.DataFrame()
    if suppression is not None:
        counted: dict[int, bytes] = {}
        _run(session, slabs, work(count=suppression.quasi_identifiers), lambda slab, data: _append(counted, slab, data))
        small = small_classes(_added(counted.values(), suppression.quasi_identifiers), suppression)
    marker = f".{secrets.token_hex(8)}"
    (stage / marker).touch()
    done = _run(session, slabs, work(small=small, stage=stage, marker=marker), partial(_write, stage))
    return _finish(done, schema, stage)


class _Slab(NamedTuple):
    rows: int
    left_out: int
    left: int
    kept: pl.Series | None
    sha256: str


def _run(session: Any, slabs: int, work: SlabWork, take: Callable[[int, bytes], None]) -> list[_Slab]:
    """Have every slab done, one task each; *take* gets bytes that come back by Spark, in order.

    :raises PrivacyError: what the first slab that failed raised.
    :raises TransientError: Spark itself failed.
    """
    try:
        with quiet():
            done = on_disk(session.range(0, slabs, 1, slabs).mapInArrow(work, SQL_RESULT))
            try:
                heads = sorted(done.where("chunk = 0").drop("data").collect(), key=lambda row: row["slab"])
                failed = next((row["error"] for row in heads if row["error"] is not None), None)
                if failed is None:
                    for row in done.where("data is not null").select("slab", "data").toLocalIterator():
                        take(row["slab"], bytes(row["data"]))
            finally:
                done.unpersist()
    except PrivacyError:
        raise
    except Exception as error:  # noqa: BLE001 - Spark's messages hold executors' output
        failure = type(error).__name__
    else:
        if failed is not None:
            raise from_text(failed)
        if [row["slab"] for row in heads] != list(range(slabs)):
            raise CheckFailed("slabs-missing", f"Spark returned {len(heads)} of {slabs} slabs")
        return [_Slab(row["rows"], row["left_out"], row["left"], _series(row["kept"]), row["sha256"]) for row in heads]
    raise TransientError("spark-failed", f"Spark did not finish: {failure}", do="See the logs of driver and executors.")


def _finish(done: Sequence[_Slab], schema: pl.Schema, stage: Path) -> MaskResult:
    """Give the slabs' files the names of parts, see that each is what its executor wrote, and leave nothing else in the stage."""
    rows, left = sum(slab.rows for slab in done), sum(slab.left for slab in done)
    parts: list[str] = []
    part_rows: list[int] = []
    for number, slab in enumerate(done):
        # A table of which nothing is left has one part without rows.
        if slab.left or (not left and number == 0):
            path = stage / f"part-{len(parts):05d}.parquet"
            (stage / slab_name(number)).replace(path)
            if _sha256(path) != slab.sha256:
                raise VerificationError("part-differs", "A part is not what the executor wrote", where=path.name)
            parts.append(path.name)
            part_rows.append(slab.left)
    for path in stage.iterdir():
        if path.name not in parts:
            path.unlink()
    return MaskResult(
        rows_read=rows,
        rows_written=left,
        rows_suppressed=rows - left,
        rows_left_out=sum(slab.left_out for slab in done),
        columns=tuple(ColumnType(name=name, dtype=family(dtype) or "nested") for name, dtype in schema.items()),
        parts=tuple(parts),
        part_rows=tuple(part_rows),
        kept=tuple(slab.kept for slab in done),
    )


def _series(kept: bytes | None) -> pl.Series | None:
    return None if kept is None else from_ipc(bytes(kept))["kept"]


def _require_supported(source: TableSource, plan: MaskingPlan, tools: Tools) -> tuple[SourceFile, ...]:
    files = source.files() if isinstance(source, TableSource) else ()
    if not files:
        _refuse("masks tables in Parquet only, whose rows can be read from the middle of a file", source.uri)
    require_one_pass(plan, tools)
    return files


def require_one_pass(plan: MaskingPlan, tools: Tools) -> None:
    """:raises CheckFailed: ``engine-does-not-support``: the plan needs another pass over the whole table."""
    for decision in plan.decisions:
        learning = [name_of(part) for part in parts_of(decision.technique) if isinstance(part, LEARNING)]
        if learning and decision.column not in tools.learned:
            _refuse(f"has no pass over the whole column, which {learning[0]} needs", f"column {decision.column}")


def _refuse(what: str, where: str) -> NoReturn:
    raise CheckFailed("engine-does-not-support", f"The Spark engine {what}", where=where, do="Mask with the local engine.")


def _schema(source: TableSource, plan: MaskingPlan) -> pl.Schema:
    """The masked columns' types; they do not depend on values."""
    before = next(iter(source.slabs(rows=1))).schema
    released = {decision.column: output_dtype(decision, plain(before[decision.column])) for decision in plan.released()}
    return pl.Schema(released)


def _added(counted: Iterable[bytes], columns: tuple[str, ...]) -> pl.DataFrame:
    return pl.concat(map(from_ipc, counted)).group_by(columns).agg(pl.col(COUNT).sum())


def _append(data: dict[int, bytes], slab: int, more: bytes) -> None:
    data[slab] = data.get(slab, b"") + more


def _write(stage: Path, slab: int, data: bytes) -> None:
    with (stage / slab_name(slab)).open("ab") as file:
        file.write(data)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
