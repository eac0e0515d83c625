"""Our figures against published ones: ARX's for Adult, pycanon's for its tables."""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest

from airflow_privacy.core.risk.figures import measure

DATA = Path(os.environ.get("PRIVACY_REFERENCE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data")) / "anonymity"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"no reference data at {DATA}")


def pieces(frame: pl.DataFrame):
    return (frame.slice(start, 5_000) for start in range(0, frame.height, 5_000))


@needs_data
def test_adult_as_arx_publishes_it():
    adult = pl.read_csv(DATA / "arx" / "adult.csv", separator=";")
    found = measure(pieces(adult), quasi_identifiers=adult.columns, sensitive=(), min_k=2)
    published = json.loads((DATA / "published_values.json").read_text())["arx_adult"]
    assert found.rows == 30_162
    assert found.marketer == published["average_risk_before"]["value"] == 0.6465751607983555
    assert found.sample_uniqueness == published["sample_uniqueness_before"]["value"]
    assert found.prosecutor == published["highest_risk_before"]


@needs_data
@pytest.mark.parametrize(
    ("transformation", "class_count", "k"), [([1, 2, 1, 1, 3, 2, 2, 1, 1], 48, 5), ([0, 4, 1, 1, 3, 2, 2, 1, 1], 12, 397)]
)
def test_adult_generalized_to_arxs_optimum_has_its_classes(transformation, class_count, k):
    adult = pl.read_csv(DATA / "arx" / "adult.csv", separator=";", infer_schema=False)
    columns = []
    for name, level in zip(adult.columns, transformation, strict=True):
        rows = [line.split(";") for line in (DATA / "arx" / f"adult_hierarchy_{name}.csv").read_text().splitlines()]
        columns.append(pl.col(name).replace_strict({row[0]: row[level] for row in rows}))
    found = measure(pieces(adult.select(columns)), quasi_identifiers=adult.columns, sensitive=(), min_k=5)
    assert (found.classes, found.k, found.below_min_k) == (class_count, k, 0)


def pycanon_cases():
    if not DATA.exists():
        return []
    cases = json.loads((DATA / "pycanon" / "reference_values.json").read_text())
    return [case for case in cases if (DATA / "pycanon" / Path(case["file"]).name).exists()]


@needs_data
@pytest.mark.parametrize("case", pycanon_cases(), ids=lambda case: Path(case["file"]).stem)
def test_pycanons_tables(case):
    frame = pl.read_csv(DATA / "pycanon" / Path(case["file"]).name, infer_schema=False)
    # The published figures leave out rows with missing values, and suppressed rows, which the files hold as stars.
    frame = frame.drop_nulls().filter(~pl.all_horizontal(pl.col(case["qi"]).str.strip_chars() == "*"))
    found = measure(pieces(frame), quasi_identifiers=case["qi"], sensitive=case["sa"], min_k=case["k"])
    assert (found.rows, found.k, found.classes) == (case["rows"], case["k"], case["n_ec"])
    assert found.prosecutor == pytest.approx(case["max_rir"], abs=1e-15)
    assert found.l == case["l"]
    assert found.below_min_k == 0
