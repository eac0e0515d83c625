"""Telephone numbers on labelled data, beside Presidio's recognizer."""

from __future__ import annotations

import random
import string

import pytest
from phone_quality import (
    agreement,
    cells_measured,
    cells_of_presidio,
    labelled,
    measured,
    mobiles,
    other_entities,
    ours,
    presidios,
)

# Least F2 for each set, a little below what was measured. Some expected spans are no numbers of any plan that was asked for.
BARS = {"recognizers": 0.97, "presidio_cases": 0.95, "synth_v2": 0.97, "generated_large": 0.97}


@pytest.mark.parametrize("name", list(BARS))
def test_numbers_in_texts_are_found_better_than_by_presidio(reference_data, name):
    cases = labelled(reference_data)[name]
    mine, theirs = measured(cases, ours), measured(cases, presidios)
    assert mine.f2 >= BARS[name], mine
    assert (mine.f2, mine.precision, mine.recall) >= (theirs.f2, theirs.precision, theirs.recall), (mine, theirs)


def test_texts_of_other_entities_hold_fewer_numbers_than_presidio_finds(reference_data):
    texts = other_entities(reference_data)
    mine = sum(map(len, ours(texts)))
    assert mine <= 15
    assert mine < sum(map(len, presidios(texts)))


def test_mobile_numbers_of_all_countries_are_judged_better_than_by_presidio(reference_data):
    cases = mobiles(reference_data)
    theirs = cells_of_presidio(cases)
    assert cells_measured(cases, told=False).f2 > theirs.f2
    assert cells_measured(cases, told=True).f2 > theirs.f2 + 0.1


def test_made_up_numbers_between_made_up_words_are_found_as_often_as_by_presidio():
    chance = random.Random(7)
    texts = [_sentence(chance) for _ in range(150)]
    counts = agreement(texts)
    assert counts["both"] >= 100, counts
    assert counts["only ours"] >= counts["only Presidio's: groups of digits"], counts


def test_presidio_alone_takes_ip_addresses_for_numbers():
    chance = random.Random(8)
    counts = agreement([".".join(str(chance.randrange(256)) for _ in range(4)) for _ in range(150)])
    assert counts["only Presidio's: IP address"] > 20
    assert counts.keys() == {"only Presidio's: IP address"}


def _sentence(chance: random.Random) -> str:
    words = ["".join(chance.choices(string.ascii_lowercase, k=chance.randrange(2, 9))) for _ in range(8)]
    digits = "".join(chance.choices("0123456789", k=7))
    area = chance.choice(("212", "415", "617", "312"))
    number = chance.choice(
        (f"({area}) 7{digits[:2]}-{digits[2:6]}", f"+49 30 9{digits}", f"030 9{digits}", f"+33 1 42{digits[:6]}")
    )
    words.insert(chance.randrange(8), number)
    return " ".join(words)
