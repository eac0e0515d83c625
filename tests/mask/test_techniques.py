from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from masking_builders import KEYS, OTHER_TOOLS, TOOLS, decision, plan_of

from airflow_privacy.core.errors import CheckFailed, KeyUnavailable
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.expressions import expression
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


def masked(values, technique, *, dtype=None, tools=TOOLS):
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype)})
    out = mask_frame(frame, plan_of(decision("c", technique)), tools)
    assert out.columns == ["c"]
    return out["c"].to_list()


def token(text: str, length: int = 32) -> str:
    return hmac.new(KEYS["hmac_token"].encode(), text.encode(), hashlib.sha256).hexdigest()[:length]


def test_drop_has_no_expression():
    assert expression(decision("c", Drop()), TOOLS) is None


def test_every_expression_is_named_as_its_column():
    for technique in (Keep(), Null(), Redact(), PartialMask(), HmacToken(), GeoPrefix(length=1)):
        built = expression(decision("c", technique), TOOLS)
        assert built is not None
        assert built.meta.output_name() == "c"


def test_an_expression_shows_no_key():
    built = expression(decision("c", HmacToken()), TOOLS)
    assert KEYS["hmac_token"] not in repr(built) + str(built)


def test_null_leaves_nothing_but_the_type():
    frame = pl.DataFrame({"c": [1, None, 3], "d": ["x", "y", "z"]})
    out = mask_frame(frame, plan_of(decision("c", Null()), decision("d", Null())), TOOLS)
    assert out.schema == frame.schema
    assert out.null_count().row(0) == (3, 3)


def test_redact_gives_one_text_and_keeps_missing_values_missing():
    assert masked(["a", None, "", "  ", "b"], Redact()) == ["[REDACTED]", None, None, None, "[REDACTED]"]
    assert masked([0, None, 7], Redact(text="x")) == ["x", None, "x"]
    assert masked([[1], None], Redact()) == ["[REDACTED]", None]


@pytest.mark.parametrize(
    ("value", "technique", "expected"),
    [
        ("4111-1111-1111-1234", PartialMask(keep_last=4), "****-****-****-1234"),
        ("jane.doe@example.com", PartialMask(keep_first=1), "j***.***@*******.***"),
        ("+49 30 1234567", PartialMask(keep_first=2, keep_last=2), "+49 ** *****67"),
        ("abcd", PartialMask(keep_first=2, keep_last=2), "****"),
        ("abcde", PartialMask(keep_first=2, keep_last=2), "ab*de"),
        ("a-b", PartialMask(keep_last=3), "*-*"),
        ("--", PartialMask(keep_last=4), "--"),
        ("Zoë Ünal", PartialMask(keep_first=1), "Z** ****"),
        ("e\u0301a", PartialMask(), "***"),
        ("王小明", PartialMask(keep_first=1), "王**"),
        ("👩 x", PartialMask(), "* *"),
        ("secret", PartialMask(char="$"), "$$$$$$"),
        ("secret", PartialMask(keep_first=1, char="\\"), "s\\\\\\\\\\"),
        ("secret", PartialMask(keep_last=1, char="X"), "XXXXXt"),
        ("   ", PartialMask(), None),
        (None, PartialMask(), None),
    ],
)
def test_partial_mask(value, technique, expected):
    assert masked([value], technique, dtype=pl.String) == [expected]


def test_partial_mask_takes_the_digits_of_integers():
    assert masked([4111111111111111, None], PartialMask(keep_last=4)) == ["************1111", None]


def test_partial_mask_refuses_to_keep_more_than_it_can_count():
    with pytest.raises(CheckFailed, match="technique-parameter"):
        masked(["a"], PartialMask(keep_first=65))


