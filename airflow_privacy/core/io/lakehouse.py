"""Delta Lake and Iceberg tables on a file system: their URIs, and what both formats share.

``delta+file:///data/people`` and ``iceberg+file:///data/people`` name a table's folder; to the policy it is the folder, whatever
stands before the ``+``. The current snapshot is read, once and whole, into the worker's spool. Its digest is that of the rows,
so that compaction, which rewrites files and changes no row, changes nothing. Rows come by file name and then as they lie in the
file.

A table whose log names files outside its folder is refused: it would show one environment's data under the name of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import polars as pl
import pyarrow as pa

from airflow_privacy.core.errors import BadInput, MissingExtra
from airflow_privacy.core.io.local import answering
from airflow_privacy.core.io.spool import Spool

Format = Literal["delta", "iceberg"]

_FORMATS: dict[str, Format] = {"delta": "delta", "iceberg": "iceberg"}
_BATCH_ROWS = 250_000


class LakePlace(NamedTuple):
    """What a URI names."""

    format: Format
    root: Path


def is_lakehouse(uri: str) -> bool:
    """Whether the URI names a Delta or Iceberg table."""
    return uri.partition(":")[0].lower().partition("+")[0] in _FORMATS


def parse_lakehouse(uri: str) -> LakePlace:
    """Format and folder of a URI.

    :raises BadInput: ``bad-uri``, ``unsupported-location``.
    """
    parts = urlsplit(uri)
    format_, _, scheme = parts.scheme.partition("+")
    if scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise BadInput(
            "unsupported-location",
            f"{_FORMATS[format_]} tables are opened on a file system only",
            where=f"{parts.scheme}://",
            do=f"Write {format_}+file:///path/to/table, with a path that the workers share.",
        )
    return LakePlace(_FORMATS[format_], Path(unquote(parts.path)))


def missing(format_: Format) -> MissingExtra:
    """What to install."""
    package = {"delta": "deltalake", "iceberg": "pyiceberg"}[format_]
    return MissingExtra("missing-extra", f"{package} is not installed", do="Install airflow-privacy[lakehouse].")


def keep_batches(batches: Iterable[pa.RecordBatch], schema: pa.Schema, spool: Spool) -> list[Path]:
    """Arrow batches as Parquet part files in the spool; at least one, so that there is a schema."""
    empty = pl.from_arrow(schema.empty_table())
    assert isinstance(empty, pl.DataFrame)  # noqa: S101 - narrows the type
    paths = [_keep(frame, spool) for frame in _frames(batches, empty)]
    return paths or [_keep(empty, spool)]


def inside(root: Path, path: Path) -> Path:
    """The path, links followed, if it lies below the table's folder.

    :raises BadInput: ``outside-table``.
    """
    real = path.resolve()
    if not real.is_relative_to(root.resolve()):
        raise BadInput(
            "outside-table",
            "The table's log names a file outside the table's folder",
            where=str(root),
            do="Copy the table as a whole; shallow clones and imported files are not read.",
        )
    return real


def _frames(batches: Iterable[pa.RecordBatch], empty: pl.DataFrame) -> Iterator[pl.DataFrame]:
    waiting, held = [empty], 0
    for batch in batches:
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - narrows the type
        waiting.append(frame.cast(dict(empty.schema)))  # type: ignore[arg-type]
        held += frame.height
        if held >= _BATCH_ROWS:
            yield pl.concat(waiting)
            waiting, held = [empty], 0
    if held:
        yield pl.concat(waiting)


def _keep(frame: pl.DataFrame, spool: Spool) -> Path:
    path = spool.path()
    with answering("temporary folder"):
        frame.write_parquet(path, compression="lz4", statistics=False)
    return path
