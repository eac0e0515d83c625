"""Each way in which masking can go wrong must be seen in what was written."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from masking_builders import OTHER_TOOLS, TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask import apply, expressions, run
from airflow_privacy.core.mask.base import NO_TOOLS
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.parts import PartFiles
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.techniques import (
    Bins,
    Drop,
    GeoPrefix,
    HmacToken,
    Keep,
    Null,
    PartialMask,
    Redact,
    Round,
    TruncateDate,
)

N = 60
ZONED = pl.Datetime("us", "America/Havana")
FRAME = pl.DataFrame(
    {
        "id": [f"{4111111111111111 + n * 7}" for n in range(N)],
        "number": [1000 + n for n in range(N)],
        "mail": [None if n % 9 == 0 else f"user{n}@example.com" for n in range(N)],
        "secret": ["" if n % 8 == 0 else f"word {n}" for n in range(N)],
        "gone": [f"gone {n}" for n in range(N)],
        "age": [n + 20 for n in range(N)],
        "income": [n * 13.7 if n % 5 else float("nan") for n in range(N)],
        "amount": [Decimal(n) / 4 for n in range(N)],
        "weight": pl.Series([n * 1.13 for n in range(N)], dtype=pl.Float32),
        "born": [dt.date(1950, 1, 1) + dt.timedelta(days=331 * n) for n in range(N)],
        "seen": pl.Series([dt.datetime(1995, 1, 1) + dt.timedelta(hours=1111 * n) for n in range(N)], dtype=ZONED),
        "zip": [f"{10000 + 137 * n}" for n in range(N)],
        "kept": [n % 4 for n in range(N)],
        "nested": [[n, n + 1] for n in range(N)],
        "empty": pl.Series([None] * N, dtype=pl.Null),
        "phone": [f"+49 30 {1000000 + n}" for n in range(N)],
    }
)
TECHNIQUES = {
    "id": HmacToken(length=16),
    "number": HmacToken(),
    "mail": PartialMask(keep_first=1, keep_last=3),
    "secret": Redact(),
    "gone": Null(),
    "age": Bins(edges=(30, 50)),
    "income": Round(to=0.5),
    "amount": Round(to=5),
    "weight": Round(to=0.1),
    "born": TruncateDate(to="decade"),
    "seen": TruncateDate(to="month"),
    "zip": GeoPrefix(length=2),
    "kept": Keep(),
    "nested": Keep(),
    "empty": Round(to=2),
    "phone": PartialMask(keep_last=2, char="X"),
}
DIRECT = ("id", "number", "mail", "phone")
KINDS = sorted({type(technique) for technique in TECHNIQUES.values()} - {Keep}, key=lambda kind: kind.__name__)


def full_plan(**more):
    roles = {name: "direct-identifier" if name in DIRECT else "non-sensitive" for name in TECHNIQUES}
    return plan_of(*(decision(name, technique, role=roles[name]) for name, technique in TECHNIQUES.items()), **more)


PLAN = full_plan()
SUPPRESSING = full_plan(k=2, over=("kept",), limit=0.1)
# The last row is alone in its class, so that rows no longer stand where they stood in the source.
ODD = pl.concat([FRAME[:-1], FRAME[-1:].with_columns(kept=pl.lit(99, dtype=pl.Int64))])


def nothing(frame):
    return {}


def masked(tmp_path, frame=FRAME, plan=PLAN):
    result = mask_table(source=Frames(frame), plan=plan, tools=TOOLS, stage=tmp_path)
    sink = PartFiles([tmp_path / name for name in result.parts])
    sink.kept = result.kept
    return sink


def check(sink, frame=FRAME, plan=PLAN, find=nothing, tools=TOOLS, kept=()):
    kept = kept or getattr(sink, "kept", ())
    check_masked(source=Frames(frame), sink=sink, plan=plan, find_entities=find, tools=tools, kept=kept)


def table(sink):
    return pl.concat(sink.slabs())


def test_what_was_masked_passes(tmp_path):
    check(masked(tmp_path))


def test_what_was_masked_passes_with_rows_left_out(tmp_path):
    sink = masked(tmp_path, ODD, SUPPRESSING)
    assert table(sink).height == N - 1
    check(sink, ODD, SUPPRESSING)


@pytest.mark.parametrize("plan", [PLAN, SUPPRESSING], ids=["all rows", "rows left out"])
def test_many_rows_pass(tmp_path, plan):
    frame = pl.concat([FRAME] * 400 + [ODD])
    check(masked(tmp_path, frame, plan), frame, plan)


def test_a_table_of_which_nothing_is_left_passes(tmp_path):
    plan = full_plan(k=N + 1, over=("kept",), limit=1.0)
    check(masked(tmp_path, FRAME, plan), FRAME, plan)


@pytest.mark.parametrize(("frame", "plan"), [(FRAME, PLAN), (ODD, SUPPRESSING)], ids=["all rows", "rows left out"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_technique_that_does_nothing_is_seen(tmp_path, monkeypatch, kind, frame, plan):
    def identity(column, technique, dtype, tools):
        return pl.col(column)

    monkeypatch.setitem(expressions.SPECS, kind, expressions.SPECS[kind]._replace(build=identity))
    with pytest.raises(CheckFailed):
        check(masked(tmp_path, frame, plan), frame, plan)


@pytest.mark.parametrize("column", sorted(set(TECHNIQUES) - {"empty", "gone"}))
def test_one_row_in_clear_is_seen(tmp_path, monkeypatch, column):
    sink = table(masked(tmp_path))
    before = FRAME[column].cast(pl.Float64) if FRAME.schema[column].is_decimal() else FRAME[column].cast(sink.schema[column])
    other = before.reverse() if column in ("kept", "nested") else before
    clear = pl.select(pl.when(pl.int_range(N) == 25).then(other).otherwise(sink[column])).to_series().alias(column)
    assert not clear.equals(sink[column], null_equal=True)
    with pytest.raises(CheckFailed, match=rf"masking-not-applied.*{column}"):
        check(Frames(sink.with_columns(clear)))


def test_a_value_in_a_nulled_column_is_seen(tmp_path):
    sink = table(masked(tmp_path))
    with pytest.raises(CheckFailed, match=r"masking-not-applied.*'gone'"):
        check(Frames(sink.with_columns(gone=pl.when(pl.int_range(N) == 7).then(pl.lit("x")))))


def test_an_expression_under_another_name_is_seen(tmp_path, monkeypatch):
    def misnamed(decision, tools, dtype=None):
        built = expressions.expression(decision, tools, dtype)
        return built.alias("literal") if decision.column == "id" else built

    monkeypatch.setattr(apply, "expression", misnamed)
    with pytest.raises(CheckFailed, match="columns-not-as-planned"):
        check(masked(tmp_path))


def test_a_dropped_column_that_is_there_is_seen(tmp_path):
    plan = plan_of(decision("a", Keep()), decision("b", Drop()))
    frame = pl.DataFrame({"a": [1], "b": ["x"]})
    with pytest.raises(CheckFailed, match=r"columns-not-as-planned.*'b'"):
        check(Frames(frame), frame, plan)


@pytest.mark.parametrize("swap", [("number", "n2"), ("zip", "z2"), ("kept", "k2"), ("born", "b2"), ("phone", "p2")])
def test_columns_with_each_others_values_are_seen(swap):
    first, second = swap
    frame = FRAME.select(pl.col(first), pl.col(first).shuffle(seed=1).alias(second))
    plan = plan_of(*(decision(name, TECHNIQUES[first]) for name in swap))
    right = apply.mask_frame(frame, plan, TOOLS)
    check(Frames(right), frame, plan)
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(Frames(right.rename({first: second, second: first}).select(swap)), frame, plan)


def test_tokens_of_another_key_are_seen(tmp_path):
    with pytest.raises(CheckFailed, match="of another key"):
        check(masked(tmp_path), tools=OTHER_TOOLS)


def test_the_check_works_without_keys(tmp_path):
    check(masked(tmp_path), tools=NO_TOOLS)


def test_columns_in_another_order_are_seen(tmp_path):
    sink = table(masked(tmp_path))
    with pytest.raises(CheckFailed, match=r"columns-not-as-planned.*their order"):
        check(Frames(sink.select(reversed(sink.columns))))


def test_a_column_of_another_type_is_seen(tmp_path):
    sink = table(masked(tmp_path)).with_columns(pl.col("kept").cast(pl.Int32))
    with pytest.raises(CheckFailed, match=r"columns-not-as-planned.*'kept'"):
        check(Frames(sink))


def test_an_enum_in_the_files_is_seen(tmp_path):
    sink = table(masked(tmp_path)).with_columns(pl.col("secret").cast(pl.Categorical))
    with pytest.raises(CheckFailed, match=r"columns-not-as-planned.*'secret'"):
        check(Frames(sink))


@pytest.mark.parametrize("change", [lambda rows: rows[:-1], lambda rows: pl.concat([rows, rows[:1]]), lambda rows: rows.clear()])
def test_a_missing_or_additional_row_is_seen(tmp_path, change):
    with pytest.raises(CheckFailed, match="rows-do-not-add-up"):
        check(Frames(change(table(masked(tmp_path)))))


def test_rows_in_another_order_are_seen(tmp_path):
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(Frames(table(masked(tmp_path)).reverse()))


def test_no_files_at_all_are_seen():
    with pytest.raises(CheckFailed, match="no written files"):
        check(PartFiles([]))


LAST_GONE = (pl.Series([True] * (N - 1) + [False]),)


def test_rows_that_masking_does_not_account_for_are_seen(tmp_path):
    sink = table(masked(tmp_path, ODD, SUPPRESSING))
    with pytest.raises(CheckFailed, match="rows-do-not-add-up"):
        check(Frames(sink), ODD, SUPPRESSING)
    with pytest.raises(CheckFailed, match="rows-do-not-add-up"):
        check(Frames(sink[:40]), ODD, SUPPRESSING, kept=LAST_GONE)


def test_more_rows_left_out_than_the_limit_is_seen(tmp_path):
    sink = table(masked(tmp_path, ODD, SUPPRESSING))
    gone = pl.Series([True] * 40 + [False] * (N - 40))
    with pytest.raises(CheckFailed, match="the plan allows to suppress"):
        check(Frames(sink[:40]), ODD, SUPPRESSING, kept=(gone,))


def test_a_wrong_account_of_the_rows_is_seen(tmp_path):
    sink = table(masked(tmp_path, ODD, SUPPRESSING))
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(Frames(sink), ODD, SUPPRESSING, kept=(pl.Series([False] + [True] * (N - 1)),))
    with pytest.raises(CheckFailed, match="rows-do-not-add-up"):
        check(Frames(sink), ODD, SUPPRESSING, kept=(LAST_GONE[0][1:],))


def test_a_record_that_a_rule_leaves_out_is_seen(tmp_path):
    plan = full_plan(drop_records=(RecordRule(name="no-small", column="kept", below=2),))
    there = FRAME.filter(pl.col("kept") < 2).height
    assert there
    sink = masked(tmp_path, FRAME, plan)
    check(sink, FRAME, plan)
    with pytest.raises(CheckFailed, match=rf"records-not-dropped.*{there} rows"):
        check(Frames(apply.mask_frame(FRAME, PLAN, TOOLS)), FRAME, plan)


def test_a_class_that_stayed_too_small_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "outside", lambda *_: None)
    monkeypatch.setattr(run, "require_k", lambda *_: None)
    with pytest.raises(CheckFailed, match="k-does-not-hold"):
        check(masked(tmp_path, ODD, SUPPRESSING), ODD, SUPPRESSING)


@pytest.mark.parametrize("column", ["nested", "zip"])
def test_values_of_other_rows_are_seen_with_rows_left_out(tmp_path, column):
    sink = table(masked(tmp_path, ODD, SUPPRESSING))
    with pytest.raises(CheckFailed, match=rf"masking-not-applied.*'{column}'"):
        check(Frames(sink.with_columns(pl.col(column).reverse())), ODD, SUPPRESSING, kept=LAST_GONE)


def test_values_that_became_missing_are_seen_with_rows_left_out(tmp_path):
    sink = table(masked(tmp_path, ODD, SUPPRESSING))
    changed = sink.with_columns(zip=pl.when(pl.int_range(N - 1) > 5).then("zip"))
    with pytest.raises(CheckFailed, match=r"masking-not-applied.*'zip'"):
        check(Frames(changed), ODD, SUPPRESSING, kept=LAST_GONE)


def test_values_of_other_rows_with_the_form_of_a_token_are_seen(tmp_path):
    sink = table(masked(tmp_path))
    with pytest.raises(CheckFailed, match="'id'"):
        check(Frames(sink.with_columns(id=FRAME["id"].reverse())), tools=NO_TOOLS)


def test_one_token_for_all_is_seen(tmp_path):
    sink = table(masked(tmp_path))
    with pytest.raises(CheckFailed, match="tokens that do not stand for"):
        check(Frames(sink.with_columns(number=pl.col("number").first())))


def test_a_direct_identifier_that_a_prefix_leaves_whole_is_seen(tmp_path):
    plan = plan_of(decision("zip", GeoPrefix(length=9), role="direct-identifier"))
    frame = FRAME.select("zip")
    with pytest.raises(CheckFailed, match="geo_prefix"):
        check(masked(tmp_path, frame, plan), frame, plan)


def test_an_entity_in_a_masked_column_is_seen(tmp_path):
    with pytest.raises(CheckFailed, match="'mail' still holds EMAIL_ADDRESS"):
        check(masked(tmp_path), find=lambda _: {"mail": ["EMAIL_ADDRESS"]})


def test_an_entity_that_the_plan_does_not_know_is_seen_in_a_kept_column(tmp_path):
    plan = plan_of(decision("kept", Keep(), entity="AGE"))
    frame = FRAME.select("kept")
    sink = masked(tmp_path, frame, plan)
    check(sink, frame, plan, find=lambda _: {"kept": ["AGE"]})
    with pytest.raises(CheckFailed, match="'kept' still holds PHONE_NUMBER"):
        check(sink, frame, plan, find=lambda _: {"kept": ["AGE", "PHONE_NUMBER"]})


def test_detection_sees_only_columns_that_can_hold_something(tmp_path):
    seen = []
    check(masked(tmp_path), find=lambda frame: seen.append(frame.columns) or {})
    assert set(seen[0]) == set(TECHNIQUES) - {"id", "number", "secret", "gone", "age"}


def test_detection_that_fails_stops_the_check_and_shows_no_value(tmp_path):
    def broken(frame):
        raise ValueError("canary")

    with pytest.raises(CheckFailed, match="masking-not-checked") as caught:
        check(masked(tmp_path), find=broken)
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


def test_no_error_of_the_check_shows_a_value(tmp_path):
    frame = pl.DataFrame({"c": ["canary-1", "canary-2"]})
    plan = plan_of(decision("c", HmacToken()))
    with pytest.raises(CheckFailed) as caught:
        check(Frames(frame), frame, plan)
    assert "canary" not in str(caught.value)


def test_values_that_masking_rightly_leaves_pass(tmp_path):
    huge = pl.DataFrame({"n": [1.797693134862316e307, float("inf"), -float("inf"), float("nan")]})
    check(masked(tmp_path, huge, plan_of(decision("n", Round(to=0.1)))), huge, plan_of(decision("n", Round(to=0.1))))
    frame = pl.DataFrame({"ssn": ["--", "***", "123-45-6789", "[REDACTED]", "", None], "n": [0, 10, 25, -10, None, 5]})
    plan = plan_of(decision("ssn", PartialMask(keep_last=4), role="direct-identifier"), decision("n", Round(to=10)))
    check(masked(tmp_path, frame, plan), frame, plan)


@pytest.mark.parametrize(
    ("value", "multiple", "right"), [(12, 10, True), (12, 20, False), (15, 20, True), (127, 120, True), (-128, -120, True)]
)
def test_an_integer_must_be_at_its_nearest_multiple(value, multiple, right):
    frame = pl.DataFrame({"n": pl.Series([value], dtype=pl.Int8)})
    plan = plan_of(decision("n", Round(to=10), dtype="integer"))
    sink = Frames(pl.DataFrame({"n": pl.Series([multiple], dtype=pl.Int8)}))
    if right:
        check(sink, frame, plan)
    else:
        with pytest.raises(CheckFailed, match="masking-not-applied"):
            check(sink, frame, plan)