@pytest.mark.parametrize(
    ("values", "dtype", "texts"),
    [
        (["Ann", " Ann", "ann"], pl.String, ["Ann", " Ann", "ann"]),
        ([7, -7, 0], pl.Int8, ["7", "-7", "0"]),
        ([2**64 - 1], pl.UInt64, ["18446744073709551615"]),
        ([True, False], pl.Boolean, ["true", "false"]),
        ([dt.date(2024, 2, 29)], pl.Date, ["2024-02-29"]),
        ([dt.datetime(2024, 2, 29, 1, 2, 3)], pl.Datetime("ms"), ["2024-02-29T01:02:03.000000000"]),
        ([dt.time(13, 5)], pl.Time, ["13:05:00.000000000"]),
        ([Decimal("5.00"), Decimal("-1.20"), Decimal("100.00")], pl.Decimal(10, 2), ["5", "-1.2", "100"]),
        ([Decimal("100")], pl.Decimal(10, 0), ["100"]),
        (["b", "a"], pl.Categorical, ["b", "a"]),
        (["b", "a"], pl.Enum(["a", "b"]), ["b", "a"]),
        ([b"\x00\xff"], pl.Binary, ["00ff"]),
    ],
)
def test_a_token_is_the_hmac_of_one_canonical_text(values, dtype, texts):
    assert masked(values, HmacToken(), dtype=dtype) == [token(text) for text in texts]


def test_one_instant_has_one_token_whatever_its_zone_and_unit():
    at = dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC)
    berlin = pl.Series("c", [at.astimezone(ZoneInfo("Europe/Berlin"))], dtype=pl.Datetime("us", "Europe/Berlin"))
    utc = pl.Series("c", [at], dtype=pl.Datetime("ns", "UTC"))
    plan = plan_of(decision("c", HmacToken()))
    tokens = [mask_frame(one.to_frame(), plan, TOOLS)["c"].to_list() for one in (berlin, utc)]
    assert tokens[0] == tokens[1] == [token("2024-07-01T10:00:00.000000000Z")]


def test_a_token_of_a_missing_value_is_missing():
    assert masked(["", " \t", None, "\u00a0"], HmacToken()) == [None] * 4
    assert masked([b"", None], HmacToken(), dtype=pl.Binary) == [None, None]


def test_a_token_has_the_length_asked_for():
    assert masked(["x"], HmacToken(length=16)) == [token("x", 16)]


def test_another_key_gives_another_token():
    assert masked(["x"], HmacToken()) != masked(["x"], HmacToken(), tools=OTHER_TOOLS)


@pytest.mark.parametrize("keys", [{}, {"hmac_token": ""}, {"hmac_token": "ab"}, {"hmac_token": "Z" * 64}])
def test_tokens_need_a_real_key_and_the_error_does_not_show_it(keys):
    with pytest.raises(KeyUnavailable) as caught:
        masked(["x"], HmacToken(), tools=Tools(keys=keys))
    assert "Z" * 64 not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "to", "dtype", "expected"),
    [
        ([12, 15, 25, -15, -25, 0, None], 10, pl.Int64, [10, 20, 20, -20, -20, 0, None]),
        ([7, 8, 127, -128], 5, pl.Int8, [5, 10, 125, -125]),
        ([255, 130], 50, pl.UInt8, [250, 150]),
        ([-128, 127, 3], 1000, pl.Int8, [0, 0, 0]),
        ([2**63 - 1, -(2**63)], 10, pl.Int64, [9223372036854775800, -9223372036854775800]),
        ([2**64 - 1], 10, pl.UInt64, [18446744073709551610]),
        ([0.31, 0.25, -0.68, 1.26, 1e9 + 0.3], 0.1, pl.Float64, [0.3, 0.2, -0.7, 1.3, 1e9 + 0.3]),
        ([29537743662920988.0, 4111111111111118.0], 10, pl.Float64, [29537743662920990.0, 4111111111111120.0]),
        ([2.5, 7.5, -2.5, 1e300], 5, pl.Float64, [0.0, 10.0, 0.0, 1e300]),
        ([float("nan"), None, float("inf")], 5, pl.Float64, [None, None, float("inf")]),
        ([Decimal("12.50"), None], 5, pl.Decimal(6, 2), [10.0, None]),
    ],
)
def test_round_goes_to_the_nearest_multiple_and_halves_to_the_even_one(values, to, dtype, expected):
    assert masked(values, Round(to=to), dtype=dtype) == expected


def test_round_leaves_no_sign_on_zero():
    assert [str(value) for value in masked([-0.2, -0.0], Round(to=1), dtype=pl.Float64)] == ["0.0", "0.0"]


def test_round_keeps_the_type_of_integers():
    frame = pl.DataFrame({"c": pl.Series([1, 2], dtype=pl.Int16)})
    assert mask_frame(frame, plan_of(decision("c", Round(to=2))), TOOLS).schema == frame.schema


