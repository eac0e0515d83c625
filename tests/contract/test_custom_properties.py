"""Our own keys in a contract: each is read, and a misspelt, misplaced or ill-typed one is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from contract_files import HEAD, SCHEMA, custom, load

from airflow_privacy.core.contract import custom_properties
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Column, Contract

CANARY = "canary.person@example.com"
COLUMN = HEAD + SCHEMA.partition("      - {name: joined")[0] + "      - name: mail\n"  # its custom properties: from line 12 on


def with_keys(tmp_path: Path, *pairs: tuple[str, str]) -> Contract:
    return load(tmp_path, HEAD + SCHEMA + custom(*pairs))


def on_column(tmp_path: Path, *pairs: tuple[str, str]) -> Column:
    column = load(tmp_path, COLUMN + custom(*pairs, indent=8)).tables[0].column("mail")
    assert column is not None
    return column


def refused(read: Callable[[], object], reason: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read()
    assert caught.value.reason == reason
    assert "canary" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("key", "value", "field", "read"),
    [
        ("privacy.owner", "olivia", "owner", "olivia"),
        ("privacy.purposes", "[churn, fraud-model]", "purposes", ("churn", "fraud-model")),
        ("privacy.lawfulBasis", "legitimate interest", "lawful_basis", "legitimate interest"),
        ("privacy.level", "k_anonymous(k>=5) or pseudonymized", "level", "k_anonymous(k>=5) or pseudonymized"),
        ("privacy.subjectKey", "id", "subject_key", "person_id"),
        ("privacy.subjectKey", "person_id", "subject_key", "person_id"),
        ("privacy.recipient", "ml-team", "recipient", "ml-team"),
        ("privacy.destination", "training", "destination", "training"),
    ],
)
def test_a_key_of_the_contract_is_read(tmp_path: Path, key: str, value: str, field: str, read: object) -> None:
    assert getattr(with_keys(tmp_path, (key, value)), field) == read


def test_the_default_purpose_is_one_of_the_purposes(tmp_path: Path) -> None:
    assert with_keys(tmp_path, ("privacy.purposes", "[churn]"), ("privacy.purpose", "churn")).purpose == "churn"
    refused(lambda: with_keys(tmp_path, ("privacy.purposes", "[churn]"), ("privacy.purpose", "fraud")), "unknown-purpose")
    refused(lambda: with_keys(tmp_path, ("privacy.purpose", "fraud")), "unknown-purpose")


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [("privacy.entity", "EMAIL_ADDRESS", "entity"), ("privacy.role", "direct-identifier", "role")],
)
def test_a_key_of_a_column_is_read(tmp_path: Path, key: str, value: str, field: str) -> None:
    assert getattr(on_column(tmp_path, (key, value)), field) == value


def test_every_declared_key_is_tested_and_documented() -> None:
    documented = {line.split()[0] for line in (custom_properties.__doc__ or "").splitlines() if line.startswith("privacy.")}
    assert documented == {key.name for key in custom_properties.KEYS}


def test_the_owner_that_is_named_beats_the_team(tmp_path: Path) -> None:
    team = "team:\n  members:\n    - {username: otto, role: owner}\n"
    assert load(tmp_path, HEAD + team + custom(("privacy.owner", "olivia"))).owner == "olivia"
    assert load(tmp_path, HEAD + team).owner == "otto"


def test_a_repeated_purpose_counts_once(tmp_path: Path) -> None:
    assert with_keys(tmp_path, ("privacy.purposes", "[churn, churn]")).purposes == ("churn",)


def test_keys_of_others_are_passed_over(tmp_path: Path) -> None:
    assert with_keys(tmp_path, ("acme.owner", "x"), ("private", "x"), ("privacyOwner", "x")).owner is None


# Mistakes


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("privacy.ownr", "Did you mean 'privacy.owner'?"),
        ("privacy.lawful_basis", "Did you mean 'privacy.lawfulBasis'?"),
        ("privacy.purposess", "Did you mean 'privacy.purposes'?"),
        ("PRIVACY.owner", "Did you mean 'privacy.owner'?"),
    ],
)
def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path: Path, key: str, hint: str) -> None:
    error = refused(lambda: with_keys(tmp_path, ("other", "x"), (key, "x")), "unknown-key")
    assert error.do.casefold() == hint.casefold()
    assert error.where.endswith(":13")


def test_a_key_that_does_not_look_like_one_is_not_repeated(tmp_path: Path) -> None:
    assert "(not shown)" in refused(lambda: with_keys(tmp_path, (f"privacy.{CANARY}", "x")), "unknown-key").what


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("privacy.owner", "5"),
        ("privacy.owner", "[olivia]"),
        ("privacy.owner", "''"),
        ("privacy.owner", "null"),
        ("privacy.purposes", "churn"),
        ("privacy.purposes", "[]"),
        ("privacy.purposes", "[a/b]"),
        ("privacy.purposes", f"[{CANARY}]"),
        ("privacy.purposes", "[1]"),
        ("privacy.lawfulBasis", "true"),
        ("privacy.level", "anonymous"),
        ("privacy.level", CANARY),
        ("privacy.subjectKey", "[id]"),
        ("privacy.purpose", "a b"),
        ("privacy.recipient", CANARY),
        ("privacy.destination", "a/b"),
        ("privacy.destination", f"{'x' * 65}"),
    ],
)
def test_a_value_of_the_wrong_form_on_the_contract(tmp_path: Path, key: str, value: str) -> None:
    error = refused(lambda: with_keys(tmp_path, (key, value)), "bad-value")
    assert key in error.what
    assert error.where.endswith(":12")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("privacy.entity", "email"),
        ("privacy.entity", CANARY),
        ("privacy.entity", "[EMAIL_ADDRESS]"),
        ("privacy.role", "identifier"),
        ("privacy.role", "Sensitive"),
        ("privacy.role", CANARY),
    ],
)
def test_a_value_of_the_wrong_form_on_a_column(tmp_path: Path, key: str, value: str) -> None:
    error = refused(lambda: on_column(tmp_path, (key, value)), "bad-value")
    assert key in error.what
    assert error.where.endswith(":12")


def test_a_key_given_twice(tmp_path: Path) -> None:
    error = refused(lambda: with_keys(tmp_path, ("privacy.owner", "olivia"), ("privacy.owner", "otto")), "duplicate-key")
    assert error.where.endswith(":13")


def test_a_column_key_on_the_contract(tmp_path: Path) -> None:
    error = refused(lambda: with_keys(tmp_path, ("privacy.role", "sensitive")), "misplaced-key")
    assert "a column" in error.do


def test_a_contract_key_on_a_column(tmp_path: Path) -> None:
    error = refused(lambda: on_column(tmp_path, ("privacy.owner", "olivia")), "misplaced-key")
    assert "the contract itself" in error.do


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "schema:\n  - name: t\n" + custom(("privacy.role", "sensitive"), indent=4),
        HEAD + "schema:\n  - name: t\n    properties:\n      - name: a\n        properties:\n          - name: b\n"
        + custom(("privacy.role", "sensitive"), indent=12),
        HEAD + "servers:\n  - server: a\n    type: local\n" + custom(("privacy.level", "raw"), indent=4),
        HEAD + "team:\n  members:\n    - username: a\n" + custom(("privacy.nonsense", "raw"), indent=6),
    ],
    ids=["table", "nested column", "server", "team member"],
)  # fmt: skip
def test_a_key_where_nobody_would_read_it(tmp_path: Path, text: str) -> None:
    refused(lambda: load(tmp_path, text), "misplaced-key")


def test_a_subject_key_that_is_no_column(tmp_path: Path) -> None:
    refused(lambda: with_keys(tmp_path, ("privacy.subjectKey", "idd")), "unknown-column")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC"])
def test_the_time_zone_of_retention_is_read(tmp_path: Path, zone: str) -> None:
    sla = "slaProperties:\n  - {property: retention, value: 30, unit: d}\n"
    retention = load(tmp_path, HEAD + sla + custom(("privacy.timeZone", zone))).retention
    assert retention is not None
    assert retention.zone == zone


def test_retention_is_read_in_utc_where_no_zone_is_given(tmp_path: Path) -> None:
    retention = load(tmp_path, HEAD + "slaProperties:\n  - {property: retention, value: 30, unit: d}\n").retention
    assert retention is not None
    assert retention.zone == "UTC"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "+01:00"])
def test_a_time_zone_that_is_none_is_refused(tmp_path: Path, zone: str) -> None:
    refused(lambda: with_keys(tmp_path, ("privacy.timeZone", zone)), "bad-value")


def test_how_long_old_table_versions_stay_is_read(tmp_path: Path) -> None:
    sla = "slaProperties:\n  - {property: retention, value: 30, unit: d}\n"
    retention = load(tmp_path, HEAD + sla + custom(("privacy.versionDays", "7"))).retention
    assert retention is not None
    assert retention.version_days == 7


@pytest.mark.parametrize("value", ["-1", "1.5", "a week", "99999", "true"])
def test_a_number_of_days_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    refused(lambda: with_keys(tmp_path, ("privacy.versionDays", value)), "bad-value")
