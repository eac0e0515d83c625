"""The chances of the model, reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest

from airflow_privacy.core.retention.matching.distances import DIFFERENT, MISSING, NEAR, SAME
from airflow_privacy.core.retention.matching.rules import Field, MatchRules
from airflow_privacy.core.retention.matching.weights import TYPED, met, probabilities, swaps

GIVEN, TOWN = Field("given", "name"), Field("town", "exact", shared=True)
RULES = MatchRules((GIVEN, TOWN))
# By level: missing, different, similar, near, same; 100 distinct records.
COUNTS = np.array([[0, 98, 0, 0, 2], [0, 90, 0, 0, 10]])
NAMES = MatchRules((GIVEN, Field("surname", "name", shared=True)))


def probability(*levels: int, counts: np.ndarray = COUNTS, records: int = 100, rules: MatchRules = RULES) -> float:
    column = np.array(levels, np.uint8).reshape(-1, 1)
    return float(probabilities(column, counts, records, rules)[0])


@pytest.mark.parametrize("name", TYPED)
def test_the_chances_of_the_levels_of_a_present_value_sum_to_one(name: str) -> None:
    reachable = TYPED[name][1:] if "code" not in name else TYPED[name][[DIFFERENT, SAME]]
    assert reachable.sum() == pytest.approx(1)


def test_a_stranger_meets_a_value_as_often_as_the_table_and_a_hundred_strangers_hold_it() -> None:
    # 2 of 100 rows and 0 of 100 strangers; near was never met and counts once
    assert met(COUNTS[0], GIVEN)[[DIFFERENT, NEAR, SAME]] == pytest.approx([198 / 200, 1 / 200, 2 / 200])


def test_a_tenth_of_the_imagined_strangers_has_the_same_code() -> None:
    assert met(COUNTS[1], TOWN)[[DIFFERENT, SAME]] == pytest.approx([180 / 200, 20 / 200])


def test_missing_values_of_the_table_are_not_counted_as_strangers() -> None:
    assert met(np.array([900, 98, 0, 0, 2]), GIVEN)[SAME] == pytest.approx(2 / 200)


def test_two_agreements_weigh_as_reckoned_by_hand() -> None:
    same = 1 / 200 * 0.85 * 0.88
    household = 3 / 200 * (0.02 * 0.85 + 0.98 * 0.01) * 0.88
    stranger = 196 / 200 * 0.01 * 0.1
    assert probability(SAME, SAME) == pytest.approx(same / (same + household + stranger), rel=1e-12)
    assert probability(SAME, SAME) == pytest.approx(0.73713, abs=1e-5)


def test_a_disagreement_weighs_as_reckoned_by_hand() -> None:
    same = 1 / 200 * 0.03 * 0.88
    household = 3 / 200 * (0.02 * 0.03 + 0.98 * 0.99) * 0.88
    stranger = 196 / 200 * 0.99 * 0.1
    assert probability(DIFFERENT, SAME) == pytest.approx(same / (same + household + stranger), rel=1e-12)


def test_a_missing_value_leaves_the_other_fields_evidence_as_it_is() -> None:
    alone = MatchRules((GIVEN,))
    # without the shared field the household differs in nothing else, so both are the same three explanations
    assert probability(SAME, MISSING) == pytest.approx(probability(SAME, counts=COUNTS[:1], rules=alone), rel=1e-12)


def test_with_every_value_missing_the_prior_is_left() -> None:
    assert probability(MISSING, MISSING) == pytest.approx(1 / 200, rel=1e-9)


def test_a_rare_value_weighs_more_than_a_common_one() -> None:
    common = np.array([[0, 60, 0, 0, 40], COUNTS[1]])
    assert probability(SAME, SAME) > probability(SAME, SAME, counts=common)


def test_a_shared_field_never_decides_who_of_the_household_is_meant() -> None:
    # however rare the town is: at most one in four, the subject and three others
    rare = np.array([[0, 10**9, 0, 0, 1], [0, 10**9, 0, 0, 1]])
    assert probability(MISSING, SAME, counts=rare, records=10**9) <= 0.25


def test_swapped_names_weigh_as_reckoned_by_hand() -> None:
    # straight both different; the given name stands for the surname in 1 of 100, the surname for the given name in 3
    counts = np.array([[0, 99, 0, 0, 1], [0, 99, 0, 0, 1], [0, 99, 0, 0, 1], [0, 97, 0, 0, 3]])
    same = 1 / 200 * 0.02 * 0.85 * 0.80
    household = 3 / 200 * 0.02 * (0.02 * 0.85 + 0.98 * 1 / 200) * 0.80
    stranger = 196 / 200 * 1 / 200 * 3 / 200
    found = probability(DIFFERENT, DIFFERENT, SAME, SAME, counts=counts, rules=NAMES)
    assert found == pytest.approx(same / (same + household + stranger), rel=1e-12)


@pytest.mark.parametrize(
    ("levels", "swapped"),
    [
        ((DIFFERENT, DIFFERENT, SAME, NEAR), True),
        ((MISSING, DIFFERENT, SAME, MISSING), True),
        ((DIFFERENT, DIFFERENT, SAME, DIFFERENT), False),
        ((SAME, SAME, SAME, SAME), False),  # Thomas Thomas
        ((DIFFERENT, DIFFERENT, MISSING, MISSING), False),
    ],
)
def test_names_are_swapped_when_they_stand_in_each_others_place_and_not_in_their_own(
    levels: tuple[int, ...], swapped: bool
) -> None:
    assert swaps(np.array(levels, np.uint8).reshape(-1, 1), NAMES)[0, 0] == swapped


def test_a_field_changes_places_once() -> None:
    lines = MatchRules((GIVEN, *(Field(name, "text") for name in ("house", "street", "town"))))
    # no own place, and each pair of neighbours agrees crosswise: house with street first, so street with town no more
    levels = np.array([DIFFERENT] * 4 + [SAME] * 4, np.uint8).reshape(-1, 1)
    assert swaps(levels, lines)[:, 0].tolist() == [True, False]
