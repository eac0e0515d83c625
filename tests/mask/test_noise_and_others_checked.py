"""The check afterwards passes what these techniques write, and stops a technique of theirs that does nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask import expressions
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.learn import learn
from airflow_privacy.core.mask.parts import PartFiles
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.techniques import (
    Age,
    Constant,
    DateShift,
    EmailDomain,
    IpPrefix,
    Keep,
    Microaggregate,
    Noise,
    Permute,
    QuantileBins,
    TopBottomCode,
)

N = 200
FRAME = pl.DataFrame(
    {
        "constant": ["x", None] * (N // 2),
        "coded": [float(n) for n in range(N)],
        "age": [dt.date(1930, 1, 1) + dt.timedelta(150 * n) for n in range(N)],
        "ip": [f"203.0.{n}.{n}" if n % 3 else "2001:db8::1" for n in range(N)],
        "mail": [f"person{n}@mail{n % 5}.example.org" for n in range(N)],
        "quantiles": [n * 7919 % 1009 for n in range(N)],
        "groups": [n * 31 % 503 / 3 for n in range(N)],
        "noise": [n * n for n in range(N)],
        "shifted": [dt.datetime(2024, 1, 1, n % 24) for n in range(N)],
        "permuted": [f"value {n}" for n in range(N)],
        "subject": [f"s{n % 30}" for n in range(N)],
    }
)
TECHNIQUES = {
    "constant": Constant(value=0),
    "coded": TopBottomCode(upper=150),
    "age": Age(at="2024-06-30"),
    "ip": IpPrefix(),
    "mail": EmailDomain(),
    "quantiles": QuantileBins(count=5),
    "groups": Microaggregate(k=7, to="median", decimals=3),
    "noise": Noise(distribution="laplace", scale=50, subject="subject"),
    "shifted": DateShift(days=60, subject="subject"),
    "permuted": Permute(),
    "subject": Keep(),
}
PLAN = plan_of(*(decision(name, technique) for name, technique in TECHNIQUES.items()))


def check(tmp_path):
    result = mask_table(source=Frames(FRAME), plan=PLAN, tools=TOOLS, stage=tmp_path)
    sink = PartFiles([tmp_path / name for name in result.parts])
    tools = replace(TOOLS, learned=learn(Frames(FRAME), PLAN, TOOLS))
    check_masked(source=Frames(FRAME), sink=sink, plan=PLAN, find_entities=lambda _: {}, tools=tools)


def test_what_they_write_passes(tmp_path):
    check(tmp_path)


@pytest.mark.parametrize("name", [name for name in TECHNIQUES if name not in ("subject", "permuted")])
def test_one_that_does_nothing_is_seen(tmp_path, monkeypatch, name):
    kind = type(TECHNIQUES[name])
    spec = expressions.SPECS[kind]

    def nothing(column, technique, dtype, tools):
        kept = spec.output(technique, dtype) == dtype
        return pl.col(column) if kept else pl.lit(None)

    monkeypatch.setitem(expressions.SPECS, kind, spec._replace(build=nothing))
    with pytest.raises(CheckFailed, match=f"masking-not-applied.*'{name}'"):
        check(tmp_path)
