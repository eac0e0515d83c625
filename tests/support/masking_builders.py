"""Plans, sources and keys for the masking tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import polars as pl

from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import is_missing
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.learn import learn
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, other
from airflow_privacy.core.mask.rules.of_column import column_rule
from airflow_privacy.core.model.plan import Decision, MaskingPlan, RecordSuppression
from airflow_privacy.core.model.refs import ColumnType, FileStamp

TECHNIQUES = ("hmac_token", "aes_siv", "ff1", "card", "surrogate", "noise", "date_shift", "permute")
KEYS = {name: hashlib.sha256(name.encode()).hexdigest() for name in TECHNIQUES}
OTHER_KEYS = {name: hashlib.sha256(key.encode()).hexdigest() for name, key in KEYS.items()}
TOOLS = Tools(keys=KEYS)
OTHER_TOOLS = Tools(keys=OTHER_KEYS)
_DIGEST = "sha256:" + "0" * 64


def decision(column, technique, *, role="non-sensitive", entity=None, dtype="string"):
    return Decision(
        column=column, dtype=dtype, entity=entity, role=role, technique=technique, rule="a-rule", reason="because of a rule"
    )


def plan_of(*decisions, k=None, over=(), limit=0.0, **more):
    suppression = None if k is None else RecordSuppression(k=k, quasi_identifiers=tuple(over), limit=limit)
    stamp = FileStamp(uri="file:///policy.yaml", sha256=_DIGEST)
    return MaskingPlan(
        contract=_DIGEST,
        policy=_DIGEST,
        findings=_DIGEST,
        contract_file=stamp,
        policy_file=stamp,
        table="people",
        source="file:///people.parquet",
        source_digest=_DIGEST,
        source_environment="production",
        destination="training",
        purpose="churn",
        recipient="ml",
        scope="training/churn/ml",
        decisions=decisions,
        suppression=suppression,
        **more,
    )


class Frames:
    """A table in memory that is given out in pieces."""

    def __init__(self, *frames: pl.DataFrame) -> None:
        self.frames = frames

    @property
    def columns(self) -> tuple[ColumnType, ...]:
        return tuple(ColumnType(name=name, dtype=family(dtype)) for name, dtype in self.frames[0].schema.items())

    def slabs(self) -> Iterator[pl.DataFrame]:
        yield from self.frames


def mask_all(frame, *decisions, tools=TOOLS, drop_records=()):
    """A frame masked as one whole table, with the statistics pass before, and the tools that know what it learned."""
    plan = msgspec.structs.replace(plan_of(*decisions), drop_records=tuple(drop_records))
    tools = replace(tools, learned=learn(Frames(frame), plan, tools))
    return mask_frame(frame, plan, tools), tools


def holds(technique, source, masked, *, tools=TOOLS, role="non-sensitive", **others):
    """Whether a technique's check rule finds each row right: the masked value alone, beside its source, and computed again."""
    source = source if isinstance(source, pl.Series) else pl.Series(source)
    rule = column_rule(decision("c", technique, role=role), source.dtype, tools)
    rows = pl.DataFrame({SOURCE: source, MASKED: masked, **{other(name): values for name, values in others.items()}})
    right = rows.select(right=(rule.alone & rule.beside).fill_null(False))["right"].to_list()
    if rule.again is None:
        return right
    missing = rows.select(is_missing(SOURCE, source.dtype)).to_series()
    same = iter(rule.again(rows.filter(~missing)))
    return [(gone or next(same) == value) and one for one, gone, value in zip(right, missing, rows[MASKED], strict=True)]
