"""Erasure in a published dataset: a version without the subject's rows takes its place; what held them is revoked, then deleted.

In this order: the successor is written, assessed and published; the passports of every version that holds the subject are
revoked in the ledger, where each consumer asks; the versions are deleted, superseded and staged ones too. A killed run is
repeated: what it left holds the subject still, or is the rest of a version that the ledger calls revoked, and goes.

Not reached: backups and copies of the files, exports, what models have learned (they are named), values of the subject that a
technique moved or averaged into other rows (the columns are named).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from airflow_privacy.core.errors import BadInput, CheckFailed, VerificationError
from airflow_privacy.core.io.purge.version_folders import Passports, folder_of, remove_folder, remove_pointer
from airflow_privacy.core.io.tables import is_table
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.levels import describe
from airflow_privacy.core.pipeline.affected import affected_models
from airflow_privacy.core.pipeline.places import current_at
from airflow_privacy.core.pipeline.proof import verify_passport_of
from airflow_privacy.core.pipeline.published_versions import Versions, versions_at
from airflow_privacy.core.pipeline.revocation import is_revoked, revocations_at, revoke
from airflow_privacy.core.pipeline.successor_look import BECAUSE, Held, InPublished, Left, look
from airflow_privacy.core.pipeline.successor_look import HeldVersion as HeldVersion
from airflow_privacy.core.pipeline.successor_look import count_in_published as count_in_published
from airflow_privacy.core.pipeline.successor_write import BelowThreshold as BelowThreshold
from airflow_privacy.core.pipeline.successor_write import NothingLeft, publish_successor, rewrite_staged_table
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record

_REQUEST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Successor:
    """What an erasure did to a dataset's folder; the same in a run that was killed and repeated, and in one more.

    :param version: what is published now; empty where nothing is. :param passport: its passport's digest.
    :param revoked: digests of the passports that do not hold any more.
    :param erased: version → rows of the subject that went with it.
    :param models: models that learned from one of these versions.
    """

    uri: str
    request: str
    version: str = ""
    passport: str = ""
    level: str = ""
    erased: Mapping[str, int] = field(default_factory=dict)
    revoked: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    left: Left = ""
    because: str = ""
    not_covered: tuple[str, ...] = ()

    def asset_extra(self) -> dict[str, str]:
        """What the asset event carries to consumers: the version that is current now, and its passport."""
        return {"version": self.version, "passport": self.passport, "privacy_level": self.level, "because": "erasure"}


def erase_from_published(
    workspace: Workspace,
    caller: Caller,
    *,
    uri: str,
    subject_values: Mapping[str, pl.Series],
    request: str,
    below_threshold: BelowThreshold = "fail",
) -> Successor:
    """Publish a successor without the subject's rows in place of the current version, and delete every version that held them.

    :param uri, subject_values: as of :func:`count_in_published`.
    :param request: the id of the erasure's request: letters, digits and ``._:-``; no value of the subject.
    :param below_threshold: what to do where the successor's risk is too high; a version that holds nothing but the subject's
        rows is taken down in any case.
    :raises CheckFailed: ``successor-risk``: the successor would not hold the boundary's thresholds; ``passport-expired``: nobody
        may use the dataset, and an erasure does not prolong that. Nothing was changed.
    :raises StorageUnavailable: among others ``publish-conflict``: something else was published meanwhile; try again.
    :raises VerificationError: what is published does not hold against its passport.
    """
    if _REQUEST.fullmatch(request) is None:
        raise BadInput("bad-request-id", "A request's id has letters, digits and ._:- only", where="request")
    reason = f"erasure {request}"
    seen = look(workspace, uri, subject_values)
    for held in seen.held:
        if held.known.current:
            _succeed(workspace, caller, uri, held, below_threshold, reason)
    if seen.found.left != "not-published":
        _settle(workspace, caller, uri, reason)
    if is_table(uri):
        return _done(workspace, uri, request, reason, seen.found)
    storage, there = workspace.storages(uri), versions_at(workspace, uri) if seen.held else Versions()
    for held in seen.held:
        _revoke(workspace, caller, held, there, reason)
    passports = Passports(storage)
    for name in (*(held.known.folder.name for held in seen.held), *seen.rests):
        remove_pointer(storage, name)
        folder = folder_of(storage, name, passports)
        if folder is not None:
            remove_folder(storage, folder)
    return _done(workspace, uri, request, reason, seen.found)


def _succeed(workspace: Workspace, caller: Caller, uri: str, held: Held, below_threshold: BelowThreshold, reason: str) -> None:
    """Publish the successor of the current version. Without one the pointer goes with the version; a table is not taken down."""
    if is_table(uri) and not held.known.passports:
        revoke(workspace, caller, dataset=held.known.digest, links={}, rows=held.rows_held, reason=reason)
        _rewrite(workspace, uri, held)
        return
    if is_revoked(workspace, "passport", current_at(workspace, uri).passport):
        return  # it came back from a backup: nobody may use it, and nothing is made of it
    try:
        checked = verify_passport_of(workspace, uri)
        suppress = below_threshold == "suppress"
        publish_successor(workspace, caller, old=held.known, checked=checked, rows=held.rows, suppress=suppress, reason=reason)
    except NothingLeft:
        _require_folder(uri)
    except VerificationError as error:
        if error.reason != "expired":
            raise
        if below_threshold != "withdraw":
            raise CheckFailed(
                "passport-expired",
                "The dataset's passport has expired: nobody may use it, and an erasure does not prolong it",
                where=uri,
                do="Take it down with below_threshold='withdraw', or release a new version first.",
            ) from None
        _require_folder(uri)
    except CheckFailed as error:
        if below_threshold != "withdraw":
            record(workspace, caller, "refused", links={"dataset": held.known.digest}, reason=error.reason)
            raise
        _require_folder(uri)


def _rewrite(workspace: Workspace, uri: str, held: Held) -> None:
    try:
        rewrite_staged_table(workspace, old=held.known, rows=held.rows)
    except NothingLeft:
        _require_folder(uri)


def _require_folder(uri: str) -> None:
    """:raises CheckFailed: it is a table, which somebody else has to drop."""
    if is_table(uri):
        raise CheckFailed(
            "table-to-be-dropped",
            "No version of the table without the subject's rows may be published, and a table is not dropped from here",
            where=uri,
            do="Drop the table, or release a new version into it.",
        ) from None


def _settle(workspace: Workspace, caller: Caller, uri: str, reason: str) -> None:
    """The facts of a successor that is published, each once: a run may have been killed before they were recorded."""
    known = next((one for one in versions_at(workspace, uri).known if one.current and one.passports), None)
    passport = current_at(workspace, uri).passport if known else ""
    if known is None or passport not in known.passports or known.passports[passport].predicate.because != reason:
        return
    ledger, release = LedgerView(workspace.ledger_path), known.passports[passport].predicate
    if not any(fact.kind == "transferred" for _, fact in ledger.find("passport", passport)):
        links = {"evidence": release.evidence, "dataset": release.dataset, "passport": passport}
        counts = {"rows": known.dataset.rows, "files": len(known.dataset.files)}
        record(workspace, caller, "transferred", links=links, counts=counts, reason=reason)
    erased = [fact.counts["erased"] for _, fact in ledger.find("evidence", release.evidence) if fact.kind == "released"]
    for _, fact in ledger.find("passport", release.succeeds):
        if fact.kind == "transferred":
            went = {link.kind: link.digest for link in fact.links}
            revoke(
                workspace, caller, dataset=went.pop("dataset"), links=went, rows=erased[-1], reason=reason,
                successor=release.dataset,
            )  # fmt: skip


def _revoke(workspace: Workspace, caller: Caller, held: Held, there: Versions, reason: str) -> None:
    """Every passport of the version, and the version itself where it has none."""
    known = held.known
    statements = [statement for one in there.known for statement in one.passports.values()]
    for passport, statement in known.passports.items():
        after = [one.predicate.dataset for one in statements if one.predicate.succeeds == passport]
        links = {"passport": passport, "evidence": statement.predicate.evidence}
        revoke(
            workspace, caller, dataset=statement.predicate.dataset, links=links, rows=held.rows_held, reason=reason,
            successor=after[-1] if after else "",
        )  # fmt: skip
    if not known.passports:
        revoke(workspace, caller, dataset=known.digest, links={}, rows=held.rows_held, reason=reason)


def _done(workspace: Workspace, uri: str, request: str, reason: str, found: InPublished) -> Successor:
    """What the ledger says of this request, and what is published now."""
    erased = [(fact, dataset) for fact, dataset in revocations_at(workspace, uri) if fact.reason == reason]
    passports = [link.digest for fact, _ in erased for link in fact.links if link.kind == "passport"]
    try:
        there = versions_at(workspace, uri)
        current = current_at(workspace, uri)
    except BadInput:
        there, current = Versions(), None
    stated = {passport: one for known in there.known for passport, one in known.passports.items()}
    level = describe(stated[current.passport].predicate.level) if current and current.passport in stated else ""
    left: Left = "" if erased else found.left
    versions = {dataset.version: fact.counts["rows"] for fact, dataset in erased}
    return Successor(
        uri=uri,
        request=request,
        version=current.version if current else "",
        passport=current.passport if current else "",
        level=level,
        erased=versions,
        revoked=tuple(passports),
        models=tuple(sorted({one.model for one in affected_models(workspace, uri, versions=versions)})),
        left=left,
        because=BECAUSE[left],
        not_covered=found.not_covered,
    )
