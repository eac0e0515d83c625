"""What holds for surrogates of every kind, whatever the data."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masking_builders import OTHER_TOOLS, TOOLS, Frames, decision, plan_of

from airflow_privacy.core.detect import checksums
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.canonical import is_missing
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.model.techniques import Keep, Surrogate

pytest.importorskip("faker")

KINDS = (
    "name", "first_name", "last_name", "company", "street", "city", "postal_code", "address", "phone", "email", "user_name",
    "iban", "job", "ip_address",
)  # fmt: skip
LOCALES = ("en_US", "de_DE", "ru_RU", "zh_CN")
SEXES = st.sampled_from([None, "f", "Männlich", "?", "2"])
TEXTS = (
    st.none()
    | st.text(max_size=10)
    | st.sampled_from(["Anna Müller", "DE89 3704 0044 0532 0130 00", "2001:db8::1", "\U00010d50"])
)
FRAMES = st.lists(st.tuples(TEXTS, SEXES), max_size=10).map(
    lambda rows: pl.DataFrame(rows, schema={"c": pl.String, "sex": pl.String}, orient="row")
)
every_kind = pytest.mark.parametrize("kind", KINDS)
quick = settings(max_examples=10, deadline=None)


def plan(kind, locale):
    return plan_of(decision("c", Surrogate(kind=kind, locale=locale, sex="sex"), entity="X"), decision("sex", Keep()))


@every_kind
def test_rows_and_missing_values_stay_and_no_value_stands_for_itself(kind):
    @quick
    @given(FRAMES, st.sampled_from(LOCALES))
    def holds(frame, locale):
        masked = mask_frame(frame, plan(kind, locale), TOOLS)["c"]
        assert masked.is_null().to_list() == frame.select(is_missing("c", pl.String())).to_series().to_list()
        assert not (masked.str.to_lowercase() == frame["c"].str.strip_chars().str.to_lowercase()).any()

    holds()


@every_kind
def test_batches_and_order_do_not_matter(kind):
    @quick
    @given(FRAMES, st.integers(0, 10))
    def holds(frame, at):
        whole = mask_frame(frame, plan(kind, "de_DE"), TOOLS)
        halves = [mask_frame(part, plan(kind, "de_DE"), TOOLS) for part in (frame[:at], frame[at:])]
        assert pl.concat(halves).equals(whole, null_equal=True)
        assert mask_frame(frame.reverse(), plan(kind, "de_DE"), TOOLS).equals(whole.reverse(), null_equal=True)

    holds()


@every_kind
def test_what_was_masked_holds_up_under_the_check(kind):
    @settings(max_examples=6, deadline=None)
    @given(FRAMES, st.sampled_from(LOCALES))
    def holds(frame, locale):
        source = frame if frame.height else pl.DataFrame({"c": ["x"], "sex": ["f"]})
        masked = mask_frame(source, plan(kind, locale), TOOLS)
        check_masked(source=Frames(source), sink=Frames(masked), plan=plan(kind, locale), find_entities=lambda _: {}, tools=TOOLS)

    holds()


@every_kind
def test_another_key_gives_other_surrogates(kind):
    frame = pl.DataFrame({"c": [f"value {at}" for at in range(200)], "sex": ["f"] * 200})
    here, there = (mask_frame(frame, plan(kind, "en_US"), tools)["c"] for tools in (TOOLS, OTHER_TOOLS))
    assert (here == there).sum() < 10


@quick
@given(st.lists(st.text(max_size=30) | st.from_regex(r"[A-Z]{2}[0-9]{2} ?[0-9A-Z]{4,10}", fullmatch=True), min_size=1))
def test_account_numbers_have_right_check_digits(values):
    frame = pl.DataFrame({"c": values, "sex": [None] * len(values)}, schema={"c": pl.String, "sex": pl.String})
    masked = mask_frame(frame, plan("iban", "en_US"), TOOLS)["c"].drop_nulls()
    assert checksums.iban(masked).all()
