"""The end of an erasure: what is remembered of the person as keyed digests, the fact, and that the rest is forgotten."""

from __future__ import annotations

import contextlib
from pathlib import Path

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.tables import is_table
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.flow import Flow
from airflow_privacy.core.model.purge import Certificate, PurgePlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline import erase_files as files
from airflow_privacy.core.pipeline.erase_derived import masked_values
from airflow_privacy.core.pipeline.erase_identity import Digester, bound_to, digester
from airflow_privacy.core.pipeline.purge import check_certificate
from airflow_privacy.core.pipeline.purge_execution import PURGED, Purged
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.retention.erasure.remembered import Remembered, RememberedPlace
from airflow_privacy.core.retention.erasure.subject import DerivedPlace, Subject, SubjectPlace, joined
from airflow_privacy.core.retention.plan import LEGAL_HOLD

ERASED = "subject-erased"
"""The ledger's own fact ``erased`` is of a payload, and reserved."""


def remember(workspace: Workspace, subject: Subject) -> Remembered:
    """Write down the keyed digests, before anything goes. What a cut run has remembered is kept."""
    before = files.read(workspace.home, subject.request, files.DIGESTS, Remembered)
    digest = digester(workspace, before.key_version if before else None)
    known = {(one.contract, one.uri): one for one in before.places} if before else {}

    def digests(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(digest.of(pl.Series(list(texts), dtype=pl.String)).to_list()))

    def of_place(place: SubjectPlace) -> RememberedPlace:
        return RememberedPlace(
            contract=place.contract,
            uri=place.uri,
            columns=place.columns,
            digests=digests(place.identities),
            follow=place.follow,
        )

    def of_derived(place: DerivedPlace) -> RememberedPlace:
        old = known.get((place.contract, place.uri))
        masked = {name: digests(values) for name, values in masked_values(workspace, place).items()}
        return RememberedPlace(contract=place.contract, uri=place.uri, masked=joined(masked, old.masked if old else {}))

    made = Remembered(
        id=subject.request,
        key_version=digest.version,
        review=bound_to(workspace, subject),
        places=(*map(of_place, subject.places), *map(of_derived, subject.derived)),
    )
    files.write(workspace.home, subject.request, files.DIGESTS, made)
    return made


def digester_of(workspace: Workspace, remembered: Remembered) -> Digester:
    """The key that the digests were made with. :raises KeyUnavailable: it was destroyed."""
    return digester(workspace, remembered.key_version)


def finish(
    workspace: Workspace, caller: Caller, plan: ArtifactRef, planned: PurgePlan, ref: ArtifactRef, certificate: Certificate
) -> None:
    """Record ``subject-erased``, once, and forget identifiers and listings. Where a hold keeps rows, the request stays open."""
    stays = [kept for step in planned.steps for kept in step.kept] + [kept for one in certificate.looked for kept in one.kept]
    if any(kept.why == LEGAL_HOLD and kept.count for kept in stays):
        return
    told = LedgerView(workspace.ledger_path).find("purge-plan", plan.digest)
    if not any(fact.kind == ERASED for _, fact in told):
        planning = next(fact for _, fact in reversed(told) if fact.kind == "planned")
        links = {link.kind: link.digest for link in planning.links if link.kind in ("erasure-request", "erasure-affected")}
        counts = {"places": len(certificate.looked), "gone": sum(one.gone for one in certificate.looked)}
        record(
            workspace,
            caller,
            ERASED,
            links={**links, "purge-plan": plan.digest, "certificate": ref.digest},
            counts=counts,
            reason=planned.request,
        )
    forget(workspace, planned.request)


def remove_empty_folders(workspace: Workspace, subject: Subject) -> None:
    """Delete ``key=value`` folders that nothing is left in: their names can be the person's identifiers."""
    for place in subject.places:
        root = None if is_table(place.uri) else workspace.storages(place.uri).local()
        if root is None or not root.is_dir():
            continue
        folders = [path for path in root.rglob("*=*") if path.is_dir() and not path.is_symlink()]
        for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
            with contextlib.suppress(OSError):  # something is in it, or somebody else was faster
                folder.rmdir()


def forget(workspace: Workspace, request: str) -> None:
    """Delete the listings of every plan of a request, then its private files."""
    for plan in _plans(workspace, request):
        listings = {step.listing for step in plan.steps if step.listing}
        for digest in listings:
            Path(workspace.artifacts.reference("purge-listing", digest).uri).unlink(missing_ok=True)
    files.forget(workspace.home, request)


def erased_before(workspace: Workspace, plan: ArtifactRef) -> Purged | None:
    """What became of a plan that was carried out to the end; a kill after that left at most files to forget."""
    facts = [fact for _, fact in LedgerView(workspace.ledger_path).find("purge-plan", plan.digest)]
    done = [fact for fact in facts if fact.kind == ERASED]
    if not done:
        return None
    forget(workspace, done[-1].reason)
    digest = _link(done[-1], "certificate")
    ref = workspace.artifacts.reference("certificate", digest)
    counts = next((fact.counts for fact in reversed(facts) if fact.kind == PURGED), {})
    found = ArtifactRef(uri=ref.uri, digest=ref.digest, kind=ref.kind, counts=counts)
    return Purged(ref=found, certificate=check_certificate(workspace, ref), waiting_until=None, flow=Flow())


def _plans(workspace: Workspace, request: str) -> list[PurgePlan]:
    found = []
    for _, fact in LedgerView(workspace.ledger_path).facts():
        if fact.kind == "planned" and fact.reason == "erasure":
            try:
                plan = workspace.artifacts.find(PurgePlan, _link(fact, "purge-plan"))
            except BadInput:
                continue
            found += [plan] if plan.request == request else []
    return found


def _link(fact: Fact, kind: str) -> str:
    return next((link.digest for link in fact.links if link.kind == kind), "")