def test_round_refuses_a_fraction_for_integers():
    with pytest.raises(CheckFailed, match="technique-does-not-fit"):
        masked([1], Round(to=2.5))


def test_bins_give_half_open_intervals():
    values = [17, 18, 29, 30, 65, None]
    expected = ["<18", "[18,30)", "[18,30)", "[30,65)", ">=65", None]
    assert masked(values, Bins(edges=(18, 30, 65))) == expected
    assert masked([0.4, 0.5, float("nan")], Bins(edges=(0.5,))) == ["<0.5", ">=0.5", None]


@pytest.mark.parametrize("edges", [(3, 2), (1, 1), (1, float("inf")), (float("nan"),)])
def test_bins_refuse_edges_that_do_not_rise(edges):
    with pytest.raises(CheckFailed, match="do not rise"):
        masked([1], Bins(edges=edges))


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("month", dt.date(1965, 8, 1)),
        ("quarter", dt.date(1965, 7, 1)),
        ("year", dt.date(1965, 1, 1)),
        ("decade", dt.date(1960, 1, 1)),
    ],
)
def test_truncate_date_gives_the_first_day(to, expected):
    assert masked([dt.date(1965, 8, 15), None], TruncateDate(to=to)) == [expected, None]
    midnight = dt.datetime(expected.year, expected.month, 1)
    assert masked([dt.datetime(1965, 8, 15, 13, 14)], TruncateDate(to=to)) == [midnight]


def test_truncate_date_counts_in_the_columns_zone_and_keeps_it():
    zone = ZoneInfo("Pacific/Auckland")
    values = pl.Series("c", [dt.datetime(2024, 1, 1, 1, tzinfo=zone)], dtype=pl.Datetime("us", "Pacific/Auckland"))
    out = mask_frame(values.to_frame(), plan_of(decision("c", TruncateDate(to="month"))), TOOLS)["c"]
    assert out.dtype == values.dtype
    assert out[0] == dt.datetime(2024, 1, 1, tzinfo=zone)


def test_truncate_date_finds_a_day_that_has_no_midnight():
    at = dt.datetime(2001, 4, 20, 12, tzinfo=ZoneInfo("America/Havana"))
    out = masked([at], TruncateDate(to="month"), dtype=pl.Datetime("us", "America/Havana"))
    assert out[0].isoformat() == "2001-04-01T01:00:00-04:00"


def test_geo_prefix_keeps_the_first_characters():
    values = ["02139", " 10115 ", "SW1A 1AA", "é", "", None]
    assert masked(values, GeoPrefix(length=3)) == ["021", "101", "SW1", "é", None, None]


@pytest.mark.parametrize(
    ("values", "technique"),
    [
        ([1.5], HmacToken()),
        ([[1]], HmacToken()),
        ([2139], GeoPrefix(length=3)),
        (["x"], Round(to=1)),
        (["x"], Bins(edges=(1,))),
        (["2024-01-01"], TruncateDate(to="year")),
        ([1.5], PartialMask()),
        ([True], Round(to=1)),
        ([dt.timedelta(days=1)], Keep()),
    ],
)
def test_a_technique_that_does_not_fit_the_type_names_column_technique_and_type(values, technique):
    with pytest.raises(CheckFailed, match="technique-does-not-fit") as caught:
        masked(values, technique)
    assert "'c'" in caught.value.what
    assert type(technique).__struct_config__.tag in caught.value.what


def test_a_column_without_any_value_takes_every_technique():
    techniques = (Keep(), Null(), Redact(), PartialMask(), HmacToken(), Round(to=1), Bins(edges=(1,)), TruncateDate(to="year"))
    for technique in (*techniques, GeoPrefix(length=1)):
        assert masked([None, None], technique, dtype=pl.Null) == [None, None]


def test_kept_enums_and_categoricals_become_text_at_every_depth():
    inner = pl.Enum(["a", "secret"])
    frame = pl.DataFrame(
        {"e": pl.Series(["a"], dtype=inner), "n": pl.Series([[{"x": "a"}]], dtype=pl.List(pl.Struct({"x": inner})))}
    )
    out = mask_frame(frame, plan_of(decision("e", Keep()), decision("n", Keep())), TOOLS)
    assert out.schema == pl.Schema({"e": pl.String, "n": pl.List(pl.Struct({"x": pl.String}))})
    assert out.rows() == [("a", [{"x": "a"}])]
