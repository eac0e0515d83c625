"""The templates against the lists of their regulations: each class of data meets a technique that the rule allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import airflow_privacy
from airflow_privacy.cli import main
from airflow_privacy.cli.templates import read_template, template_names
from airflow_privacy.core.model.contract import Column, Contract, Table
from airflow_privacy.core.model.findings import ColumnFinding, Findings, Role
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.techniques import (
    PSEUDONYMIZING,
    SUPPRESSING,
    Age,
    Drop,
    FreeText,
    GeoPrefix,
    HmacToken,
    IpPrefix,
    Keep,
    PartialMask,
    TopBottomCode,
    TruncateDate,
    parts_of,
)
from airflow_privacy.core.model.techniques.leaves import leaves
from airflow_privacy.core.policy.load import load_policy
from airflow_privacy.core.policy.resolve import resolve

TEMPLATES = Path(airflow_privacy.__file__).parent / "templates"
Load = Callable[[str], Policy]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    (tmp_path / "zip3.csv").write_text("prefix;inhabitants\n100;30000\n036;9000\n")
    given = {"PRIVACY_DATA": "/data", "PRIVACY_ZIP3_POPULATIONS": str(tmp_path / "zip3.csv")}
    return lambda name: load_policy(TEMPLATES / f"{name}.yaml", variables=given).policy


def found(name: str, entity: str | None, role: Role, dtype: str) -> ColumnFinding:
    return ColumnFinding(
        name=name, dtype=dtype, entity=entity, role=role, confidence=1, matched=1, non_missing=1, distinct=1, coverage_bound_95=0
    )


def planned(policy: Policy, *columns: ColumnFinding, pins: tuple[Column, ...] = ()) -> MaskingPlan:
    table = Table(name="t", columns=pins or tuple(Column(name=column.name) for column in columns))
    stamp = FileStamp(uri="x", sha256="sha256:0")
    return resolve(
        contract=Contract(id="c", name="c", version="1", status="active", purposes=("p",), tables=(table,)),
        contract_file=stamp,
        table=table,
        findings=Findings(
            contract=None, source="/data/raw/t", source_digest="sha256:0", rows_scanned=1, rows_total=1, columns=columns
        ),
        policy=policy,
        policy_file=stamp,
        purpose="p",
        recipient="r",
        destination="training",
    )


def detected(policy: Policy, entity: str, role: Role = "direct-identifier", dtype: str = "string", *, tag: str = "") -> Decision:
    pins = (Column(name="x", tags=(tag,)),) if tag else ()
    [decision] = planned(policy, found("x", entity, role, dtype), pins=pins).decisions
    return decision


def pinned(policy: Policy, entity: str, dtype: str = "string") -> Decision:
    """A column of which detection knows nothing, and whose entity the contract names."""
    [decision] = planned(policy, found("x", None, "non-sensitive", dtype), pins=(Column(name="x", entity=entity),)).decisions
    return decision


def test_there_are_templates_and_they_are_in_the_package() -> None:
    assert template_names() == ("gdpr_pseudonymisation", "hipaa_safe_harbor", "minimal_for_training", "pci_dss")


@pytest.mark.parametrize("name", template_names())
def test_a_template_loads_and_cites_a_regulation(load: Load, name: str) -> None:
    policy = load(name)
    assert all(rule.because for rule in policy.rules)
    assert any(word in read_template(name) for word in ("45 CFR", "GDPR", "PCI DSS"))


@pytest.mark.parametrize("name", template_names())
def test_a_template_lets_nothing_through_that_no_rule_names(load: Load, name: str) -> None:
    plan = planned(load(name), found("x", None, "non-sensitive", "string"), found("y", None, "direct-identifier", "string"))
    assert [type(d.technique) for d in plan.decisions] == [Drop, Drop]


@pytest.mark.parametrize("name", template_names())
@pytest.mark.parametrize("tag", ["analytics", "feature", "hipaa-permitted", "payment-feature", "us-state", "country"])
def test_no_tag_lets_an_identifier_through(load: Load, name: str, tag: str) -> None:
    for entity in ("PERSON", "EMAIL_ADDRESS", "US_SSN", "STREET_ADDRESS", None):
        [decision] = planned(
            load(name), found("x", entity, "direct-identifier", "string"), pins=(Column(name="x", tags=(tag,)),)
        ).decisions
        assert leaves(decision.technique, entity) in ("nothing", "token")


# 45 CFR 164.514(b)(2)(i), (A) to (R). D: detection knows the entity. C: the contract has to name it.
SAFE_HARBOR = {
    "A names": ("D", ("PERSON", "USERNAME")),
    "B geographic subdivisions": ("D", ("STREET_ADDRESS", "CITY", "COORDINATES", "LOCATION", "REGION")),
    "D telephone numbers": ("D", ("PHONE_NUMBER",)),
    "E fax numbers": ("C", ("FAX_NUMBER",)),
    "F electronic mail addresses": ("D", ("EMAIL_ADDRESS",)),
    "G social security numbers": ("D", ("US_SSN", "NATIONAL_ID")),
    "H medical record numbers": ("C", ("MEDICAL_RECORD_NUMBER",)),
    "I health plan beneficiary numbers": ("C", ("HEALTH_PLAN_NUMBER",)),
    "J account numbers": ("D", ("IBAN_CODE", "CREDIT_CARD", "CVV")),
    "J account numbers by contract": ("C", ("ACCOUNT_NUMBER",)),
    "K certificate and license numbers": ("C", ("LICENSE_NUMBER", "CERTIFICATE_NUMBER")),
    "L vehicle identifiers and license plates": ("C", ("VEHICLE_ID", "LICENSE_PLATE")),
    "M device identifiers": ("D", ("DEVICE_ID", "MAC_ADDRESS")),
    "N web addresses": ("D", ("URL",)),
    "O IP addresses": ("D", ("IP_ADDRESS",)),
    "P biometric identifiers": ("C", ("BIOMETRIC",)),
    "Q full-face photographs": ("C", ("PHOTO",)),
    "R any other unique number": ("D", ("PERSON_ID", "UUID", "PASSWORD")),
}


@pytest.mark.parametrize("kind", SAFE_HARBOR)
def test_safe_harbor_leaves_nothing_of_an_identifier(load: Load, kind: str) -> None:
    by, entities = SAFE_HARBOR[kind]
    for entity in entities:
        decision = detected(load("hipaa_safe_harbor"), entity) if by == "D" else pinned(load("hipaa_safe_harbor"), entity)
        assert isinstance(decision.technique, SUPPRESSING)
        assert kind[0] in decision.rule.split("-")
        assert f"({kind[0]})" in decision.reason


@pytest.mark.parametrize("dtype", ["binary", "string", "nested"])
def test_safe_harbor_drops_pictures_in_whatever_form(load: Load, dtype: str) -> None:
    assert isinstance(pinned(load("hipaa_safe_harbor"), "PHOTO", dtype).technique, Drop)


def test_safe_harbor_keeps_three_digits_of_zip_codes_where_enough_people_live(load: Load) -> None:
    technique = detected(load("hipaa_safe_harbor"), "POSTAL_CODE", "quasi-identifier").technique
    assert isinstance(technique, GeoPrefix)
    assert (technique.length, technique.min_population, technique.sha256[:7]) == (3, 20_000, "sha256:")


def test_safe_harbor_cannot_be_used_without_populations() -> None:
    with pytest.raises(Exception, match="PRIVACY_ZIP3_POPULATIONS"):
        load_policy(TEMPLATES / "hipaa_safe_harbor.yaml", variables={"PRIVACY_DATA": "/data"})


@pytest.mark.parametrize("dtype", ["date", "timestamp"])
def test_safe_harbor_keeps_the_year_of_dates(load: Load, dtype: str) -> None:
    assert detected(load("hipaa_safe_harbor"), "DATE_TIME", "non-sensitive", dtype).technique == TruncateDate(to="year")


def test_safe_harbor_has_one_category_for_ages_over_89(load: Load) -> None:
    policy = load("hipaa_safe_harbor")
    assert detected(policy, "AGE", "quasi-identifier", "integer").technique == TopBottomCode(upper=90)
    birth = detected(policy, "DATE_OF_BIRTH", "quasi-identifier", "date").technique
    assert isinstance(birth, Age)
    assert birth.top == 90


def test_safe_harbor_keeps_a_state_that_the_contract_tags_and_no_other_region(load: Load) -> None:
    policy = load("hipaa_safe_harbor")
    assert isinstance(detected(policy, "REGION", "quasi-identifier", tag="us-state").technique, Keep)
    assert isinstance(detected(policy, "REGION", "quasi-identifier").technique, Drop)
    assert isinstance(detected(policy, "CITY", "quasi-identifier", tag="us-state").technique, Drop)


@pytest.mark.parametrize("tag", ["", "hipaa-permitted"])
def test_safe_harbor_drops_notes(load: Load, tag: str) -> None:
    assert isinstance(detected(load("hipaa_safe_harbor"), "FREE_TEXT", "sensitive", tag=tag).technique, Drop)


def test_safe_harbor_makes_no_tokens(load: Load) -> None:
    parts = [part for rule in load("hipaa_safe_harbor").rules for part in parts_of(rule.then)]
    assert not [part for part in parts if isinstance(part, PSEUDONYMIZING)]


# PCI DSS


def test_a_card_number_shows_the_first_six_and_last_four_digits(load: Load) -> None:
    assert detected(load("pci_dss"), "CREDIT_CARD").technique == PartialMask(keep_first=6, keep_last=4)


def test_a_verification_code_is_not_kept(load: Load) -> None:
    assert isinstance(detected(load("pci_dss"), "CVV", "sensitive").technique, Drop)


@pytest.mark.parametrize(
    "entity", ["PIN", "PIN_BLOCK", "TRACK_DATA", "MAGNETIC_STRIPE", "CHIP_DATA", "CARD_EXPIRY", "SERVICE_CODE"]
)
def test_other_authentication_data_that_the_contract_names_is_not_kept(load: Load, entity: str) -> None:
    assert isinstance(pinned(load("pci_dss"), entity).technique, Drop)


@pytest.mark.parametrize("tag", ["", "payment-feature"])
def test_a_text_in_which_a_card_number_may_stand_is_not_kept(load: Load, tag: str) -> None:
    assert isinstance(detected(load("pci_dss"), "FREE_TEXT", "sensitive", tag=tag).technique, Drop)


def test_no_card_number_gets_a_token_beside_its_truncated_form(load: Load) -> None:
    rules = [rule for rule in load("pci_dss").rules if "CREDIT_CARD" in rule.when.entity]
    assert [type(rule.then) for rule in rules] == [PartialMask]


# GDPR


@pytest.mark.parametrize("entity", ["HEALTH", "NRP", "SEXUALITY"])
@pytest.mark.parametrize("tag", ["", "analytics"])
def test_special_categories_are_dropped(load: Load, entity: str, tag: str) -> None:
    assert isinstance(detected(load("gdpr_pseudonymisation"), entity, "sensitive", tag=tag).technique, Drop)


@pytest.mark.parametrize("entity", ["EMAIL_ADDRESS", "PHONE_NUMBER", "PERSON_ID", "USERNAME", "DEVICE_ID"])
def test_identifiers_become_tokens_that_nobody_turns_back(load: Load, entity: str) -> None:
    assert isinstance(detected(load("gdpr_pseudonymisation"), entity).technique, HmacToken)


def test_the_domain_is_environment_purpose_and_recipient(load: Load) -> None:
    policy = load("gdpr_pseudonymisation")
    assert planned(policy, found("x", "PERSON_ID", "direct-identifier", "string")).scope == "training/p/r"
    assert not any(boundary.reversible for boundary in policy.boundaries)


def test_texts_are_released_only_where_the_contract_asks_for_them(load: Load) -> None:
    policy = load("gdpr_pseudonymisation")
    assert isinstance(detected(policy, "FREE_TEXT", "sensitive").technique, Drop)
    assert isinstance(detected(policy, "FREE_TEXT", "sensitive", tag="analytics").technique, FreeText)
    assert isinstance(detected(policy, "IP_ADDRESS").technique, IpPrefix)


# The command line


def test_list_show_and_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "list", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == set(template_names())
    assert main(["templates", "show", "pci_dss"]) == 0
    assert capsys.readouterr().out.startswith("# PCI DSS v4.0.1")
    to = tmp_path / "mine.yaml"
    assert main(["templates", "copy", "pci_dss", str(to)]) == 0
    assert to.read_text() == read_template("pci_dss")


def test_copy_leaves_an_existing_file_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "mine.yaml"
    to.write_text("mine")
    assert main(["templates", "copy", "pci_dss", str(to)]) == 2
    assert (to.read_text(), "[not-written]" in capsys.readouterr().err) == ("mine", True)


@pytest.mark.parametrize("name", ["none", "../cli/templates", ""])
def test_an_unknown_template(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "show", name]) == 2
    assert "[unknown-template]" in capsys.readouterr().err
