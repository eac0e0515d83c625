"""Two entities in one column, and the rare cell in free text."""

from __future__ import annotations

import pytest
from frame_source import judged

from airflow_privacy.core.model.findings import Held
from airflow_privacy.core.model.reasons import reasons

MAILS = [f"p{n}@example.com" for n in range(60)]
PHONES = [f"+49 151 {20000000 + 977 * n}" for n in range(60)]
CITIES = ["Berlin", "Bonn", "Ulm"] * 20


def test_sixty_to_forty_is_the_larger_and_tells_of_the_smaller() -> None:
    found = judged("contact", MAILS[:60] + PHONES[:40])
    assert (found.entity, found.role, found.matched) == ("EMAIL_ADDRESS", "direct-identifier", 60)
    assert found.held == (Held(entity="PHONE_NUMBER", cells=40),)


def test_where_none_has_the_half_the_column_is_treated_cell_by_cell() -> None:
    found = judged("contact", MAILS[:40] + PHONES[:40] + CITIES[:40])
    assert (found.entity, found.role) == (None, "direct-identifier")
    assert found.held == (Held(entity="EMAIL_ADDRESS", cells=40), Held(entity="PHONE_NUMBER", cells=40))
    assert found.matched == 80


def test_embedded_names_the_entities_that_are_held() -> None:
    found = judged("contact", MAILS[:40] + PHONES[:40] + CITIES[:40])
    assert found.embedded == tuple(held.entity for held in found.held)


def test_a_column_of_one_entity_holds_no_other() -> None:
    assert judged("contact", MAILS).held == ()


@pytest.mark.parametrize("at", [0, 499, 999])
def test_one_mail_in_a_thousand_notes_is_counted(at: int) -> None:
    notes = ["The parcel came late and the box was wet"] * 1_000
    notes[at] += ", write to someone@example.org"
    found = judged("notes", notes)
    assert (found.free_text, found.role) == (True, "direct-identifier")
    assert found.held == (Held(entity="EMAIL_ADDRESS", cells=1),)
    assert any(line.startswith("1 cell holds EMAIL_ADDRESS") for line in reasons(found))


def test_a_rare_mail_among_short_comments_is_counted() -> None:
    comments = [f"ok {n}" for n in range(999)] + ["mail me: someone@example.org"]
    assert judged("comment", comments).held == (Held(entity="EMAIL_ADDRESS", cells=1),)


def test_a_field_that_people_write_into_is_free_text_even_if_they_write_little() -> None:
    found = judged("comments", [f"fine {n}" for n in range(40)])
    assert (found.entity, found.role) == ("FREE_TEXT", "sensitive")


def test_a_choice_of_few_comments_is_no_free_text() -> None:
    assert judged("rating text", ["Good", "Very Good", "Poor"] * 40).free_text is False


def test_lists_of_few_terms_are_no_free_text() -> None:
    kinds = ["French", "Japanese", "Thai", "Fast Food", "Desserts", "Cafe", "Pizza", "Grill"]
    lists = [", ".join((a, b, c)) for a in kinds for b in kinds for c in kinds if len({a, b, c}) == 3]
    assert judged("cuisines", lists).entity is None
