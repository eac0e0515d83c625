"""Contracts with a subject key over any places, a privacy home with keys, and the way from a request to a certificate."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.sql import Databases, no_databases
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline.erase import Planned, plan_erasure, request_erasure, review_erasure, run_erasure
from airflow_privacy.core.pipeline.erase_files import REVIEW, read
from airflow_privacy.core.pipeline.erase_identity import SCOPE
from airflow_privacy.core.pipeline.holds import SCOPE as HOLDS
from airflow_privacy.core.pipeline.purge_execution import Purged
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.core.retention.erasure.review import Candidate, Review

NOW = datetime(2024, 6, 15, 9, 30, tzinfo=UTC)
CALLER = Caller(actor="olivia", run="dag/run", task="erase")

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
servers:
  - {{server: main, type: local, path: "{place}"}}
roles:
  - {{role: analyst, firstLevelApprovers: stella}}
schema:
  - name: {name}
    properties:
{columns}
customProperties:
  - {{property: privacy.owner, value: olivia}}
  - {{property: privacy.subjectKey, value: {key}}}
"""


@dataclass(frozen=True)
class EraseCase:
    """A home, a clock that stands still, and contracts by name."""

    folder: Path
    workspace: Workspace
    contracts: dict[str, Path] = field(default_factory=dict)

    def contract(self, name: str, place: str | Path, key: str, columns: Sequence[str] = (), unique: Sequence[str] = ()) -> Path:
        """Write one contract."""
        lines = [
            f"      - {{name: {column}, logicalType: string{', unique: true' if column in unique else ''}}}"
            for column in dict.fromkeys([key, *columns])
        ]
        path = self.folder / "contracts" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(CONTRACT.format(name=name, place=place, key=key, columns="\n".join(lines)))
        self.contracts[name] = path
        return path

    def at(self, moment: datetime) -> EraseCase:
        """The same, at another time."""
        return replace(self, workspace=replace(self.workspace, now=lambda: moment))

    def request(self, identifiers: Mapping[str, object], match: Sequence[Mapping[str, object]] = ()) -> str:
        """The id of a new request."""
        data = json.dumps({"identifiers": identifiers, "match": list(match)}).encode()
        return request_erasure(self.workspace, CALLER, data=data).id

    def plan(self, request: str, **given: object) -> Planned:
        """Look, and plan if all are decided."""
        return plan_erasure(
            self.workspace, CALLER, request=request, contracts=[self.folder / "contracts"], **{"max_share": 1.0, **given}
        )  # type: ignore[arg-type]

    def candidates(self, request: str) -> tuple[Candidate, ...]:
        """Who may be meant."""
        review = read(self.workspace.home, request, REVIEW, Review)
        assert review is not None
        return review.candidates

    def confirm(self, request: str) -> None:
        """Everybody whom the matcher takes for the person is it, the others are not."""
        found = self.candidates(request)
        person = [number for number, one in enumerate(found, 1) if one.why != "review"]
        other = [number for number, one in enumerate(found, 1) if one.why == "review"]
        if found:
            review_erasure(self.workspace, CALLER, request=request, person=person, other=other)

    def planned(self, request: str, **given: object) -> ArtifactRef:
        """Look, confirm, plan."""
        self.plan(request, **given)
        self.confirm(request)
        outcome = self.plan(request, **given).outcome
        assert outcome is not None
        return outcome.ref

    def erase(self, request: str, **given: object) -> Purged:
        """From the request to the certificate."""
        return run_erasure(self.workspace, CALLER, plan=self.planned(request, **given))

    def kinds(self) -> list[str]:
        """The kinds of the ledger's facts, in order."""
        return [fact.kind for _, fact in self.workspace.ledger().facts()]


def erase_case(folder: Path, *, databases: Databases = no_databases, scopes: Sequence[str] = ()) -> EraseCase:
    """A home with keys, and no contract yet."""
    home = folder / "privacy"
    init_keys(home, scopes=(SCOPE, HOLDS, *scopes))
    workspace = Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"), now=lambda: NOW, databases=databases)
    return EraseCase(folder, workspace)
