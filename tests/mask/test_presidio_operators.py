from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest
from masking_builders import TOOLS, Frames, decision, plan_of

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.within.presidio_operators import disjoint
from airflow_privacy.core.model.findings import Span
from airflow_privacy.core.model.techniques import Presidio

CANARY = "canary-4711"


def masked(values, technique):
    frame = pl.DataFrame({"c": values})
    return mask_frame(frame, plan_of(decision("c", technique)), TOOLS)["c"].to_list()


def checked(values, technique):
    frame = pl.DataFrame({"c": values})
    plan = plan_of(decision("c", technique))
    check_masked(
        source=Frames(frame), sink=Frames(mask_frame(frame, plan, TOOLS)), plan=plan, find_entities=lambda _: {}, tools=TOOLS
    )


def test_presidios_own_operators_are_called_by_name():
    mask = Presidio(operator="mask", parameters={"masking_char": "*", "chars_to_mask": 2, "from_end": True})
    assert masked(["abcd", None, " ", "xy"], mask) == ["ab**", None, None, "**"]
    assert masked(["abcd"], Presidio(operator="replace", parameters={"new_value": "new"})) == ["new"]
    assert masked(["abcd"], Presidio(operator="replace")) == ["<VALUE>"]
    assert masked(["abcd"], Presidio(operator="redact")) == [""]


def test_integers_are_given_as_their_digits():
    assert masked([123, None], Presidio(operator="text_operators:Backwards")) == ["321", None]


def test_a_hash_with_a_salt_repeats():
    salted = Presidio(operator="hash", parameters={"salt": "0123456789abcdef"})
    first, again, another = masked(["a", "a", "b"], salted)
    assert first == again != another


def test_a_users_own_class_gets_its_parameters():
    assert masked(["abc", "abc"], Presidio(operator="text_operators:Backwards", parameters={"end": "!"})) == ["cba!", "cba!"]


@pytest.mark.parametrize(
    ("operator", "instead"), [("keep", "keep"), ("encrypt", "aes_siv"), ("custom", "class"), ("hash", "hmac_token")]
)
def test_operators_with_a_better_way_are_refused_and_it_is_named(operator, instead):
    with pytest.raises(CheckFailed, match="operator-refused") as caught:
        masked(["a"], Presidio(operator=operator))
    assert instead in caught.value.do


@pytest.mark.parametrize(
    "operator",
    [
        "nothing",
        "no.such.module:Class",
        "text_operators:Nothing",
        "builtins:str",
        "text_operators:CALLS",
        "text_operators:Undoes",
    ],
)
def test_what_is_no_operator_is_refused(operator):
    with pytest.raises(CheckFailed, match="technique-parameter"):
        masked(["a"], Presidio(operator=operator))


def test_parameters_that_the_operator_refuses_are_refused_without_its_message():
    with pytest.raises(CheckFailed, match="refuses its parameters") as caught:
        masked(["a"], Presidio(operator="text_operators:Backwards", parameters={"end": "bad"}))
    assert "no: " not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("operator", ["Fails", "NoText"])
def test_an_operators_failure_shows_no_value(operator):
    with pytest.raises(CheckFailed, match="operator-failed") as caught:
        masked([CANARY], Presidio(operator=f"text_operators:{operator}"))
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_check_holds_for_an_operator_that_repeats():
    checked(["abc", "xyz", None], Presidio(operator="text_operators:Backwards"))
    checked(["abc", None], Presidio(operator="redact"))


def test_the_check_finds_an_operator_that_does_not_repeat():
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        checked(["abc", "xyz"], Presidio(operator="text_operators:Random"))


def test_the_check_finds_an_operator_that_leaves_values_in_clear():
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        checked(["abc", "xyz"], Presidio(operator="text_operators:Clear"))


@pytest.mark.parametrize(
    ("spans", "settled"),
    [
        ([Span("A", 0, 4, 0.5), Span("B", 1, 3, 0.9)], [("A", 0, 4)]),
        ([Span("A", 0, 4, 0.9), Span("B", 2, 6, 0.5)], [("A", 0, 4), ("B", 4, 6)]),
        ([Span("A", 0, 4, 0.5), Span("A", 2, 6, 0.4)], [("A", 0, 6)]),
        ([Span("A", 2, 4, 0.5), Span("B", 2, 4, 0.9)], [("B", 2, 4)]),
        ([Span("B", 4, 6, 0.5), Span("A", 0, 2, 0.4)], [("A", 0, 2), ("B", 4, 6)]),
    ],
)
def test_overlapping_entities_are_settled(spans, settled):
    assert [span[:3] for span in disjoint(["abcdef"], [spans], "c")[0]] == settled


def test_an_entity_outside_of_its_text_is_refused():
    with pytest.raises(CheckFailed, match="outside of its text"):
        disjoint(["ab"], [[Span("A", 1, 3, 1.0)]], "c")


def test_presidio_is_not_imported_before_it_is_needed():
    code = (
        "import sys, airflow_privacy.core.mask.expressions; sys.exit(bool({'presidio_anonymizer', 'faker'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
