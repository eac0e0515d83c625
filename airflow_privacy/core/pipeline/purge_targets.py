"""Which store a place is, and what is judged there. Each store's module is imported when its place is opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.lakehouse import is_lakehouse
from airflow_privacy.core.io.purge.target import Before, Rule, Target
from airflow_privacy.core.io.sql import is_sql, parse_sql
from airflow_privacy.core.io.tables import is_table
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.purge import Method
from airflow_privacy.core.pipeline.holds import subject_digests
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.core.retention.hold import Cover
from airflow_privacy.core.retention.rule import By, Watch, judges_of

if TYPE_CHECKING:
    from airflow_privacy.core.io.purge.foreign_keys import ForeignKey

KEYS = "keyring:"
"""What the URI of a scope's keys begins with; the scope follows."""

_THINGS: tuple[Method, ...] = ("delete-files", "delete-objects")
_POINTER = "current.json"


def judged_by(workspace: Workspace, uri: str, anchor: str | None, *, method: Method | None = None) -> By:
    """What is judged at a place: rows of tables, and of files whose anchor is a column of theirs; files and partitions as a
    whole; our own versions by when they were written.

    :param method: of a step that was planned there, which decides where the place itself no longer tells.
    """
    if method in ("drop-versions", "delete-traces", "destroy-keys") or uri.startswith(KEYS):
        return "age"
    if method in _THINGS:
        return "age" if anchor is None else "partition"
    if method is not None or is_table(uri):
        return "rows"
    if anchor is None or is_published(workspace, uri):
        return "age"
    return "partition" if _is_partitioned(workspace, uri, anchor) else "rows"


def rule_for(
    workspace: Workspace, contract: Contract, *, by: By, as_of: datetime, cover: Cover, watch: Watch | None = None
) -> tuple[Rule, str]:
    """The contract's period as a rule for one store, and why things go, in a sentence.

    :raises BadInput: as :func:`judges_of`.
    """
    digests = subject_digests(workspace) if cover.subjects else None
    judges = judges_of(contract, by=by, as_of=as_of, cover=cover, digests=digests, watch=watch)
    # An anchor that is the limit itself has outlived the period.
    bound = (
        Before(column=judges.anchor, moment=judges.limit + timedelta(microseconds=1)) if by == "rows" and judges.anchor else None
    )
    rule = Rule(columns=judges.columns, judge_rows=judges.rows, judge_thing=judges.thing, bound=bound)
    return rule, judges.reason


def target_for(
    workspace: Workspace,
    uri: str,
    rule: Rule,
    *,
    method: Method | None = None,
    earlier: Sequence[str] = (),
    wait: timedelta = timedelta(0),
    caller: Caller | None = None,
) -> Target:
    """The place, ready to be looked at. A rule with columns judges rows, one without whole things.

    :param earlier: places whose rows go before in the same plan: what only they refer to is not counted as kept.
    :param wait: how long old versions of a Delta or Iceberg table stay after they were replaced.
    :param caller: who destroys keys, for the ledger.
    :raises BadInput: nothing here knows how to open it.
    """
    if method == "delete-traces":
        do = "Use airflow-privacy purge traces run, or purge traces verify."
        raise BadInput("needs-airflow", "Traces of Airflow go through its API, which needs a token", where=uri, do=do)
    if uri.startswith(KEYS):
        from airflow_privacy.core.pipeline.keys_target import keys_target

        if caller is None:
            raise BadInput("wrong-place", "Keys are no place of this", where=uri)
        return keys_target(workspace, caller, scope=uri.removeprefix(KEYS), rule=rule)
    if is_sql(uri):
        from airflow_privacy.core.io.purge.table_rows import table_rows_target

        goes = _keys_of(workspace, uri, earlier) if any(is_sql(one) for one in earlier) else ()
        return table_rows_target(uri, rule=rule, databases=workspace.databases, goes=goes)
    if is_lakehouse(uri):
        from airflow_privacy.core.io.purge.lakehouse import lakehouse_target

        return lakehouse_target(uri, rule=rule, wait=wait, now=workspace.now)
    if method == "drop-versions" or (method is None and is_published(workspace, uri)):
        from airflow_privacy.core.io.purge.versions import versions_target

        return versions_target(uri, rule=rule, storages=workspace.storages)
    if rule.columns:
        from airflow_privacy.core.io.purge.file_rows import file_rows_target

        return file_rows_target(uri, rule=rule, storages=workspace.storages)
    if uri.startswith("s3://"):
        from airflow_privacy.core.io.purge.objects import objects_target

        return objects_target(uri, rule=rule, storages=workspace.storages)
    from airflow_privacy.core.io.purge.files import files_target

    return files_target(uri, rule=rule, storages=workspace.storages)


def in_order(workspace: Workspace, uris: Sequence[str]) -> tuple[str, ...]:
    """Each place once, as given; tables of a database before the tables that they refer to."""
    once = tuple(dict.fromkeys(uris))
    tables = [uri for uri in once if is_sql(uri)]
    if len(tables) < 2:
        return once
    from airflow_privacy.core.io.purge.linked_tables import deletion_order

    ordered = iter(deletion_order(tables, workspace.databases))
    return tuple(next(ordered) if is_sql(uri) else uri for uri in once)


def _keys_of(workspace: Workspace, uri: str, earlier: Sequence[str]) -> tuple[ForeignKey, ...]:
    from airflow_privacy.core.io.purge.linked_tables import linked_tables

    place = parse_sql(uri)
    children = [parse_sql(one) for one in earlier if is_sql(one)]
    tables = linked_tables(workspace.databases(place.connection), place)
    return tuple(key for table in tables if table.place == place for key in table.referred if key.child in children)


def is_published(workspace: Workspace, uri: str) -> bool:
    """Whether our own versions lie in a folder."""
    return not is_table(uri) and not uri.startswith(KEYS) and workspace.storages(uri).size(_POINTER) is not None


def _is_partitioned(workspace: Workspace, uri: str, column: str) -> bool:
    storage = workspace.storages(uri)
    root = storage.local()
    if root is not None:
        return root.is_dir() and _has_folder(root, column)
    names = storage.names()
    # A bucket whose newest versions are all deleted still has the old ones, which only whole things reach.
    return not names or any(_key(part) == column for name in names for part in name.split("/")[:-1])


def _has_folder(root: Path, column: str) -> bool:
    folders = [root]
    while folders:
        for entry in folders.pop().iterdir():
            if entry.is_dir() and not entry.is_symlink():
                if _key(entry.name) == column:
                    return True
                folders.append(entry)
    return False


def _key(folder: str) -> str:
    key, equals, _ = folder.partition("=")
    return unquote(key) if equals else ""
