"""Where a step works: the privacy home with its keyring and ledger, the artifact store, and a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.sql import Databases, no_databases
from airflow_privacy.core.io.storage import Storages
from airflow_privacy.core.keyring import Keyring, Wrapper, open_keyring
from airflow_privacy.core.ledger.log import Ledger, open_ledger
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Fact, LedgerPosition, Link

LEDGER_ORIGIN = "airflow-privacy/ledger"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """:param home: the privacy home. :param artifacts: the store. :param now: the clock, aware and in UTC.
    :param storages: from a URI to where tables and datasets lie; by default the local file system only.
    :param key_wrapper: the root of the keyring where it lies elsewhere; by default it is a file of the home.
    :param databases: from a connection's id to its database, for ``sql://``; by default there is none.
    :param recognizers: a file with a user's own recognizers in Presidio's YAML format; none by default."""

    home: Path
    artifacts: ArtifactStore
    now: Callable[[], datetime] = field(default=_utc_now)
    storages: Storages = field(default=local_storage)
    key_wrapper: Wrapper | None = None
    databases: Databases = field(default=no_databases)
    recognizers: Path | None = None

    @property
    def ledger_path(self) -> Path:
        """The ledger's file."""
        return self.home / "ledger.db"

    @property
    def anchors(self) -> Path:
        """Where checkpoints are kept apart from the ledger."""
        return self.home / "anchors"

    def keyring(self) -> Keyring:
        """The keys of this home; a home without keys is an error."""
        return open_keyring(self.home, wrapper=self.key_wrapper)

    def ledger(self) -> Ledger:
        """The ledger, open for appending."""
        return open_ledger(self.ledger_path, origin=LEDGER_ORIGIN, signer=self.keyring().signer("checkpoint"))


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who runs a step, for the ledger: a user or ``airflow``, with run and task as ``<dag>/<run>`` and task id."""

    actor: str
    run: str = ""
    task: str = ""


def record(
    workspace: Workspace,
    caller: Caller,
    kind: str,
    *,
    links: Mapping[str, str],
    counts: Mapping[str, int] | None = None,
    reason: str = "",
    actor: str = "",
) -> LedgerPosition:
    """Append one fact to the ledger."""
    fact = Fact(
        kind=kind,
        at=workspace.now().isoformat(timespec="seconds"),
        actor=actor or caller.actor,
        run=caller.run,
        task=caller.task,
        links=tuple(Link(kind=name, digest=digest) for name, digest in links.items()),
        counts=dict(counts or {}),
        reason=reason,
    )
    return workspace.ledger().append(fact)


def links_of(*refs: ArtifactRef) -> dict[str, str]:
    """References as a fact's links."""
    return {ref.kind: ref.digest for ref in refs}
