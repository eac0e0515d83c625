"""One column through a technique, its check and back."""

from __future__ import annotations

import polars as pl
from masking_builders import KEYS, TOOLS, Frames, decision, plan_of

from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.pseudonymization.reverse import reverse_column
from airflow_privacy.core.model.techniques import name_of


def column_of(values, dtype=pl.String):
    return pl.DataFrame({"c": pl.Series(values, dtype=dtype)})


def masked(values, technique, *, dtype=pl.String, tools=TOOLS):
    out = mask_frame(column_of(values, dtype), plan_of(decision("c", technique)), tools)
    assert out.columns == ["c"]
    return out["c"].to_list()


def back(tokens, technique, key=None):
    series = pl.Series("c", tokens, dtype=pl.String)
    return reverse_column(series, technique, key or KEYS[name_of(technique)]).to_list()


def check(values, tokens, technique, *, dtype=pl.String, tools=TOOLS, find=lambda _: {}, **more):
    plan = plan_of(decision("c", technique, role="direct-identifier"), **more)
    check_masked(
        source=Frames(column_of(values, dtype)), sink=Frames(column_of(tokens)), plan=plan, find_entities=find, tools=tools
    )
