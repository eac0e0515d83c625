"""Values in clear among tokens, also where rows were left out."""

from __future__ import annotations

import polars as pl
import pytest
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.model.techniques import AesSiv, Card, Ff1, HmacToken, Keep

N = 400
CASES = [
    (Ff1(), [f"+49 170 {n * 7919 % 10**7:07d}" for n in range(N)]),
    (Ff1(alphabet="alphanumeric"), [f"user{n}@example.com" for n in range(N)]),
    (Ff1(), [f"{n * 2339:06d}" for n in range(N)]),
    (Card(), [f"41111111{n * 104729 % 10**8:08d}" for n in range(N)]),
    (Card(keep_issuer=True), [f"41111111{n * 104729 % 10**8:08d}" for n in range(N)]),
    (AesSiv(), [f"some-longer-value-{n:06d}" for n in range(N)]),
    (HmacToken(alphabet="digits", length=6), [f"{n * 2339:06d}" for n in range(N)]),
    (HmacToken(alphabet="base58", length=12), [f"{n * 2339:09d}".replace("0", "a") + "xyz" for n in range(N)]),
]
every_case = pytest.mark.parametrize(("technique", "values"), CASES, ids=lambda one: type(one).__name__ if one else "")


def parts(technique, values):
    frame = pl.DataFrame({"c": values, "g": [1] * (N - 1) + [2]})
    plan = plan_of(decision("c", technique), decision("g", Keep(), role="quasi-identifier"), k=2, over=("g",), limit=0.1)
    return frame, plan, mask_frame(frame, plan, TOOLS)[:-1]


def check(frame, plan, out):
    kept = (pl.Series([True] * (N - 1) + [False]),)
    check_masked(source=Frames(frame), sink=Frames(out), plan=plan, find_entities=lambda _: {}, tools=TOOLS, kept=kept)


@every_case
def test_what_was_masked_passes(technique, values):
    check(*parts(technique, values))


@every_case
def test_a_column_in_clear_is_seen(technique, values):
    frame, plan, _ = parts(technique, values)
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(frame, plan, frame[:-1])


@every_case
def test_some_values_in_clear_in_other_rows_are_seen(technique, values):
    frame, plan, out = parts(technique, values)
    clear = pl.concat([frame["c"][40:80], out["c"][40:]])
    with pytest.raises(CheckFailed, match=r"masking-not-applied.*'c'"):
        check(frame, plan, out.with_columns(clear))
