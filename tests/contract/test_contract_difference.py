"""What changed between two contracts, and which change weakens the protection of the people in the data."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from airflow_privacy.core.contract.difference import Change, compare
from airflow_privacy.core.model.contract import Column, Contract, Freshness, Retention, Server, Table

MAIL = Column(
    name="mail", logical_type="string", classification="confidential", tags=("pii",), entity="EMAIL_ADDRESS", role="sensitive"
)
PLAIN = Column(name="plain")
BASE = Contract(
    id="c",
    name="c",
    version="1",
    status="active",
    owner="olivia",
    roles=("analyst",),
    approvers=("stella",),
    purposes=("churn", "fraud"),
    lawful_basis="consent",
    level="k_anonymous(k>=5) or pseudonymized",
    subject_key="mail",
    purpose="churn",
    recipient="team",
    destination="training",
    retention=Retention(days=30, anchor="joined"),
    freshness=Freshness(column="joined", hours=24),
    servers=(Server(name="raw", type="local", location="/raw"),),
    tables=(Table(name="t", columns=(MAIL, PLAIN)), Table(name="spare", columns=(PLAIN,))),
)


def changed(**fields: Any) -> Contract:
    return msgspec.structs.replace(BASE, **fields)


def column(old: Column = MAIL, **fields: Any) -> Contract:
    """The contract with one column changed."""
    new = msgspec.structs.replace(old, **fields)
    columns = tuple(new if one.name == old.name else one for one in BASE.tables[0].columns)
    return changed(tables=(Table(name="t", columns=columns), BASE.tables[1]))


def only(changes: tuple[Change, ...]) -> Change:
    [change] = changes
    return change


def test_equal_contracts_differ_in_nothing() -> None:
    assert compare(BASE, BASE) == ()


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (changed(purposes=("churn", "fraud", "ads")), "purpose ads was added"),
        (changed(roles=("analyst", "intern")), "access role intern was added"),
        (changed(approvers=("stella", "sam")), "approver sam was added"),
        (changed(approvers=()), "approver stella was removed"),
        (changed(lawful_basis="legitimate interest"), "lawful basis changed from consent to legitimate interest"),
        (changed(lawful_basis=None), "lawful basis changed from consent to none"),
        (changed(owner=None), "owner changed from olivia to none"),
        (changed(subject_key="plain"), "subject key changed from mail to plain"),
        (changed(recipient="others"), "recipient changed from team to others"),
        (changed(destination="public"), "destination changed from training to public"),
        (changed(level=None), "privacy level changed from"),
        (changed(level="k_anonymous(k>=4) or pseudonymized"), "privacy level changed from"),
        (changed(level="k_anonymous or pseudonymized"), "privacy level changed from"),
        (changed(level="k_anonymous(k>=5) or pseudonymized or raw"), "privacy level changed from"),
        (changed(retention=None), "the retention limit was removed"),
        (changed(retention=Retention(days=31, anchor="joined")), "retention was lengthened from 30 to 31 days"),
        (changed(retention=Retention(days=30, anchor="seen")), "retention is counted from seen instead of joined"),
        (changed(retention=Retention(days=30)), "retention is counted from no column instead of joined"),
        (changed(tables=BASE.tables[1:]), "table t was removed"),
        (
            changed(tables=(Table(name="t", columns=(PLAIN,)), BASE.tables[1])),
            "column mail was removed, and its pins and tags with it",
        ),
        (column(classification="internal"), "classification of t.mail changed from confidential to internal"),
        (column(classification=None), "classification of t.mail changed from confidential to none"),
        (column(classification="topmost"), "'topmost' has no place in the order public < internal"),
        (column(PLAIN, classification="public"), "classification of t.plain changed from none to public"),
        (column(tags=()), "tag pii of t.mail was removed"),
        (column(role="non-sensitive"), "role pin of t.mail changed from sensitive to non-sensitive"),
        (column(role="quasi-identifier"), "role pin of t.mail changed from sensitive to quasi-identifier"),
        (column(role=None), "role pin of t.mail changed from sensitive to none"),
        (column(PLAIN, role="non-sensitive"), "role pin of t.plain changed from none to non-sensitive"),
        (column(PLAIN, role="quasi-identifier"), "role pin of t.plain changed from none to quasi-identifier"),
        (column(entity="CITY"), "entity pin of t.mail changed from EMAIL_ADDRESS to CITY"),
        (column(entity=None), "entity pin of t.mail changed from EMAIL_ADDRESS to none"),
        (column(PLAIN, entity="CITY"), "entity pin of t.plain changed from none to CITY"),
    ],
)
def test_a_weakening_is_named(new: Contract, told: str) -> None:
    change = only(compare(BASE, new))
    assert told in change.what
    assert change.weakening


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (changed(purposes=("churn",)), "purpose fraud was removed"),
        (changed(roles=()), "access role analyst was removed"),
        (changed(owner="otto"), "owner changed from olivia to otto"),
        (changed(purpose="fraud"), "default purpose changed from churn to fraud"),
        (changed(level="k_anonymous(k>=6)"), "privacy level changed from"),
        (changed(level="k_anonymous(k>=5, l>=2) or pseudonymized"), "privacy level changed from"),
        (changed(level="pseudonymized"), "privacy level changed from"),
        (changed(retention=Retention(days=29, anchor="joined")), "retention was shortened from 30 to 29 days"),
        (
            changed(retention=Retention(days=30, anchor="joined", zone="Asia/Tokyo")),
            "dates that retention counts from are read in Asia/Tokyo instead of UTC",
        ),
        (changed(freshness=None), "freshness changed from 24 hours on joined to none"),
        (changed(version="2"), "version changed from 1 to 2"),
        (changed(status="deprecated"), "status changed from active to deprecated"),
        (changed(servers=()), "the servers changed"),
        (changed(tables=BASE.tables[:1]), "table spare was removed"),
        (changed(tables=(*BASE.tables, Table(name="more", columns=()))), "table more was added"),
        (changed(tables=(Table(name="t", columns=(MAIL,)), BASE.tables[1])), "column plain was removed"),
        (
            changed(tables=(Table(name="t", columns=(MAIL, PLAIN, Column(name="new"))), BASE.tables[1])),
            "column new was added",
        ),
        (column(classification="Restricted"), "classification of t.mail changed from confidential to Restricted"),
        (column(PLAIN, classification="internal"), "classification of t.plain changed from none to internal"),
        (column(tags=("pii", "eu")), "tag eu of t.mail was added"),
        (column(role="direct-identifier"), "role pin of t.mail changed from sensitive to direct-identifier"),
        (column(PLAIN, role="direct-identifier"), "role pin of t.plain changed from none to direct-identifier"),
        (column(logical_type="integer"), "logical type of t.mail changed from string to integer"),
        (column(physical_type="text"), "physical type of t.mail changed from none to text"),
        (column(required=True), "t.mail is now required"),
        (column(unique=True), "t.mail is now unique"),
        (column(primary_key=True), "t.mail is now primary key"),
    ],
)
def test_a_change_that_does_not_weaken_is_told_as_such(new: Contract, told: str) -> None:
    change = only(compare(BASE, new))
    assert told in change.what
    assert not change.weakening


@pytest.mark.parametrize("field", ["lawful_basis", "level", "subject_key", "recipient", "destination", "owner", "retention"])
def test_a_first_promise_does_not_weaken(field: str) -> None:
    assert not only(compare(changed(**{field: None}), BASE)).weakening


def test_removing_the_lowest_pin_does_not_weaken() -> None:
    assert not only(compare(column(role="non-sensitive"), column(role=None))).weakening


def test_an_entity_pinned_together_with_a_direct_identifier_does_not_weaken() -> None:
    changes = compare(BASE, column(PLAIN, entity="PERSON", role="direct-identifier"))
    assert [change.weakening for change in changes] == [False, False]


def test_weakenings_come_first() -> None:
    changes = compare(BASE, changed(version="2", purposes=("churn", "fraud", "ads"), status="draft"))
    assert [change.weakening for change in changes] == [True, False, False]


def test_an_organisation_may_have_its_own_order_of_classifications() -> None:
    old, new = column(classification="c1"), column(classification="c2")
    assert not only(compare(old, new, classifications=("c1", "c2"))).weakening
    assert only(compare(new, old, classifications=("c1", "c2"))).weakening
    assert only(compare(old, new)).weakening
