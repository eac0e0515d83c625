"""What runs on Spark's executors. It imports no pyspark, and what is sent there holds no key.

An executor opens the keyring and the table's files itself, by the privacy home and the URI that it is told. A function that is
sent to executors is pickled, lies in driver memory, and may be written to disk by the cluster: a key in it would be out of hand.
What is sent does hold data values where a plan needs them: the values of partition folders, masked classes that are too small,
and what techniques learned over the whole column. They travel as Spark's own data does.

Nothing is raised here: Spark prints executors' exceptions. An error comes back as a row, and the driver raises it.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import secrets
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import polars as pl
import pyarrow as pa

import airflow_privacy
from airflow_privacy.core import errors
from airflow_privacy.core.errors import BadInput, CheckFailed, KeyUnavailable, PrivacyError
from airflow_privacy.core.io.source import SourceFile, TableSource, open_source
from airflow_privacy.core.io.storage import Storages
from airflow_privacy.core.mask.apply import mask_columns, mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.conditions import KeptRows, keep_rows
from airflow_privacy.core.mask.parts import source_slabs, write_part
from airflow_privacy.core.mask.records import ClassCounts, outside
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.refs import ColumnType
from airflow_privacy.core.pipeline.tools import tools_of
from airflow_privacy.core.pipeline.workspace import Workspace

RESULT = pa.schema(
    [
        ("slab", pa.int64()),
        ("chunk", pa.int64()),
        ("rows", pa.int64()),
        ("left_out", pa.int64()),
        ("left", pa.int64()),
        ("kept", pa.binary()),
        ("sha256", pa.string()),
        ("error", pa.string()),
        ("data", pa.binary()),
    ]
)
"""One row a slab, and more with ``chunk`` from 1 on where its bytes come back by Spark."""

SQL_RESULT = "slab long, chunk long, rows long, left_out long, left long, kept binary, sha256 string, error string, data binary"

_CHUNK = 4 << 20


def versions() -> dict[str, str]:
    """What must be the same everywhere for the bytes to be the same."""
    return {"airflow-privacy": airflow_privacy.__version__, "polars": pl.__version__}


def key_marks(tools: Tools) -> dict[str, str]:
    """For each technique 16 hexadecimal digits that tell whether two sides have the same key, and nothing about the key."""
    return {
        name: hmac.new(key.encode(), b"airflow-privacy executor", hashlib.sha256).hexdigest()[:16]
        for name, key in tools.keys.items()
    }


def open_tools(workspace: Workspace, plan: MaskingPlan, marks: Mapping[str, str], learned: Mapping[str, object]) -> Tools:
    """The plan's tools, with keys from the keyring as this executor sees it.

    :raises KeyUnavailable: it sees none, or another version of a key than the driver.
    """
    tools, _ = tools_of(workspace.keyring, plan)
    if key_marks(tools) != marks:
        raise KeyUnavailable(
            "keys-differ",
            "An executor's keyring has other keys than the driver's",
            where=plan.scope,
            do="Give driver and executors one keyring, and do not rotate keys while a table is masked.",
        )
    return replace(tools, learned=learned)


class _Done(NamedTuple):
    """Rows of the slab, those that conditions leave out, those that are written, and which these are."""

    rows: int = 0
    left_out: int = 0
    left: int = 0
    kept: bytes | None = None
    sha256: str = ""
    chunks: Sequence[bytes] = ()


@dataclass(frozen=True, kw_only=True)
class SlabWork:
    """Slab numbers in, results out (:data:`RESULT`): the function for ``mapInArrow``.

    :param workspace: where an executor opens keys and files.
    :param count: over these masked columns count the classes, as an Arrow IPC file; nothing is written.
    :param small: the classes whose rows go.
    :param stage: the driver's folder for the parts. An executor that sees ``marker`` in it writes there; another one sends the
        bytes back.
    """

    workspace: Workspace
    uri: str
    files: tuple[SourceFile, ...] = field(repr=False)
    columns: tuple[ColumnType, ...]
    plan: MaskingPlan
    marks: Mapping[str, str]
    slab_rows: int
    learned: Mapping[str, object] = field(default_factory=dict, repr=False)
    count: tuple[str, ...] = ()
    small: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False)
    stage: Path = Path()
    marker: str = ""
    versions: Mapping[str, str] = field(default_factory=versions)

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from self._rows(number)

    def _rows(self, number: int) -> Iterator[pa.RecordBatch]:
        done, failure = _Done(), None
        try:
            done = self._slab(number)
        except PrivacyError as error:
            failure = as_text(error)
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - Spark would print its message
            failure = as_text(without_text(error))
        first, *others = done.chunks or (None,)
        yield _row(number, 0, done.rows, done.left_out, done.left, done.kept, done.sha256, failure, first)
        for chunk, data in enumerate(others, start=1):
            yield _row(number, chunk, 0, 0, 0, None, "", None, data)

    def _slab(self, number: int) -> _Done:
        require_versions(self.versions)
        tools = open_tools(self.workspace, self.plan, self.marks, self.learned)
        given = next(source_slabs(_Piece(self, number), self.slab_rows))
        keep = keep_rows(given, self.plan.drop_records)
        slab = KeptRows(given if keep is None else given.filter(keep), number * self.slab_rows, keep)
        if self.count:
            counts = ClassCounts(self.count)
            counts.add(mask_columns(slab.frame, self.plan, slab.tools(tools), only=self.count))
            return _Done(chunks=_cut(to_ipc(counts.table())))
        masked = mask_frame(slab.frame, self.plan, slab.tools(tools))
        large = outside(masked, self.small, tuple(self.small.columns[:-1]))
        masked = masked if large is None else masked.filter(large)
        kept = slab.and_of(large)
        sha256, chunks = self._place(number, masked)
        return _Done(
            rows=given.height,
            left_out=given.height - slab.frame.height,
            left=masked.height,
            kept=None if kept is None else to_ipc(kept.alias("kept").to_frame()),
            sha256=sha256,
            chunks=chunks,
        )

    def _place(self, number: int, masked: pl.DataFrame) -> tuple[str, list[bytes]]:
        """The part's digest, and its bytes where it cannot be written into the stage from here."""
        if (self.stage / self.marker).is_file():
            temporary = self.stage / f".{secrets.token_hex(8)}"
            write_part(masked, temporary)
            sha256 = _sha256(temporary.read_bytes())
            # Whole or not at all: the same slab may be masked twice, by a second attempt.
            temporary.replace(self.stage / slab_name(number))
            return sha256, []
        with tempfile.TemporaryDirectory() as folder:
            write_part(masked, Path(folder) / "part")
            data = (Path(folder) / "part").read_bytes()
        return _sha256(data), _cut(data)


