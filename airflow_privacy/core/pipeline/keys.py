"""Rotation and destruction of scope keys, each with its fact in the ledger."""

from __future__ import annotations

from airflow_privacy.core.keyring import KeyInfo, destroy_scope, rotate_scope
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record

ROTATED = "new tokens do not join with those made before; older versions go on to resolve theirs"
DESTROYED = (
    "reversible tokens and encrypted files made with it are unreadable for good; HMAC tokens stay, linkable among themselves"
)


def rotate(workspace: Workspace, caller: Caller, scope: str) -> KeyInfo:
    """Make the next version of a scope's key and record ``key-rotated``.

    :raises KeyUnavailable: the scope has no key yet, or the keyring is unsafe.
    :raises KeyServiceUnavailable: the root's key service did not answer.
    """
    workspace.ledger()  # no rotation that could not be recorded
    made = rotate_scope(workspace.home, scope, wrapper=workspace.key_wrapper, now=workspace.now)
    _record(workspace, caller, "key-rotated", made, ROTATED)
    return made


def destroy(workspace: Workspace, caller: Caller, scope: str, version: int | None) -> tuple[KeyInfo, ...]:
    """Destroy one version of a scope's key, or with ``None`` all, and record ``key-destroyed`` for each.

    The fact follows the deed, so that the ledger claims no destruction that did not happen. After a crash between the two the
    deed is done and unrecorded: to destroy again records it, and records nothing twice.

    :returns: the versions that are now destroyed.
    :raises KeyUnavailable: there is no such version, or the keyring is unsafe.
    """
    ledger = workspace.ledger()
    gone = destroy_scope(workspace.home, scope, version, now=workspace.now)
    known = {fact.reason for _, fact in ledger.facts() if fact.kind == "key-destroyed"}
    for key in gone:
        if _reason(key, DESTROYED) not in known:
            _record(workspace, caller, "key-destroyed", key, DESTROYED)
    return gone


def _record(workspace: Workspace, caller: Caller, kind: str, key: KeyInfo, meaning: str) -> None:
    record(workspace, caller, kind, links={}, counts={"version": key.version}, reason=_reason(key, meaning))


def _reason(key: KeyInfo, meaning: str) -> str:
    return f"{key.scope} version {key.version} key {key.id}: {meaning}"
