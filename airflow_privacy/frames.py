"""Detection and plans on a DataFrame in memory: ``from airflow_privacy.frames import detect, mask``. no Airflow needed."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl
import polars.selectors as cs

from airflow_privacy.core.detect.drift import OnDrift, against_contract, require_no_failure, rules_with, with_drift
from airflow_privacy.core.detect.residue import find_entities
from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.rows_digest import rows_digest
from airflow_privacy.core.keyring import Keyring, open_keyring
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.parts import SLAB_ROWS, PartFiles
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.drift import DriftRules
from airflow_privacy.core.model.findings import Findings
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


def detect(
    frame: pl.DataFrame | pd.DataFrame,
    contract: str | None = None,
    *,
    sample_rows: int | None = None,
    on_drift: OnDrift | None = None,
) -> Findings:
    """What each column of *frame* holds, as ``DetectPiiOperator`` judges it; *frame* is never changed, and nothing is recorded.

    There are no last findings to compare with: drift is what only the contract or only the frame has.

    :param frame: a ``pandas.DataFrame`` (without its index) or ``polars.DataFrame``.
    :param contract: an ODCS file; ``contract.yaml#orders`` names one table of several.
    :param sample_rows: look at this many rows only, drawn at random; all by default.
    :param on_drift: ``fail``, ``quarantine``, ``warn`` or ``ignore`` instead of what the contract says.
    :raises BadInput: not such a frame, or no row in it; a contract that cannot be read.
    :raises CheckFailed: ``schema-drift``.
    """
    from airflow_privacy.core.pipeline.prepare import agreed_table

    source = InMemory(to_polars(frame))
    agreed, table = agreed_table(contract)
    rules = rules_with(agreed.drift if agreed else DriftRules(), on_drift)
    drift = against_contract(source.columns, table, rules) if table and rules else ()
    require_no_failure(drift, where=table.name if table else source.uri)
    digest = digest_of(agreed) if agreed else None
    return with_drift(detect_columns(source, table=table, contract_digest=digest, sample_rows=sample_rows), drift)


@dataclass(frozen=True)
class InMemory:
    """A frame as a source."""

    frame: pl.DataFrame = field(repr=False)

    @property
    def columns(self) -> tuple[ColumnType, ...]:
        return tuple(ColumnType(name=name, dtype=family(dtype) or "nested") for name, dtype in self.frame.schema.items())

    @property
    def uri(self) -> str:
        return "memory:"

    @property
    def rows(self) -> int:
        return self.frame.height

    @cached_property
    def digest(self) -> str:
        """As that of a table in a database: by its rows."""
        return rows_digest([self.frame.with_columns(cs.by_dtype(pl.Categorical, pl.Enum).cast(pl.String))], self.columns)

    def slabs(self, *, columns: Sequence[str] | None = None, rows: int = SLAB_ROWS) -> Iterator[pl.DataFrame]:
        yield from (self.frame if columns is None else self.frame.select(columns)).iter_slices(rows)


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
