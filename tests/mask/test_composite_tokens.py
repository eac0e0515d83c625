from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import itertools

import polars as pl
import pytest
from masking_builders import KEYS, OTHER_TOOLS, TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import NO_TOOLS
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.model.techniques import Drop, HmacToken, Null

TECHNIQUE = HmacToken(beside=("born", "no"))
FRAME = pl.DataFrame(
    {
        "name": ["Ann", "Ann", None, None, "Ann", " ", "Zoë"],
        "born": [dt.date(1980, 2, 29), dt.date(1980, 2, 29), dt.date(1980, 2, 29), None, None, None, dt.date(2000, 1, 1)],
        "no": [7, 8, 7, None, 7, 5, -1],
    },
    schema_overrides={"no": pl.Int32},
)
TEXTS = [
    "3:Ann,10:1980-02-29,1:7,",
    "3:Ann,10:1980-02-29,1:8,",
    "-,10:1980-02-29,1:7,",
    None,
    "3:Ann,-,1:7,",
    "-,-,1:5,",
    "4:Zoë,10:2000-01-01,2:-1,",
]


def token(text):
    return None if text is None else hmac.new(KEYS["hmac_token"].encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


def plan(technique=TECHNIQUE, **more):
    return plan_of(decision("name", technique), decision("born", Drop()), decision("no", Null()), **more)


def check(out, frame=FRAME, technique=TECHNIQUE, tools=TOOLS, **more):
    check_masked(source=Frames(frame), sink=Frames(out), plan=plan(technique, **more), find_entities=lambda _: {}, tools=tools)


def test_a_composite_token_is_the_hmac_of_the_parts_with_their_lengths():
    assert mask_frame(FRAME, plan(), TOOLS)["name"].to_list() == [token(text) for text in TEXTS]


def test_different_parts_never_give_one_token():
    words = ["a", "b", ",", "1:a,", "-", "-,", "a,1:b", "1:a,1:b,", None]
    pairs = list(itertools.product(words, words))
    frame = pl.DataFrame({"name": [a for a, _ in pairs], "born": [b for _, b in pairs], "no": [0] * len(pairs)})
    tokens = mask_frame(frame, plan(), TOOLS)["name"]
    assert tokens.n_unique() == len(pairs)


def test_own_steps_and_those_of_characters_beside():
    frame = pl.DataFrame({"name": [" A1 ", "x1"], "born": [" ÄB ", "äb"], "no": [1, 1]})
    technique = HmacToken(beside=("born", "no"), normalize=("trim", "casefold", "digits"))
    out = mask_frame(frame, plan(technique), TOOLS)
    assert out["name"].to_list() == [token("1:1,3:äb,1:1,")] * 2
    check(out, frame, technique)


@pytest.mark.parametrize("beside", [("name",), ("born", "born")])
def test_a_column_named_twice_is_refused(beside):
    with pytest.raises(CheckFailed, match="technique-parameter"):
        mask_frame(FRAME, plan(HmacToken(beside=beside)), TOOLS)


@pytest.mark.parametrize("values", [[1.5], [[1]]], ids=["float", "list"])
def test_a_column_without_a_canonical_text_cannot_be_beside(values):
    frame = pl.DataFrame({"name": ["x"], "born": values, "no": [1]})
    with pytest.raises(CheckFailed, match="technique-does-not-fit") as caught:
        mask_frame(frame, plan(), TOOLS)
    assert "'born'" in caught.value.what


def test_an_empty_column_beside_is_missing_everywhere():
    frame = FRAME.with_columns(born=pl.lit(None))
    out = mask_frame(frame, plan(), TOOLS)
    assert out["name"][0] == token("3:Ann,-,1:7,")
    check(out, frame)


@pytest.mark.parametrize("tools", [TOOLS, NO_TOOLS], ids=["keys", "no keys"])
def test_the_check_passes_what_was_masked(tools):
    check(mask_frame(FRAME, plan(), TOOLS), tools=tools)


def test_the_check_passes_with_rows_left_out():
    frame = pl.DataFrame({"name": [None, "a", "b"], "born": ["x", "y", "z"], "no": [1, 1, 2]})
    kept = plan_of(decision("name", TECHNIQUE), decision("born", Drop()), decision("no", Null()), k=1, over=("name",), limit=0.5)
    out = mask_frame(frame, kept, TOOLS)
    rows = (pl.Series([True, True, False]),)
    check_masked(source=Frames(frame), sink=Frames(out[:-1]), plan=kept, find_entities=lambda _: {}, tools=TOOLS, kept=rows)


@pytest.mark.parametrize("tools", [TOOLS, NO_TOOLS], ids=["keys", "no keys"])
def test_the_check_sees_tokens_of_the_column_alone(tools):
    alone = mask_frame(FRAME, plan(HmacToken()), TOOLS)
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(alone, tools=tools)


def test_the_check_sees_tokens_of_another_key_and_missing_ones():
    with pytest.raises(CheckFailed, match="another key"):
        check(mask_frame(FRAME, plan(), OTHER_TOOLS))
    out = mask_frame(FRAME, plan(), TOOLS)
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(out.with_columns(name=pl.when(pl.int_range(7) != 2).then("name")))
