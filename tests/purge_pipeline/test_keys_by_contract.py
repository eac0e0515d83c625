"""Keys as a place of a contract: what was encrypted longer ago than the period becomes unreadable, and that is certified."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from purge_case import CALLER, NOW, PurgeCase, purge_case

from airflow_privacy.core.keyring import init_keys, list_keys, rotate_scope
from airflow_privacy.core.model.purge import Certificate
from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.pipeline.purge import plan_purge, run_purge, verify_purge
from airflow_privacy.core.retention.certificate import LINKAGE

SCOPE = "training/fraud/ml-team"


@pytest.fixture
def case(tmp_path: Path) -> PurgeCase:
    """The period is 30 days; the first key was replaced 40 days ago, the second 10 days ago."""
    made = purge_case(tmp_path, {})
    init_keys(made.workspace.home, scopes=(SCOPE,))
    for days in (40, 10):
        rotate_scope(made.workspace.home, SCOPE, now=lambda days=days: NOW - timedelta(days=days))
    made.contract.write_text(made.contract.read_text().replace(f"path: {made.place}", f"location: keyring:{SCOPE}"))
    return made


def states(case: PurgeCase) -> list[str]:
    return [key.state for key in list_keys(case.workspace.home) if key.scope == SCOPE]


def purge(case: PurgeCase) -> Certificate:
    plan = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0).ref
    done = run_purge(case.workspace, CALLER, plan=plan)
    assert done.ref is not None and done.certificate is not None
    verify_purge(case.workspace, CALLER, certificate=done.ref)
    return done.certificate


def test_a_key_goes_when_all_that_it_encrypted_has_outlived_the_period(case: PurgeCase) -> None:
    certificate = purge(case)
    assert states(case) == ["destroyed", "kept", "current"]
    assert [(one.uri, one.gone) for one in certificate.looked] == [(f"keyring:{SCOPE}", 1)]
    assert LINKAGE in certificate.not_covered
    assert case.kinds() == ["planned", "started", "key-destroyed", "purged", "certified", "verified"]


def test_a_legal_hold_keeps_the_keys(case: PurgeCase) -> None:
    place_hold(case.workspace, CALLER, dataset="visits", owner="olivia", because="a case")
    assert [one.gone for one in purge(case).looked] == [0]
    assert states(case) == ["kept", "kept", "current"]
