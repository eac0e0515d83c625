"""The successor of a published version: its rows without the subject's, assessed again, with a passport of its own.

It is published on the authority of the erasure, without a new approval, because it can be no more than what was approved: fewer
rows of the same version, by the same plan, for the same recipient and purpose, until the same day. The evidence is another one,
though, and the risk may have grown; so the thresholds of the boundary are measured again, over all rows that are left, and where
one does not hold nothing is published on this authority. The passport says ``because`` and whom it ``succeeds``, names no
approval, and the ledger's fact ``released`` carries the request.

Not against: who holds the old version and the new one sees which rows went; and whoever may erase may leave rows out.
The policy is the one of the release, by its digest: its file may have changed since, and an erasure does not wait for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import polars as pl

from airflow_privacy.core.attest.passport import issue_passport
from airflow_privacy.core.errors import CheckFailed, StorageUnavailable
from airflow_privacy.core.io.rows_digest import rows_digest
from airflow_privacy.core.io.spool import spooled
from airflow_privacy.core.io.table_version import TableVersion
from airflow_privacy.core.io.tables import is_table, write_rows
from airflow_privacy.core.io.version import write_version
from airflow_privacy.core.io.version_copy import Current, publish
from airflow_privacy.core.keyring.file_keys import TECHNIQUE as FILE_KEYS
from airflow_privacy.core.mask.parts import PartFiles, write_part
from airflow_privacy.core.mask.records import ClassCounts, outside, small_classes
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.dataset import Dataset, Manifest, version_of_rows
from airflow_privacy.core.model.passport import Statement, Subject
from airflow_privacy.core.model.plan import RecordSuppression
from airflow_privacy.core.model.policy import Boundary, Policy
from airflow_privacy.core.model.release import Evidence
from airflow_privacy.core.model.risk import RiskReport
from airflow_privacy.core.pipeline.at_rest import key_uses, keys_for, keys_of, storages_for
from airflow_privacy.core.pipeline.figures_after import figures_after
from airflow_privacy.core.pipeline.places import content_of, current_at, open_dataset, table_manifest
from airflow_privacy.core.pipeline.proof import CheckedPassport
from airflow_privacy.core.pipeline.published_versions import KnownVersion
from airflow_privacy.core.pipeline.subject_rows import SubjectRows
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.policy.environments import boundary_of, environment_of
from airflow_privacy.core.risk.report import assess

BelowThreshold: TypeAlias = Literal["fail", "suppress", "withdraw"]
"""What becomes of a successor whose risk is above what the boundary allows: nothing happens and an error says so; rows of classes
that became too small go too, as far as the policy lets rows go; or the dataset is taken down without a successor."""

_DO = (
    "Erase with below_threshold='suppress' to leave out the classes that became too small (as far as the policy's "
    "suppression_limit goes), with 'withdraw' to take the dataset down, or release a new version through the gate first."
)


class NothingLeft(Exception):
    """All rows of the version are the subject's."""


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """The parts as they lie in the scratch folder. ``report`` is not about a digest yet."""

    paths: tuple[Path, ...]
    rows: int
    suppressed: int
    report: RiskReport | None


