"""A subject's rows in a masked version: which released columns still lead to a person whose identifiers are known, and to whom.

An identifier is masked once more, exactly as the version's plan says and with the key version that its tokens were made with,
and compared. That works for columns that stay as they are and for tokens; what was dropped, generalized, moved or made up leads
nowhere.
A short token that two persons share leads to both: the policy's own check keeps tokens long enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import polars as pl

from airflow_privacy.core.errors import CheckFailed, VerificationError
from airflow_privacy.core.mask.apply import mask_columns
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.dtypes import family, of_logical
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.techniques import (
    KEYED,
    REVERSIBLE,
    Ff1,
    FreeText,
    HmacToken,
    Keep,
    Microaggregate,
    Permute,
    name_of,
    parts_of,
)
from airflow_privacy.core.pipeline.tools import tools_of
from airflow_privacy.core.pipeline.workspace import Workspace

_LEADING = (Keep, HmacToken, *REVERSIBLE)
_SHARED = ("quasi-identifier", "sensitive")


@dataclass(frozen=True, kw_only=True)
class SubjectRows:
    """How to know a subject's rows in one version: released column → the masked values that are the subject's."""

    values: Mapping[str, pl.Series] = field(repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that rows are looked for by; none where nothing leads to the subject."""
        return tuple(self.values)

    def of(self, frame: pl.DataFrame) -> pl.Series:
        """True for every row of *frame* that is the subject's.

        :raises VerificationError: the frame lacks a column that the plan releases, or has it in another type.
        """
        try:
            one_of = [
                pl.col(name).is_in(values.cast(frame[name].dtype, strict=False).drop_nulls().implode())
                for name, values in self.values.items()
            ]
            return frame.select(pl.any_horizontal(one_of).fill_null(value=False).alias("subject")).to_series()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            failure = type(error).__name__
        raise VerificationError("columns-differ", f"The version's columns are not those that its plan releases: {failure}")


def subject_rows(
    workspace: Workspace, *, dataset: Dataset, plan: MaskingPlan, subject_values: Mapping[str, pl.Series]
) -> SubjectRows:
    """Mask the subject's identifiers as the version's were. Blank and missing ones are nobody's and are passed over.

    Columns that many persons share (quasi-identifiers, sensitive attributes) are no way to a person and are passed over too.

    :raises KeyUnavailable: ``key-destroyed`` and others of the keyring.
    :raises VerificationError: the key is not the one that the version was made with.
    :raises CheckFailed: values of columns that make up one token are not given row by row.
    """
    released = {decision.column: decision for decision in plan.released()}
    ways = [
        released[name]
        for name in subject_values
        if name in released and isinstance(released[name].technique, _LEADING) and released[name].role not in _SHARED
    ]
    tools = _tools(workspace, dataset, plan, ways)
    values: dict[str, pl.Series] = {}
    for way in ways:
        frame = _frame(way, plan, subject_values)
        if frame is not None:
            values[way.column] = mask_columns(frame, _whole(plan), tools, only=[way.column])[way.column].drop_nulls().unique()
    return SubjectRows(values=values)


def not_seen(plan: MaskingPlan) -> tuple[str, ...]:
    """What of a subject may be in other persons' rows, by the plan's techniques: sentences that name columns."""
    found = []
    for decision in plan.released():
        parts = parts_of(decision.technique)
        if any(isinstance(part, FreeText) for part in parts):
            found.append(f"Texts of column {decision.column!r} in other rows may speak of the person.")
        if any(isinstance(part, Permute | Microaggregate) for part in parts):
            found.append(f"Values of column {decision.column!r} were moved or averaged between rows: what others got stays.")
    return tuple(found)


def _frame(way: Decision, plan: MaskingPlan, subject_values: Mapping[str, pl.Series]) -> pl.DataFrame | None:
    """The subject's values of a column, with those beside it that its token stands for; ``None`` where one is not given."""
    beside = way.technique.beside if isinstance(way.technique, HmacToken) else ()
    decisions = {decision.column: decision for decision in plan.decisions}
    if any(name not in subject_values for name in beside):
        return None
    columns = [_typed(subject_values[name], name, decisions[name].dtype) for name in (way.column, *beside)]
    if len({len(column) for column in columns}) > 1:
        raise CheckFailed(
            "subject-not-row-by-row",
            f"Tokens of column {way.column!r} stand for several columns together, and these were given in different lengths",
            do="Give them row by row.",
        )
    frame = pl.DataFrame(columns)
    return frame if beside else frame.drop_nulls()


def _typed(values: pl.Series, name: str, dtype: str) -> pl.Series:
    """The values as the source has them; what cannot be one of its values, and what is blank, is missing."""
    made = values.alias(name)
    if family(made.dtype) != dtype:
        made = made.cast(of_logical(name, dtype), strict=False)
    if family(made.dtype) == "string":
        made = made.cast(pl.String)
        made = made.set(made.str.strip_chars() == "", None)
    return made


def _whole(plan: MaskingPlan) -> MaskingPlan:
    """The plan with ``short: null`` for FF1: a value that is too short to be encrypted is in no version."""

    def of(decision: Decision) -> Decision:
        technique = decision.technique
        if not isinstance(technique, Ff1):
            return decision
        return msgspec.structs.replace(decision, technique=msgspec.structs.replace(technique, short="null"))

    return msgspec.structs.replace(plan, decisions=tuple(of(decision) for decision in plan.decisions))


def _tools(workspace: Workspace, dataset: Dataset, plan: MaskingPlan, ways: list[Decision]) -> Tools:
    """The techniques' tools with the very key versions that the version's tokens were made with."""
    tools, _ = tools_of(workspace.keyring, msgspec.structs.replace(plan, decisions=()))
    used = {use.technique: use for use in dataset.keys}
    keys = {}
    for technique in sorted({name_of(way.technique) for way in ways if isinstance(way.technique, KEYED)}):
        use = used.get(technique)
        if use is None:
            raise VerificationError("key-unknown", f"The dataset does not say which key its {technique} tokens were made with")
        key = workspace.keyring().technique_key(plan.scope, technique, use.version)
        if key.id != use.id:
            what = f"The key of {plan.scope}, version {use.version}, is not the one that the tokens were made with"
            raise VerificationError("wrong-key", what)
        keys[technique] = key.hex()
    return Tools(keys=keys, find_spans=tools.find_spans, to_e164=tools.to_e164)
