"""Column lineage of every kind of technique: where a masked column comes from, and what only decided about it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from masking_builders import decision, plan_of

from airflow_privacy.core.model.flow import Flow, FlowTable
from airflow_privacy.core.model.plan import MaskingPlan, RecordRule
from airflow_privacy.core.model.refs import ColumnType
from airflow_privacy.core.model.techniques import (
    DateShift,
    FreeText,
    HmacToken,
    Inside,
    Keep,
    Microaggregate,
    Noise,
    Permute,
    Redact,
    Surrogate,
    Technique,
)
from airflow_privacy.lineage.facets import lineage_of, technique_words


def column_lineage(plan: MaskingPlan, *, masks: bool = True) -> Any:
    source = FlowTable(
        uri="file:///a", version="1", rows=1, columns=tuple(ColumnType(name=d.column, dtype=d.dtype) for d in plan.decisions)
    )
    target = FlowTable(uri="file:///b", version="1", rows=1, columns=(ColumnType(name="x", dtype="string"),))
    found = lineage_of(Flow(inputs=(source,), outputs=(target,), plan=plan, masks=masks))
    return found.outputs[0].facets["columnLineage"]


def inputs(technique: Technique) -> list[tuple[str, str, str, bool]]:
    plan = plan_of(decision("x", technique), decision("y", Keep()), decision("z", Keep()))
    fields = column_lineage(plan).fields["x"].inputFields
    return [(f.field, t.type, t.subtype, t.masking) for f in fields for t in f.transformations]


OWN = ("x", "DIRECT", "TRANSFORMATION", True)


@pytest.mark.parametrize(
    ("technique", "expected"),
    [
        (Keep(), [("x", "DIRECT", "IDENTITY", False)]),
        (HmacToken(), [OWN]),
        (Permute(), [OWN]),
        (Microaggregate(k=3), [("x", "DIRECT", "AGGREGATION", True)]),
        (HmacToken(beside=("y", "z")), [OWN, ("y", "DIRECT", "TRANSFORMATION", True), ("z", "DIRECT", "TRANSFORMATION", True)]),
        (DateShift(days=3, subject="y"), [OWN, ("y", "INDIRECT", "CONDITIONAL", True)]),
        (Noise(distribution="laplace", scale=1, subject="y"), [OWN, ("y", "INDIRECT", "CONDITIONAL", True)]),
        (Surrogate(kind="name", sex="y"), [OWN, ("y", "INDIRECT", "CONDITIONAL", True)]),
        (FreeText(known=("y", "z")), [OWN, ("y", "INDIRECT", "CONDITIONAL", True), ("z", "INDIRECT", "CONDITIONAL", True)]),
        (Inside(fields={"[].note": FreeText(known=("z",))}), [OWN, ("z", "INDIRECT", "CONDITIONAL", True)]),
    ],
)
def test_where_a_column_comes_from(technique: Technique, expected: list[tuple[str, str, str, bool]]) -> None:
    assert inputs(technique) == expected


def test_a_transfer_copies_whatever_the_plan_says() -> None:
    plan = plan_of(decision("x", HmacToken(beside=("y",))), decision("y", Keep()))
    [field] = column_lineage(plan, masks=False).fields["x"].inputFields
    assert [(t.subtype, t.masking) for t in field.transformations] == [("IDENTITY", False)]


def test_records_left_out_by_a_rule_are_an_indirect_filter() -> None:
    plan = plan_of(decision("x", Keep()), decision("tier", Keep()), k=5, over=("x",))
    plan = msgspec.structs.replace(plan, drop_records=(RecordRule(name="testers", column="tier", equals=("secret-tier",)),))
    told = [(f.field, t.type, t.subtype, t.description) for f in column_lineage(plan).dataset for t in f.transformations]
    assert told == [
        ("tier", "INDIRECT", "FILTER", "records left out by rule testers"),
        ("x", "INDIRECT", "FILTER", "record suppression below k=5"),
    ]


def test_a_technique_is_named_with_what_it_is_made_of_and_without_parameters() -> None:
    technique = Inside(fields={"[].a": HmacToken(length=9), "[].b": FreeText(entities={"URL": Redact(text="gone")})})
    assert technique_words(technique) == "inside (hmac_token, free_text, redact)"