def publish_successor(
    workspace: Workspace,
    caller: Caller,
    *,
    old: KnownVersion,
    checked: CheckedPassport,
    rows: SubjectRows,
    suppress: bool,
    reason: str,
) -> None:
    """Write, assess and publish the version without the subject's rows; the pointer moves only if it still names *old*.

    Killed on the way it leaves at most a version that nobody was told of, which the next run finds again by its content.

    :raises CheckFailed: ``successor-risk``: a threshold does not hold; nothing is written then.
    :raises NothingLeft: there would be no rows.
    :raises StorageUnavailable: among others ``publish-conflict``: something else was published meanwhile.
    """
    policy = workspace.artifacts.find(Policy, old.plan.policy)
    boundary = boundary_of(policy, old.plan.source_environment, old.plan.destination)
    uri = old.dataset.uri
    environment = environment_of(policy, uri)
    before = workspace.artifacts.find(RiskReport, checked.statement.predicate.risk)
    limit = policy.suppression_limit if suppress else None

    def draft(folder: Path) -> _Draft:
        return _draft(workspace, folder, old, rows, before, boundary, limit=limit)

    if is_table(uri):
        with spooled() as folder:
            made = draft(folder)
            dataset, version = _table(workspace, old, made)

            def issue() -> bytes:
                if current_at(workspace, uri).passport != checked.digest:
                    what = "Somebody else published in this table at the same time"
                    raise StorageUnavailable("publish-conflict", what, where=uri, do="Try again.")
                return _issue(workspace, caller, old, checked, dataset, made, manifest=table_manifest(version), reason=reason)

            _write_table(workspace, dataset, version, made, issue)
        return
    storages, drafts = storages_for(workspace, environment, uri), list[_Draft]()
    manifest = write_version(
        uri,
        old.dataset.plan,
        lambda folder: drafts.append(draft(folder)),
        storages=storages,
        encryption=keys_of(workspace, old.dataset) or keys_for(workspace, environment, old.plan.scope),
    )
    dataset = _dataset(workspace, old, manifest, drafts[0])
    envelope = _issue(workspace, caller, old, checked, dataset, drafts[0], manifest=digest_of(manifest), reason=reason)
    instead_of = Current(version=old.dataset.version, passport=checked.digest)
    publish(uri, dataset.version, envelope, storages=storages, instead_of=instead_of)


def rewrite_staged_table(workspace: Workspace, *, old: KnownVersion, rows: SubjectRows) -> None:
    """A table that was masked and not published, without the subject's rows; nobody assessed it, so it cannot be released.

    :raises NothingLeft: there would be no rows.
    """
    with spooled() as folder:
        paths, written, _ = _parts(workspace, folder, old, rows, RecordSuppression(k=1, quasi_identifiers=(), limit=0.0))
        made = _Draft(paths=paths, rows=written, suppressed=0, report=None)
        dataset, version = _table(workspace, old, made)
        _write_table(workspace, dataset, version, made, None)
        workspace.artifacts.put(dataset)


def _issue(
    workspace: Workspace,
    caller: Caller,
    old: KnownVersion,
    checked: CheckedPassport,
    dataset: Dataset,
    draft: _Draft,
    *,
    manifest: str,
    reason: str,
) -> bytes:
    """The facts of the successor, and its passport."""
    assert draft.report is not None  # noqa: S101 - only an assessed draft is published
    ref = workspace.artifacts.put(dataset, counts={"rows": dataset.rows, "files": len(dataset.files)})
    report = msgspec.structs.replace(draft.report, dataset=ref.digest)
    risk = workspace.artifacts.put(report, counts={"k": report.after.k, "classes": report.after.classes, "violations": 0})
    record(workspace, caller, "assessed", links={"dataset": ref.digest, "risk": risk.digest}, counts=risk.counts, reason=reason)
    evidence = digest_of(Evidence(dataset=ref.digest, risk=risk.digest))
    # The fact comes first: a crash may leave a fact without a publication, never a publication without a fact.
    links = {"evidence": evidence, "dataset": ref.digest, "risk": risk.digest}
    counts = {**ref.counts, "erased": old.dataset.rows - draft.rows - draft.suppressed}
    position = record(workspace, caller, "released", links=links, counts=counts, reason=reason)
    release = msgspec.structs.replace(
        checked.statement.predicate,
        dataset=ref.digest,
        version=dataset.version,
        manifest=manifest,
        evidence=evidence,
        risk=risk.digest,
        approvals=(),
        level=report.level,
        k=report.after.k,
        issued_at=workspace.now().isoformat(timespec="seconds"),
        checkpoint=position.checkpoint,
        succeeds=checked.digest,
        because=reason,
    )
    subjects = tuple(
        Subject(name=name, digest={"sha256": digest.removeprefix("sha256:")}) for name, digest in content_of(dataset).items()
    )
    return issue_passport(Statement(subject=subjects, predicate=release), workspace.keyring().signer("passport"))