def slab_name(number: int) -> str:
    """A slab's file in the stage, before it gets its name as a part."""
    return f".slab-{number:08d}"


@dataclass(frozen=True)
class _Piece:
    """One slab of the table as a source of its own."""

    work: SlabWork
    number: int

    @property
    def columns(self) -> tuple[ColumnType, ...]:
        return self.work.columns

    def slabs(self) -> Iterator[pl.DataFrame]:
        first = self.number * self.work.slab_rows
        last = first + self.work.slab_rows
        names = [column.name for column in self.columns]
        start = 0
        for file in self.work.files:
            end = start + file.rows
            begin, stop = max(first, start), min(last, end)
            if begin < stop:
                opened = _opened(file_uri(self.work.uri, file.name), file.sha256, self.work.workspace.storages)
                frame = opened.piece(begin - start, stop - begin)
                yield frame.join(file.partition, how="cross").select(names) if file.partition.width else frame
            start = end


@lru_cache(maxsize=2)
def _opened(uri: str, sha256: str, storages: Storages) -> TableSource:
    """A file of the table, kept open for the process's next slab of it.

    :raises BadInput: it is not the file that the driver opened.
    """
    source = open_source(uri, storages=storages)
    if source.digest == sha256:
        return source
    raise BadInput(
        "source-changed",
        "An executor reads another file than the driver under the same name",
        where=uri,
        do="Put the table where the driver and all executors see the same files, and let nobody write to it meanwhile.",
    )


def file_uri(uri: str, name: str) -> str:
    """The URI of a table's file; the table's own where it is that one file."""
    if not name:
        return uri
    return f"{uri.rstrip('/')}/{quote(name) if uri.startswith('file:') else name}"


def require_versions(wanted: Mapping[str, str]) -> None:
    """:raises CheckFailed: this executor has other versions than the driver."""
    here = versions()
    odd = [
        f"{name} {here.get(name, 'none')} instead of {version}" for name, version in wanted.items() if here.get(name) != version
    ]
    if odd:
        raise CheckFailed(
            "versions-differ", f"An executor has {', '.join(odd)}", do="Install the same versions on driver and executors."
        )


def without_text(error: BaseException) -> PrivacyError:
    """A foreign error without its message, which may hold values."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return CheckFailed(
        "masking-failed", f"An executor failed: {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
    )


def as_text(error: PrivacyError) -> str:
    """An error as JSON."""
    return json.dumps([type(error).__name__, error.reason, error.what, error.where, error.do])


def from_text(text: str) -> PrivacyError:
    """The error of :func:`as_text`."""
    name, reason, what, where, do = json.loads(text)
    kind = getattr(errors, name, None)
    known = kind if isinstance(kind, type) and issubclass(kind, PrivacyError) else CheckFailed
    return known(reason, what, where=where, do=do)


def _row(*values: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array([value], column.type) for value, column in zip(values, RESULT, strict=True)], schema=RESULT
    )


def _cut(data: bytes) -> list[bytes]:
    return [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def to_ipc(frame: pl.DataFrame) -> bytes:
    """A frame as an Arrow IPC file."""
    return frame.write_ipc(None, compression="zstd").getvalue()


def from_ipc(data: bytes) -> pl.DataFrame:
    """The frame of :func:`to_ipc`."""
    return pl.read_ipc(io.BytesIO(data))
