"""What a steward reads."""

from __future__ import annotations

from frame_source import detected, judged

from airflow_privacy.core.model.contract import Column, Table
from airflow_privacy.core.model.reasons import reasons

MAILS = [f"p{n}@example.com" for n in range(60)]


def test_the_first_sentence_is_the_verdict() -> None:
    assert reasons(judged("email", MAILS))[0] == "EMAIL_ADDRESS, a direct identifier (99% sure)."


def test_nothing_personal_is_said_in_words() -> None:
    assert reasons(judged("colour", ["red", "blue"] * 9))[0] == "Nothing personal, not sensitive (50% sure)."


def test_counts_stand_in_the_sentences() -> None:
    assert "60 of 60 values (100 %) look like EMAIL_ADDRESS." in reasons(judged("email", MAILS))


def test_a_share_is_rounded_never_to_all_or_nothing() -> None:
    said = reasons(judged("email", [f"p{n}@example.com" for n in range(2_999)] + ["none of it"]))
    assert "2,999 of 3,000 values (over 99.9 %) look like EMAIL_ADDRESS." in said


def test_check_digits_are_named() -> None:
    said = reasons(judged("col7", [4111111111111111, 5105105105105100, 5555555555554444] * 9))
    assert "27 of 27 values (100 %) have a card issuer's prefix and pass the Luhn check." in said


def test_presidio_is_quoted_on_what_it_was_asked() -> None:
    assert "Presidio, asked about 60 of the values, takes 60 for EMAIL_ADDRESS." in reasons(judged("email", MAILS))


def test_the_name_is_named_as_evidence() -> None:
    assert "The name says CITY." in reasons(judged("Wohnort", ["Bonn", "Ulm"] * 9))


def test_neighbours_are_named_as_evidence() -> None:
    found = detected({"restaurant_id": range(60), "city": ["Berlin", "Bonn"] * 30}).column("city")
    assert found is not None
    assert "A row is a restaurant, and no column tells of a person." in reasons(found)


def test_a_pin_is_told_after_what_detection_said() -> None:
    column = Column(name="email", entity="TOKEN", role="non-sensitive", because="hashed at the source", by="stella")
    said = reasons(judged("email", MAILS, Table(name="t", columns=(column,))))
    assert said[0] == "EMAIL_ADDRESS, a direct identifier (99% sure)."
    assert said[-3:] == (
        "stella, in the contract, pins TOKEN, not sensitive.",
        "This protects less than detection would: not sensitive instead of a direct identifier.",
        "Reason given: hashed at the source",
    )


def test_a_pin_without_a_reason_says_so() -> None:
    said = reasons(judged("colour", ["red"] * 9, Table(name="t", columns=(Column(name="colour", role="sensitive"),))))
    assert said[-2:] == ("The contract pins A sensitive attribute.", "No reason is given.")


def test_no_sentence_holds_a_value() -> None:
    said = "\n".join(reasons(judged("contact", MAILS + [f"+49 151 {20000000 + 977 * n}" for n in range(60)])))
    assert "example" not in said
    assert "+49" not in said