def _draft(
    workspace: Workspace,
    folder: Path,
    old: KnownVersion,
    rows: SubjectRows,
    before: RiskReport,
    boundary: Boundary,
    *,
    limit: float | None,
) -> _Draft:
    """Write the parts, and see that their risk is allowed."""
    quasi = old.plan.quasi_identifiers() if limit is not None else ()
    paths, written, suppressed = _parts(
        workspace, folder, old, rows, RecordSuppression(k=boundary.min_k, quasi_identifiers=quasi, limit=limit or 0.0)
    )
    after, k_with_tokens = figures_after(PartFiles(paths).slabs, old.plan, min_k=boundary.min_k)
    read = old.dataset.rows_read
    report = assess(
        dataset_digest="",
        plan=old.plan,
        plan_digest=old.dataset.plan,
        before=before.before,
        after=after,
        k_with_tokens=k_with_tokens,
        rows_kept=written / read,
        # The rows of the subject are left out because that is wanted, as those are that the plan's rules about records name.
        rows_dropped=(read - written - suppressed - old.dataset.rows_suppressed) / read,
        boundary=boundary,
    )
    if report.violations:
        raise CheckFailed(
            "successor-risk",
            f"Without the subject's rows the dataset would not hold what the boundary asks for: {'; '.join(report.violations)}",
            where=old.dataset.uri,
            do=_DO,
        )
    return _Draft(paths=paths, rows=written, suppressed=suppressed, report=report)


def _parts(
    workspace: Workspace, folder: Path, old: KnownVersion, rows: SubjectRows, suppression: RecordSuppression
) -> tuple[tuple[Path, ...], int, int]:
    """Write what is left, part by part; the rows that were written and those that were left out beside the subject's."""
    opened = open_dataset(workspace, old.dataset)

    def left() -> Iterator[pl.DataFrame]:
        for slab in opened.slabs():
            yield slab.filter(~rows.of(slab))

    quasi = suppression.quasi_identifiers
    small, counted = pl.DataFrame(), ClassCounts(quasi)
    if quasi:
        for slab in left():
            counted.add(slab)
        small = small_classes(counted.table(), suppression)
    paths: list[Path] = []
    written = suppressed = 0
    for slab in left():
        large = outside(slab, small, quasi) if small.height else None
        kept = slab if large is None else slab.filter(large)
        suppressed += slab.height - kept.height
        if kept.height:
            paths.append(folder / f"part-{len(paths):05d}.parquet")
            write_part(kept, paths[-1])
            written += kept.height
    if not written:
        raise NothingLeft
    return tuple(paths), written, suppressed


def _table(workspace: Workspace, old: KnownVersion, draft: _Draft) -> tuple[Dataset, TableVersion]:
    made = workspace.artifacts.find(Dataset, old.digest)
    digest = rows_digest(PartFiles(draft.paths).slabs(), made.columns)
    version = TableVersion(version=version_of_rows(digest, made.plan), rows_digest=digest, plan=made.plan, rows=draft.rows)
    dataset = msgspec.structs.replace(
        made,
        version=version.version,
        sources=(old.digest,),
        rows=draft.rows,
        rows_suppressed=made.rows_suppressed + draft.suppressed,
        rows_digest=digest,
    )
    return dataset, version


def _write_table(
    workspace: Workspace, dataset: Dataset, version: TableVersion, draft: _Draft, seal: Callable[[], bytes] | None
) -> None:
    frames = PartFiles(draft.paths).slabs()
    write_rows(dataset.uri, frames, columns=dataset.columns, version=version, databases=workspace.databases, seal=seal)


def _dataset(workspace: Workspace, old: KnownVersion, manifest: Manifest, draft: _Draft) -> Dataset:
    made = workspace.artifacts.find(Dataset, old.digest)
    keys = (*(use for use in made.keys if use.technique != FILE_KEYS), *key_uses(manifest.files))
    return msgspec.structs.replace(
        made,  # where it was published, which may be mounted elsewhere here
        version=manifest.version,
        sources=(old.digest,),
        rows=draft.rows,
        rows_suppressed=made.rows_suppressed + draft.suppressed,
        files=manifest.files,
        scope=old.plan.scope if keys else "",
        keys=keys,
    )
