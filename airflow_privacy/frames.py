"""A plan on a DataFrame in memory: ``from airflow_privacy.frames import mask``. pandas and Polars alike, without Airflow."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from airflow_privacy.core.detect.residue import find_entities
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.keyring import Keyring, open_keyring
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.parts import SLAB_ROWS, PartFiles
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.refs import ArtifactRef, ColumnType
from airflow_privacy.core.pipeline.tools import tools_of

if TYPE_CHECKING:
    import pandas as pd

F = TypeVar("F", "pl.DataFrame", "pd.DataFrame")


def mask(
    frame: F,
    plan: MaskingPlan | ArtifactRef | str,
    *,
    home: Path | str | None = None,
    keyring: Keyring | None = None,
) -> F:
    """A new frame, masked as *plan* says and checked against it; *frame* is never changed.

    The values are those that ``MaskOperator`` writes for the same rows in the same order: columns that the plan drops are gone,
    rows that it leaves out are gone, categories become text. It is not bound to the table that the plan was made for, it is not
    recorded in the ledger, and it has neither dataset nor passport: the result is no release, and pseudonymized rows are personal
    data still.

    pandas: the index does not come back (it is data that the plan decides nothing on; make it a column to keep it), rows are
    numbered anew. A column whose type masking leaves alone keeps its pandas type; a whole number or boolean with missing values
    gets pandas' nullable type; NaN counts as missing.

    :param frame: a ``pandas.DataFrame`` or ``polars.DataFrame`` with exactly the plan's columns, in any order.
    :param plan: the plan, its reference, or its digest; the last two are read from *home*'s artifacts.
    :param home: the privacy home, for keys and plans.
    :param keyring: an opened keyring instead of *home*'s.
    :raises BadInput: not such a frame, a column that cannot be read, or no *home* where one is needed.
    :raises CheckFailed: the columns are not the plan's, a technique does not fit, too many rows would go, or the check fails.
    :raises KeyUnavailable: a key is missing.
    """
    decided = _plan(plan, home)
    given = to_polars(frame)
    tools, _ = tools_of(_opener(home, keyring), decided)
    planned = [name for name in (decision.column for decision in decided.decisions) if name in given.columns]
    extra = [name for name in given.columns if name not in planned]
    source = InMemory(given.select(*planned, *extra))
    # Only masked rows are written, into a folder that nobody else can read.
    with tempfile.TemporaryDirectory(prefix="airflow-privacy-") as folder:
        result = mask_table(source=source, plan=decided, tools=tools, stage=Path(folder))
        written = PartFiles([Path(folder) / part for part in result.parts])
        check_masked(source=source, sink=written, plan=decided, find_entities=find_entities, tools=tools, kept=result.kept)
        masked = pl.concat(list(written.slabs()))
    back = masked.select([name for name in given.columns if name in masked.columns])
    return back if isinstance(frame, pl.DataFrame) else _to_pandas(back, given, frame)


@dataclass(frozen=True)
class InMemory:
    """A frame as a source."""

    frame: pl.DataFrame = field(repr=False)

    @property
    def columns(self) -> tuple[ColumnType, ...]:
        return tuple(ColumnType(name=name, dtype=family(dtype) or "nested") for name, dtype in self.frame.schema.items())

    def slabs(self) -> Iterator[pl.DataFrame]:
        yield from self.frame.iter_slices(SLAB_ROWS)


def to_polars(frame: object) -> pl.DataFrame:
    """A pandas or Polars frame as Polars; a pandas frame without its index.

    :raises BadInput: another object, or a column that has no single type; never shows a value.
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(frame, pandas.DataFrame):
        raise BadInput("no-dataframe", f"A {type(frame).__name__} is no pandas or Polars DataFrame")
    names = list(frame.columns)
    odd = [name for name in names if not isinstance(name, str)]
    if odd or len(set(names)) != len(names):
        raise BadInput("unusable-column-name", "Column names must be texts, each there once", do="Rename the columns.")
    return pl.DataFrame([_column(name, frame[name]) for name in names])


def _column(name: str, column: pd.Series[Any]) -> pl.Series:
    try:
        return pl.Series(name, pl.from_pandas(column.reset_index(drop=True)))
    except Exception as error:  # noqa: BLE001 - Arrow's and Polars' messages show cells
        failure = type(error).__name__
    raise BadInput(
        "unreadable-column",
        f"Column {name!r} of pandas type {column.dtype} cannot be read: {failure}",
        do="Give it one type, for example with astype or convert_dtypes.",
    )


def _to_pandas(masked: pl.DataFrame, given: pl.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    columns = {}
    for series in masked:
        before, nullable = frame[series.name].dtype, pd.api.types.is_extension_array_dtype(frame[series.name].dtype)
        column = _nullable(series)
        if series.dtype == given[series.name].dtype and (nullable or not series.null_count()):
            column = column.astype(before)
        columns[series.name] = column
    return pd.DataFrame(columns, index=pd.RangeIndex(masked.height))


def _nullable(series: pl.Series) -> pd.Series[Any]:
    import pandas as pd

    if series.null_count() and (series.dtype.is_integer() or series.dtype == pl.Boolean):
        name = "boolean" if series.dtype == pl.Boolean else str(series.dtype)
        return pd.Series(series.to_list(), dtype=name, name=series.name)
    return series.to_pandas(date_as_object=True) if series.dtype == pl.Date else series.to_pandas()


def _plan(plan: MaskingPlan | ArtifactRef | str, home: Path | str | None) -> MaskingPlan:
    if isinstance(plan, MaskingPlan):
        return plan
    store = ArtifactStore(_home(home, "read a plan from") / "artifacts")
    return store.get(MaskingPlan, plan) if isinstance(plan, ArtifactRef) else store.find(MaskingPlan, plan)


def _opener(home: Path | str | None, keyring: Keyring | None) -> Callable[[], Keyring]:
    if keyring is not None:
        return lambda: keyring
    return lambda: open_keyring(_home(home, "take keys from"))


def _home(home: Path | str | None, what: str) -> Path:
    if home is None:
        raise BadInput("no-privacy-home", f"There is no privacy home to {what}", do="Give home=, or plan and keyring.")
    return Path(home)
