"""Which versions of a dataset hold rows of a subject, and why a dataset may be left as it is. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import polars as pl

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.io.lakehouse import is_lakehouse
from airflow_privacy.core.io.purge.version_folders import is_dead
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.levels import KAnonymous
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline.places import open_dataset
from airflow_privacy.core.pipeline.published_versions import KnownVersion, Versions, versions_at
from airflow_privacy.core.pipeline.revocation import revocations_at
from airflow_privacy.core.pipeline.subject_rows import SubjectRows, not_seen, subject_rows
from airflow_privacy.core.pipeline.workspace import Workspace

Left: TypeAlias = Literal["", "anonymous", "no-link", "key-destroyed", "not-published"]
"""Why a dataset is left as it is: nobody can be found in it; none of its columns leads to the subject; the key that would lead
there was destroyed; there is no version at the place. Empty where it was looked through."""

BECAUSE: dict[Left, str] = {
    "": "",
    "anonymous": "The dataset is k-anonymous, without tokens: no row of it can be called the subject's.",
    "no-link": "No column of the dataset leads from the identifiers that are known to a row.",
    "key-destroyed": "The key that tokens or files were made with is destroyed: nobody can tell any more which rows are whose.",
    "not-published": "There is no version at the place.",
}
_OLDER = "Earlier versions of the table hold the rows until they are expired and vacuumed: purge the table for that."
_BACKUPS = "Backups, snapshots and copies of the dataset's files are not reached."


@dataclass(frozen=True, kw_only=True)
class HeldVersion:
    """One version in a dataset's folder that holds rows of the subject. ``passports`` are the digests of its passports."""

    version: str
    rows: int
    current: bool
    passports: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InPublished:
    """What a dataset holds of a subject: counts, names and digests only.

    :param versions: those that hold rows of it; empty where none does.
    :param columns: by which released columns rows were looked for.
    :param looked: how many versions, :param rows_looked: how many rows were looked through.
    :param rests: what is left of versions that were revoked, where an erasure was killed, and what writers left that died more
        than a day ago: it may hold rows of the subject and has no other use.
    :param because: a sentence for :attr:`left`.
    :param not_covered: what looking for rows by these columns cannot see, sentence by sentence.
    """

    uri: str
    versions: tuple[HeldVersion, ...] = ()
    columns: tuple[str, ...] = ()
    looked: int = 0
    rows_looked: int = 0
    rests: int = 0
    left: Left = ""
    because: str = ""
    not_covered: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of the subject over all versions."""
        return sum(version.rows for version in self.versions)

    @property
    def is_clear(self) -> bool:
        """Whether nothing of the subject can be found here."""
        return not self.versions and not self.rests


def count_in_published(workspace: Workspace, *, uri: str, subject_values: Mapping[str, pl.Series]) -> InPublished:
    """Look for a subject's rows in every version of the dataset at *uri*; nothing is changed.

    :param uri: the folder or table of a published, or of a staged dataset.
    :param subject_values: source column → the subject's values in it, in clear, as the source has them; a row is the subject's
        where one of these columns holds one of them. Where a token stands for several columns together, these have to be given
        in equal length, row by row.
    :raises VerificationError: a version's files do not hold against its manifest.
    """
    return look(workspace, uri, subject_values).found


@dataclass(frozen=True, kw_only=True)
class Held:
    """A version that holds ``rows_held`` rows of the subject, and how they are known."""

    known: KnownVersion
    rows: SubjectRows
    rows_held: int


@dataclass(frozen=True, kw_only=True)
class Look:
    """``rests``: names of versions that were revoked and are there still, or in part, and of what dead writers left."""

    found: InPublished
    held: tuple[Held, ...]
    rests: tuple[str, ...]


def look(workspace: Workspace, uri: str, subject_values: Mapping[str, pl.Series]) -> Look:
    """As :func:`count_in_published`, with what an erasure needs."""
    try:
        there = versions_at(workspace, uri)
    except BadInput as error:
        if error.reason not in ("nothing-there", "not-published"):
            raise
        there = Versions()
    revoked = {dataset.version for _, dataset in revocations_at(workspace, uri)}
    held: list[Held] = []
    why: list[Left] = []
    columns: list[str] = []
    looked = rows_looked = 0
    for known in there.known:
        try:
            rows = subject_rows(workspace, dataset=known.dataset, plan=known.plan, subject_values=subject_values)
            count = _count(workspace, known, rows) if rows.columns else 0
        except KeyUnavailable as error:
            if error.reason != "key-destroyed":
                raise
            why.append("key-destroyed")
            continue
        if not rows.columns:
            why.append("anonymous" if _is_anonymous(known) else "no-link")
            continue
        looked, rows_looked = looked + 1, rows_looked + known.dataset.rows
        columns += [name for name in rows.columns if name not in columns]
        if count:
            held.append(Held(known=known, rows=rows, rows_held=count))
    names = {one.known.folder.name for one in held}
    rests = {folder.name for folder in (*there.rests, *(known.folder for known in there.known))} & revoked - names
    unfinished = [folder for folder in there.rests if folder.name not in revoked]
    rests |= {folder.name for folder in unfinished if is_dead(folder, workspace.now())}
    writing = sum(folder.name not in rests for folder in unfinished)
    left: Left = "" if looked else (_first(why) if there.known or there.unknown else "not-published")
    not_covered = _not_covered(workspace, uri, there)
    if writing:
        not_covered.append(f"{writing} unfinished writes lie there, less than a day old: not looked through.")
    not_covered += [f"{BECAUSE[one]} (some versions)" for one in sorted(set(why)) if looked]
    found = InPublished(
        uri=uri,
        versions=tuple(
            HeldVersion(
                version=one.known.folder.name, rows=one.rows_held, current=one.known.current, passports=tuple(one.known.passports)
            )
            for one in held
        ),
        columns=tuple(columns),
        looked=looked,
        rows_looked=rows_looked,
        rests=len(rests),
        left=left,
        because=BECAUSE[left],
        not_covered=tuple(not_covered),
    )
    return Look(found=found, held=tuple(held), rests=tuple(sorted(rests)))


def _count(workspace: Workspace, known: KnownVersion, rows: SubjectRows) -> int:
    return sum(int(rows.of(slab).sum()) for slab in open_dataset(workspace, known.dataset).slabs())


def _is_anonymous(known: KnownVersion) -> bool:
    """k counts rows: a person with k rows of one token is k-anonymous by figures and known by the token."""
    levels = [statement.predicate.level for statement in known.passports.values()]
    return any(isinstance(level, KAnonymous) for level in levels) and not known.plan.tokens()


def _first(why: list[Left]) -> Left:
    order: tuple[Left, ...] = ("key-destroyed", "no-link", "anonymous")
    return next((one for one in order if one in why), "no-link")


def _not_covered(workspace: Workspace, uri: str, there: Versions) -> list[str]:
    found = [_BACKUPS, _OLDER] if is_lakehouse(uri) else [_BACKUPS]
    for known in there.known:
        found += [sentence for sentence in not_seen(known.plan) if sentence not in found]
    if there.unknown:
        found.append(f"{len(there.unknown)} versions lie there of which no artifact says how they were made: not looked through.")
    digests = {known.digest for known in there.known}
    for fact, _ in revocations_at(workspace, uri):
        digests.update(_datasets(fact))
    exports = sum(bool(digests & _datasets(fact)) for fact in _facts(workspace) if fact.kind == "exported")
    if exports:
        found.append(f"{exports} exports were made of its versions: their makers answer for them.")
    return found


def _facts(workspace: Workspace) -> list[Fact]:
    return [fact for _, fact in LedgerView(workspace.ledger_path).facts()] if workspace.ledger_path.is_file() else []


def _datasets(fact: Fact) -> set[str]:
    return {link.digest for link in fact.links if link.kind == "dataset"}
