"""A direct identifier that stands in another released column is found, and chance is told apart."""

from __future__ import annotations

import polars as pl
import pytest
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.sweep import Sketch
from airflow_privacy.core.model.plan import Coincidence
from airflow_privacy.core.model.techniques import Drop, GeoPrefix, HmacToken, Keep, Redact

ROWS = 200
NAMES = [f"Person{chr(65 + number % 26)}{chr(97 + number // 26)}" for number in range(ROWS)]


def sweep(frame, *decisions, coincidences=()):
    plan = plan_of(*decisions, coincidences=coincidences)
    masked = mask_frame(frame, plan, TOOLS)
    check_masked(source=Frames(frame), sink=Frames(masked), plan=plan, find_entities=lambda _: {}, tools=TOOLS)


def name_and(column, values, technique=None, name_technique=None):
    frame = pl.DataFrame({"name": NAMES, column: values})
    return frame, decision("name", name_technique or Drop(), role="direct-identifier"), decision(column, technique or Keep())


@pytest.mark.parametrize("name_technique", [Drop(), HmacToken(), Redact()], ids=["drop", "token", "redact"])
def test_a_name_in_its_rows_note_is_found(name_technique):
    notes = ["nothing to say"] * (ROWS - 1) + [f"Spoke with {NAMES[-1].upper()}, will call."]
    with pytest.raises(CheckFailed, match=r"identifier-elsewhere.*'note' holds values of 'name'.*at least 1 rows"):
        sweep(*name_and("note", notes, name_technique=name_technique))


def test_a_name_that_is_only_part_of_a_word_is_no_leak():
    sweep(*name_and("note", [f"{name}esque" for name in NAMES]))


def test_a_column_with_the_names_of_other_rows_is_found():
    with pytest.raises(CheckFailed, match=r"identifier-elsewhere.*'manager' holds values of 'name'.*100% of its distinct"):
        sweep(*name_and("manager", NAMES[1:] + NAMES[:1]))


def test_a_few_names_that_are_also_cities_are_no_leak():
    sweep(*name_and("city", [*NAMES[100:110], *(f"City number {number}" for number in range(ROWS - 10))]))


def test_a_declared_pair_is_no_leak():
    found = name_and("manager", NAMES)
    with pytest.raises(CheckFailed, match="identifier-elsewhere"):
        sweep(*found)
    sweep(*found, coincidences=(Coincidence(identifier="name", column="manager"),))


def test_a_declared_pair_lets_no_other_column_pass():
    with pytest.raises(CheckFailed, match="identifier-elsewhere"):
        sweep(*name_and("manager", NAMES), coincidences=(Coincidence(identifier="name", column="city"),))


def test_a_masked_copy_of_the_identifier_is_no_leak():
    sweep(*name_and("login", NAMES, technique=HmacToken()))


def test_short_numbers_may_coincide():
    frame = pl.DataFrame({"id": range(ROWS), "visits": [number % 7 for number in range(ROWS)]})
    sweep(frame, decision("id", HmacToken(), role="direct-identifier"), decision("visits", Keep()))


def test_a_short_number_that_is_the_same_in_many_rows_is_found():
    frame = pl.DataFrame({"id": range(1000, 1000 + ROWS), "account": range(1000, 1000 + ROWS)})
    with pytest.raises(CheckFailed, match=r"'account' holds values of 'id'.*in 200 rows the same number"):
        sweep(frame, decision("id", HmacToken(), role="direct-identifier"), decision("account", Keep()))


def test_a_generalized_column_that_still_holds_the_identifier_is_found():
    values = [name[:7] for name in NAMES]
    with pytest.raises(CheckFailed, match="identifier-elsewhere"):
        sweep(
            pl.DataFrame({"name": values, "code": [f"{value}-{number}" for number, value in enumerate(values)]}),
            decision("name", Drop(), role="direct-identifier"),
            decision("code", GeoPrefix(length=9)),
        )


def test_an_identifier_that_the_plan_keeps_is_not_looked_for():
    frame = pl.DataFrame({"name": NAMES, "other": NAMES})
    sweep(frame, decision("name", Keep(), role="direct-identifier"), decision("other", Keep()))


def test_the_error_shows_no_value():
    with pytest.raises(CheckFailed) as caught:
        sweep(*name_and("manager", NAMES))
    assert not any(name.casefold() in str(caught.value).casefold() for name in NAMES)


def test_a_sketch_stays_small_and_two_sketches_sample_the_same_values():
    one, other = Sketch(), Sketch()
    for start in range(0, 400_000, 100_000):
        one.add(pl.select(pl.int_range(start, start + 100_000).cast(pl.String)).to_series(), 7)
        other.add(pl.select(pl.int_range(start + 200_000, start + 300_000).cast(pl.String)).to_series(), 7)
    assert one.digests.len() <= 100_000
    common, of = one.common(other)
    assert 0.48 < common / of < 0.52
