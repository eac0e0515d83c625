"""Every version in a dataset's folder with what it was made by: its artifact, its plan, and the passports that hold for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from airflow_privacy.core.attest.dsse import open_value
from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io.purge.version_folders import Folder, folders_of
from airflow_privacy.core.io.storage import Storage
from airflow_privacy.core.io.tables import is_table, stated_rows
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.codec import digest_of, sha256
from airflow_privacy.core.model.dataset import Dataset, Manifest
from airflow_privacy.core.model.passport import PAYLOAD_TYPE, Statement
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.policy.environments import normalise


@dataclass(frozen=True, kw_only=True)
class KnownVersion:
    """:param dataset: as it lies at the folder that was asked for; :param digest: of the artifact as it was made.
    :param passports: digest → what it states; signed by this home's key, expired ones too."""

    folder: Folder
    dataset: Dataset
    digest: str
    plan: MaskingPlan
    passports: dict[str, Statement]
    current: bool


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What is in a folder. ``unknown``: versions of which no artifact says how they were made. ``rests``: what is left of
    versions, without a manifest, and of killed writers."""

    known: tuple[KnownVersion, ...] = ()
    unknown: tuple[str, ...] = ()
    rests: tuple[Folder, ...] = ()


def versions_at(workspace: Workspace, uri: str) -> Versions:
    """Look through a dataset's folder; nothing of the files is read. A table is the one version that it holds.

    :raises BadInput: ``nothing-there``.
    """
    if is_table(uri):
        return _table_at(workspace, uri)
    storage = workspace.storages(uri)
    there = folders_of(storage)
    statements = dict(_signed(workspace, storage, there.passports))
    made = _made(workspace, uri, statements)
    known, unknown, rests = [], [], []
    for folder in there.versions.values():
        found = made.get(folder.manifest) if folder.is_whole else None
        if not folder.is_whole:
            rests.append(folder)
        elif found is None:
            unknown.append(folder.name)
        else:
            digest, dataset, plan = found
            about = {name: one for name, one in statements.items() if one.predicate.version == folder.name}
            known.append(
                KnownVersion(
                    folder=folder,
                    dataset=msgspec.structs.replace(dataset, uri=uri),
                    digest=digest,
                    plan=plan,
                    passports=about,
                    current=folder.name == there.current,
                )
            )
    return Versions(known=tuple(known), unknown=tuple(unknown), rests=tuple(rests))


def _signed(workspace: Workspace, storage: Storage, names: dict[str, Statement]) -> Iterator[tuple[str, Statement]]:
    key = public_keys(workspace.home)["passport"].public_key
    for name in names:
        found = storage.fetch(name)
        try:
            statement = open_value(Statement, found.data if found else b"", payload_type=PAYLOAD_TYPE, public_key=key)
        except VerificationError:
            continue
        yield name.removeprefix("passports/").removesuffix(".json"), statement


def _made(workspace: Workspace, uri: str, statements: dict[str, Statement]) -> dict[str, tuple[str, Dataset, MaskingPlan]]:
    """By the digest of the manifest: the datasets that the ledger or a passport knows at this place."""
    found = {}
    for digest, dataset, plan in _artifacts(workspace, uri, statements):
        manifest = Manifest(version=dataset.version, plan=dataset.plan, files=dataset.files)
        found[digest_of(manifest)] = (digest, dataset, plan)
    return found


def _artifacts(workspace: Workspace, uri: str, statements: dict[str, Statement]) -> Iterator[tuple[str, Dataset, MaskingPlan]]:
    place, store = normalise(uri), workspace.artifacts
    stated = {statement.predicate.dataset for statement in statements.values()}
    linked: set[str] = set()
    if workspace.ledger_path.is_file():
        facts = LedgerView(workspace.ledger_path).facts()
        linked = {link.digest for _, fact in facts for link in fact.links if link.kind in ("dataset", "successor")}
    for digest in sorted(stated | linked):
        try:
            dataset = store.find(Dataset, digest)
            plan = store.find(MaskingPlan, dataset.plan)
        except BadInput:
            continue  # of another store, or turned back to identifiers: no plan says how
        if digest in stated or normalise(dataset.uri) == place:
            yield digest, dataset, plan


def _table_at(workspace: Workspace, uri: str) -> Versions:
    stated = stated_rows(uri, databases=workspace.databases)
    statements: dict[str, Statement] = {}
    if stated.passport:
        key = public_keys(workspace.home)["passport"].public_key
        envelope = stated.passport.encode()
        statements[sha256(envelope)] = open_value(Statement, envelope, payload_type=PAYLOAD_TYPE, public_key=key)
    for digest, dataset, plan in _artifacts(workspace, uri, statements):
        if (dataset.version, dataset.rows_digest) == (stated.version, stated.rows_digest):
            known = KnownVersion(
                folder=Folder(name=stated.version, things=(), rows=stated.rows),
                dataset=msgspec.structs.replace(dataset, uri=uri),
                digest=digest,
                plan=plan,
                passports=statements,
                current=True,
            )
            return Versions(known=(known,))
    return Versions(unknown=(stated.version,))
