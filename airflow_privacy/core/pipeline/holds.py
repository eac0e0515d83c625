"""Legal holds: placed, lifted, listed, and what they cover when a purge asks.

``<home>/holds/<id>.json`` (0600) holds the document, ``<id>.lifted`` says that it was lifted; nothing is ever deleted, because a
plan that counted on a hold keeps counting on it. The ledger knows of every hold by digest: one whose document is missing or was
changed stops every purge, since nobody can say what it covers.

A subject is known by an HMAC under the key scope :data:`SCOPE`. After a rotation the digests of all versions are compared; where
one of them was destroyed, nobody can be told apart, and a hold of a subject covers all rows of its datasets.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import polars as pl

from airflow_privacy.core.errors import BadInput, KeyUnavailable, StorageUnavailable
from airflow_privacy.core.keyring import list_keys
from airflow_privacy.core.keyring.files import publish, read_private
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.pseudonymization.normalize import CHARACTER_STEPS, normalize
from airflow_privacy.core.mask.pseudonymization.pseudonymize import hmac_sha256
from airflow_privacy.core.model.codec import Value, canonical, digest_of, parse
from airflow_privacy.core.model.purge import Hold
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.retention.hold import Cover, Digests, cover_of, in_force, partition_of
from airflow_privacy.core.retention.plan import written

SCOPE = "*/legal-hold/*"
"""The key scope of holds: ``airflow-privacy keys init --scope '*/legal-hold/*'``."""

PLACED, LIFTED = "hold-placed", "hold-lifted"
_TECHNIQUE = "hmac_token"
_LONGEST = 500

T = TypeVar("T", Hold, "Lifted")


class Lifted(Value, frozen=True, kw_only=True):
    """That a hold was lifted: when, and by whom."""

    at: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """A hold, and whether and when it was lifted."""

    hold: Hold
    lifted: Lifted | None = None


def place_hold(
    workspace: Workspace,
    caller: Caller,
    *,
    dataset: str,
    owner: str,
    because: str,
    partition: str = "",
    subject: str = "",
    ends_at: datetime | None = None,
) -> Hold:
    """Place a hold and record ``hold-placed``. It counts from when its document is there, before the ledger says so.

    :param dataset: a contract's id, or ``*``. :param partition: ``column=value`` as the folder is called.
    :param subject: the subject's key, as the data has it; only its keyed digest is kept.
    :param because: why, in a sentence without data values.
    :param ends_at: aware; ``None`` for no end.
    :raises BadInput: nothing to hold, a partition that is none, both a partition and a subject, an end in the past.
    :raises KeyUnavailable: a subject is given, and the scope of holds has no key.
    """
    dataset, owner, because = dataset.strip(), owner.strip(), because.strip()
    if not dataset or not owner or not because or len(because) > _LONGEST or not because.isprintable():
        raise BadInput("bad-hold", f"A hold needs a dataset, an owner and a reason of one line, up to {_LONGEST} characters")
    if partition and subject:
        raise BadInput("bad-hold", "A hold is of a dataset, of one partition or of one subject", do="Place two holds.")
    if partition:
        partition_of(partition)
    now = workspace.now()
    if ends_at is not None and (ends_at.utcoffset() is None or ends_at <= now):
        raise BadInput("bad-hold", "A hold ends at a time to come, with a time zone", where="ends_at")
    hold = Hold(
        id=secrets.token_hex(6),
        dataset=dataset,
        owner=owner,
        because=because,
        placed_at=written(now),
        ends_at=written(ends_at) if ends_at else "",
        partition=partition,
        subject=subject_digest(workspace, subject) if subject else "",
    )
    workspace.ledger()  # no hold that could not be recorded
    _write(workspace, f"{hold.id}.json", canonical(hold))
    record(workspace, caller, PLACED, links={"hold": digest_of(hold)}, reason=hold.id)
    return hold


def lift_hold(workspace: Workspace, caller: Caller, hold: str) -> Hold:
    """Lift a hold and record ``hold-lifted``; lifting it again changes nothing. The ledger says so before it counts.

    :raises BadInput: there is no such hold.
    """
    known = {one.hold.id: one for one in list_holds(workspace)}
    if hold not in known:
        raise BadInput("unknown-hold", "There is no such hold", where="hold", do="See airflow-privacy hold list.")
    found = known[hold]
    if found.lifted is None:
        lifted = Lifted(at=written(workspace.now()), by=caller.actor)
        digest = digest_of(found.hold)
        if not any(fact.kind == LIFTED for _, fact in workspace.ledger().find("hold", digest)):
            record(workspace, caller, LIFTED, links={"hold": digest}, reason=hold)
        _write(workspace, f"{hold}.lifted", canonical(lifted))
    return found.hold


def list_holds(workspace: Workspace) -> tuple[Known, ...]:
    """All holds that were ever placed, oldest first.

    :raises BadInput: a document is missing, damaged, or not the one that the ledger knows.
    """
    folder = workspace.home / "holds"
    found: dict[str, Known] = {}
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        hold = _read(Hold, path)
        if hold.id != path.stem:
            raise _damaged(path.stem, "is another one than its name says")
        lifted = path.with_suffix(".lifted")
        told = _read(Lifted, lifted) if lifted.exists() else None
        found[hold.id] = Known(hold=hold, lifted=told)
    _require_recorded(workspace, found)
    return tuple(sorted(found.values(), key=lambda one: (one.hold.placed_at, one.hold.id)))


def cover_for(workspace: Workspace, dataset: str, *, as_of: datetime, also: Iterable[str] = ()) -> Cover:
    """What is held of a dataset: by every hold that was not lifted and has not ended at *as_of*, and by those named in *also*.

    :param also: ids of holds that a plan counted on: what they kept was not planned, and stays under that plan.
    :raises BadInput: a hold's document is missing or damaged, or *also* names none.
    """
    known = {one.hold.id: one for one in list_holds(workspace)}
    for hold in also:
        if hold not in known:
            raise _damaged(hold, "is missing, and a plan counted on it")
    named = set(also)
    holds = [one.hold for key, one in known.items() if key in named or (one.lifted is None and in_force(one.hold, at=as_of))]
    return cover_of(holds, dataset)


def subject_digest(workspace: Workspace, subject: str) -> str:
    """The keyed digest of one subject's key, under the newest key of the scope.

    :raises BadInput: it is blank. :raises KeyUnavailable: the scope has no key.
    """
    digest = _digests(pl.Series([subject], dtype=pl.String), workspace.keyring().technique_key(SCOPE, _TECHNIQUE).hex())[0]
    if digest is None:
        raise BadInput("no-subject", "The subject's key is blank", where="subject")
    return str(digest)


def subject_digests(workspace: Workspace) -> Digests | None:
    """Keyed digests of whole columns, one series for each version of the key; ``None`` where a version was destroyed."""
    versions = [key for key in list_keys(workspace.home) if key.scope == SCOPE]
    if any(key.state == "destroyed" for key in versions):
        return None
    keyring = workspace.keyring()
    keys = [keyring.technique_key(SCOPE, _TECHNIQUE, key.version).hex() for key in versions]
    return lambda values: [_digests(values, key) for key in keys]


def _digests(values: pl.Series, key: str) -> pl.Series:
    """HMAC-SHA-256 over the canonical text, trimmed, NFKC, case folded; null where there is no text or the type has none."""
    if values.dtype.is_float() or values.dtype.is_nested() or values.dtype == pl.Null:
        return pl.Series([None] * len(values), dtype=pl.String)
    column = values.alias("subject")
    texts = column.to_frame().select(canonical_text("subject", column.dtype).alias("subject")).to_series()
    folded = normalize(texts.cast(pl.String), CHARACTER_STEPS, None, None).alias("subject")
    return folded.to_frame().select(hmac_sha256(pl.col("subject"), key)).to_series()


def _require_recorded(workspace: Workspace, found: dict[str, Known]) -> None:
    if not workspace.ledger_path.exists():
        return
    placed: dict[str, str] = {}
    for _, fact in LedgerView(workspace.ledger_path).facts():
        if fact.kind == PLACED:
            placed |= {link.digest: fact.reason for link in fact.links if link.kind == "hold"}
    there = {digest_of(one.hold) for one in found.values()}
    for digest, name in placed.items():
        if digest not in there:
            raise _damaged(name, "is missing or was changed: the ledger knows of another one")


def _read(kind: type[T], path: Path) -> T:
    try:
        return parse(kind, read_private(path), where=f"hold {path.stem}")
    except KeyUnavailable:  # it speaks of keys
        pass
    except BadInput:
        pass
    raise _damaged(path.stem, "is unreadable, or open to others than its owner")


def _write(workspace: Workspace, name: str, data: bytes) -> None:
    folder = workspace.home / "holds"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        publish(folder / name, data, 0o600)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise StorageUnavailable("hold-not-written", f"The hold could not be written: {problem}", where=str(folder))


def _damaged(name: str, how: str) -> BadInput:
    return BadInput(
        "hold-damaged",
        f"The document of hold {name} {how}; what it covers cannot be told, so that nothing is purged",
        where=f"holds/{name}.json",
        do="Restore it from the backup of the privacy home.",
    )
