"""The page of findings: what it says, that nothing in it runs, and who gets it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from findings_builders import column, findings
from people import write_case
from steps import CALLER, workspace_in

from airflow_privacy.core.model.drift import Drift
from airflow_privacy.core.model.findings import Signal
from airflow_privacy.core.pipeline import prepare
from airflow_privacy.core.pipeline.workspace import Caller, record
from airflow_privacy.ui.findings_page import HEADERS, findings_page

HOSTILE = "<script>alert(1)</script>\"'&\x1b\u202e"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags_of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(page)
    return parser.tags


def test_the_page_tells_entity_role_confidence_reasons_coverage_and_drift() -> None:
    email = column(
        "mail",
        entity="EMAIL_ADDRESS",
        role="direct-identifier",
        confidence=0.97,
        matched=12,
        signals=(Signal(source="pattern", detail="EMAIL_ADDRESS", matched=12, checked=3_000),),
        quarantined=True,
    )
    new = Drift(kind="new-column", column="mail", against="contract", action="quarantine")
    page = findings_page(findings(email, rows=3_000, total=9_000, drift=(new,)), "sha256:ab")
    for words in (
        "EMAIL_ADDRESS",
        "direct identifier; in quarantine",
        "97%",
        "12 of 3,000 values (0.4 %) look like EMAIL_ADDRESS.",
        "12 of 3,000 seen: below",
        "3,000 of 9,000 rows read, drawn at random",
        "Column &#x27;mail&#x27; is not in the contract",
        "sha256:ab",
    ):
        assert words in page, words


def test_every_name_is_escaped_and_nothing_in_the_page_runs_or_loads() -> None:
    signal = Signal(source="name", detail=HOSTILE)
    drift = Drift(kind="type", column=HOSTILE, against="findings", action="warn", before=HOSTILE, after=HOSTILE)
    seen = column(HOSTILE, entity=HOSTILE, dtype=HOSTILE, embedded=(HOSTILE,), signals=(signal,))
    page = findings_page(findings(seen, source=HOSTILE, contract=HOSTILE, drift=(drift,)), HOSTILE)
    assert "\x1b" not in page
    assert "\u202e" not in page
    tags = tags_of(page)
    assert not {"script", "img", "link", "a", "iframe", "form", "object", "embed"} & {tag for tag, _ in tags}
    assert {name for _, attributes in tags for name in attributes} <= {"class", "lang", "charset", "scope"}


def test_the_only_style_is_the_one_that_the_policy_names() -> None:
    import hashlib
    from base64 import b64encode

    page = findings_page(findings(column("a")), "sha256:ab")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in HEADERS["Content-Security-Policy"]
    assert "style=" not in page


DAG_RUN = Caller(actor="airflow", run="people/monday", task="detect")


class Site:
    """The application with findings behind it, and an auth manager that knows who may read which DAG."""

    def __init__(self, client: Any, digest: str, workspace: Any) -> None:
        self.client, self.digest, self.workspace = client, digest, workspace

    def get(self, dag: str, digest: str | None = None, *, user: str | None = "vera") -> Any:
        headers = {"Authorization": f"Bearer {user}"} if user else {}
        return self.client.get(f"/findings/{dag}/{self.digest if digest is None else digest}", headers=headers)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    from airflow.api_fastapi.core_api import security
    from fastapi.testclient import TestClient

    from airflow_privacy.ui.app import create_app

    case, workspace = write_case(tmp_path), workspace_in(tmp_path)
    monkeypatch.setenv("AIRFLOW__PRIVACY__HOME", str(workspace.home))
    ref = prepare.detect(workspace, DAG_RUN, source=str(case.raw), contract=str(case.contract)).ref

    async def user_of(token: str) -> SimpleNamespace:
        return SimpleNamespace(name=token, get_id=lambda: token, get_name=lambda: token)

    def may(*, method: str, user: SimpleNamespace, access_entity: object = None, details: Any = None) -> bool:
        return bool(method == "GET" and user.name == "vera" and details.id in ("people", "other", "command-line"))

    manager = SimpleNamespace(get_user_from_token=user_of, is_authorized_dag=may)
    monkeypatch.setattr(security, "get_auth_manager", lambda: manager)
    monkeypatch.setattr(security.DagModel, "get_team_name", staticmethod(lambda *_, **__: None))
    with TestClient(create_app()) as client:
        yield Site(client, ref.digest, workspace)


def test_who_may_read_the_dag_gets_its_findings(site: Site) -> None:
    reply = site.get("people")
    assert reply.status_code == 200
    assert "EMAIL_ADDRESS" in reply.text
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'self'" in reply.headers["content-security-policy"]
    assert reply.headers["content-type"].startswith("text/html")


def test_who_is_not_signed_in_gets_nothing(site: Site) -> None:
    assert site.get("people", user=None).status_code == 401


def test_who_may_not_read_the_dag_gets_nothing(site: Site) -> None:
    assert site.get("people", user="mallory").status_code == 403
    assert site.get("secret").status_code == 403


def test_findings_of_another_dag_are_not_shown(site: Site) -> None:
    assert site.get("other").status_code == 404


def test_findings_that_no_dag_made_are_not_shown(site: Site, tmp_path: Path) -> None:
    record(site.workspace, Caller(actor="x", run="command-line"), "detected", links={"findings": "sha256:" + "0" * 64})
    case = write_case(tmp_path / "second", rows=50)
    ref = prepare.detect(site.workspace, Caller(actor="x", run="command-line"), source=str(case.raw), contract=None).ref
    assert site.get("command-line", ref.digest).status_code == 404


@pytest.mark.parametrize(
    "digest", ["sha256:" + "0" * 64, "sha256:../../etc/passwd", "..%2f..%2fledger.db", "sha256:" + "A" * 64, "x", "%00"]
)
def test_what_is_no_digest_of_findings_is_not_found(site: Site, digest: str) -> None:
    assert site.get("people", digest).status_code == 404


def test_an_artifact_that_was_changed_is_not_shown(site: Site) -> None:
    path = site.workspace.artifacts.reference("findings", site.digest).uri
    Path(path).write_text(Path(path).read_text().replace("EMAIL_ADDRESS", "NOTHING"))
    assert site.get("people").status_code == 404


def test_another_kind_of_artifact_is_not_shown(site: Site) -> None:
    plan = site.workspace.artifacts.put_bytes("plan", b'{"kind":"plan"}')
    record(site.workspace, CALLER, "detected", links={"findings": plan.digest})
    assert site.get("dag", plan.digest).status_code in (403, 404)
