"""A contract with a retention period over folders of files, and a privacy home with keys: what a purge needs, in one folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.pipeline.holds import SCOPE
from airflow_privacy.core.pipeline.workspace import Caller, Workspace

NOW = datetime(2024, 6, 15, 9, 30, tzinfo=UTC)
CALLER = Caller(actor="airflow", run="dag/run", task="purge")

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: visits
name: visits
version: 1.0.0
status: active
servers:
  - server: raw
    type: local
    path: {place}
    format: parquet
roles:
  - role: analyst
    firstLevelApprovers: stella
schema:
  - name: visits
    properties:
      - {{name: mail, logicalType: string}}
      - {{name: day, logicalType: date}}
slaProperties:
  - {{property: retention, value: 30, unit: d{element}}}
customProperties:
  - {{property: privacy.owner, value: olivia}}
  - {{property: privacy.subjectKey, value: mail}}
"""


@dataclass(frozen=True)
class PurgeCase:
    """Where everything lies, and a clock that stands still."""

    workspace: Workspace
    place: Path
    contract: Path

    def at(self, moment: datetime) -> PurgeCase:
        """The same, at another time."""
        return replace(self, workspace=replace(self.workspace, now=lambda: moment))

    def files(self) -> list[str]:
        """Every file of the place, relative to it."""
        return sorted(str(path.relative_to(self.place)) for path in self.place.rglob("*") if path.is_file())

    def kinds(self) -> list[str]:
        """The kinds of the ledger's facts, in order."""
        return [fact.kind for _, fact in self.workspace.ledger().facts()]


def purge_case(
    folder: Path, files: Mapping[str, int] | None = None, *, anchor: str | None = "day", now: datetime = NOW
) -> PurgeCase:
    """Write contract, keys and files.

    :param files: name to age in days at :data:`NOW`; five old and fifteen young days as partitions by default.
    """
    place, home = folder / "visits", folder / "privacy"
    given = days(*range(40, 45), *range(1, 16)) if files is None else files
    place.mkdir(parents=True)
    for name, age in given.items():
        write_file(place / name, age=age, now=now)
    contract = folder / "visits.contract.yaml"
    contract.write_text(CONTRACT.format(place=place, element=f", element: {anchor}" if anchor else ""))
    init_keys(home, scopes=(SCOPE,))
    workspace = Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"), now=lambda: now)
    return PurgeCase(workspace, place, contract)


def days(*ages: int, now: datetime = NOW) -> dict[str, int]:
    """One file in a partition for each day of so many days ago."""
    return {f"day={(now - timedelta(days=age)).date()}/part-0.csv": age for age in ages}


def write_file(path: Path, *, age: int, now: datetime = NOW, text: str | None = None) -> None:
    """A small file that was written so many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if text is not None else f"mail\nperson{age}@mail.example\n")
    written = (now - timedelta(days=age)).timestamp()
    os.utime(path, (written, written))
