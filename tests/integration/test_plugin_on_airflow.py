"""The plugin's two routes: for signed-in users, and for nobody else."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.ledger.checkpoint import verify_checkpoint
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.demo.standalone import StandaloneAirflow

pytestmark = pytest.mark.airflow


def get(airflow: StandaloneAirflow, path: str, *, user: str | None) -> str:
    request = urllib.request.Request(f"{airflow.url}/privacy{path}")  # noqa: S310 - our own server
    if user:
        request.add_header("Authorization", f"Bearer {airflow.api.token(user)}")
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310 - our own server
        text: str = reply.read().decode()
        return text


def test_the_newest_checkpoint_is_served_and_its_signature_holds(airflow: StandaloneAirflow, workspace: Workspace) -> None:
    workspace.ledger().append(Fact(kind="checked", at="2026-01-01T00:00:00+00:00", actor="test"))
    note = get(airflow, "/checkpoint", user="olivia")
    key = public_keys(workspace.home)["checkpoint"].public_key
    assert verify_checkpoint(note, public_key=key).size > 0


def test_public_keys_are_served(airflow: StandaloneAirflow, workspace: Workspace) -> None:
    served = get(airflow, "/keys", user="olivia")
    assert all(name in served for name in ("approval", "passport", "checkpoint"))
    assert "PRIVATE" not in served


@pytest.mark.parametrize("path", ["/checkpoint", "/keys", "/docs", "/openapi.json"])
def test_nobody_else_is_answered(airflow: StandaloneAirflow, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(airflow, path, user=None)
    caught.value.close()
    assert caught.value.code in (401, 403, 404)
