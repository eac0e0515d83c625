"""Crypto-shredding as a target of a purge: a scope's keys are found, destroyed, and seen to be unreadable.

What was encrypted with them, files and reversible tokens, is unreadable for good then, wherever copies of it lie. An HMAC token
is no ciphertext: destroying its key ends that anybody links it to a person by computing it, not that equal tokens are equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Rule, Target, Thing
from airflow_privacy.core.keyring import KeyInfo, list_keys
from airflow_privacy.core.keyring.scopes import check_scope_name, key_path
from airflow_privacy.core.model.purge import Disposition, Item, Listing, Looked, Step
from airflow_privacy.core.pipeline.keys import destroy
from airflow_privacy.core.pipeline.purge_targets import KEYS
from airflow_privacy.core.pipeline.workspace import Caller, Workspace

NOT_COVERED = (
    "HMAC tokens that were made with these keys stay as they are: equal values keep equal tokens, which can be linked.",
    "Backups and snapshots of the keyring, and keys in the memory of running tasks, are not reached.",
)


def keys_target(
    workspace: Workspace, caller: Caller, *, scope: str, versions: Iterable[int] | None = None, rule: Rule | None = None
) -> Target:
    """The keys of *scope*: all that are not destroyed yet, or those of *versions* only. Its URI is ``keyring:<scope>``.

    :param rule: judges each version by when another one took its place: whatever it encrypted is older than that. The current
        version is in use and stays, and so does one whose successor has no time.
    :raises BadInput: *scope* is no scope's name.
    """
    check_scope_name(scope)
    named = None if versions is None else frozenset(versions)
    return _Keys(workspace=workspace, caller=caller, scope=scope, versions=named, rule=rule)


@dataclass(frozen=True, kw_only=True)
class _Keys:
    workspace: Workspace = field(repr=False)
    caller: Caller
    scope: str
    versions: frozenset[int] | None
    rule: Rule | None

    @property
    def uri(self) -> str:
        return f"{KEYS}{self.scope}"

    def find(self) -> Found:
        known = self._known()
        if not known:
            raise BadInput("nothing-there", f"There is no key for scope {self.scope}", do="See airflow-privacy keys list.")
        told = {key: self._judge(key, known) for key in known if not self._is_gone(key.version)}
        going = [key for key, verdict in told.items() if verdict == "expired"]
        items = tuple(Item(kind="key", name=self.scope, version=f"{key.id}.v{key.version}") for key in going)
        step = Step(
            method="destroy-keys",
            uri=self.uri,
            unit="keys",
            dataset="",
            counts={"expired": len(going), **Counter(verdict for verdict in told.values() if verdict != "expired")},
            oldest_days=max((_days(key, self.workspace.now()) for key in going), default=0),
            not_covered=NOT_COVERED,
        )
        return Found(step=step, listing=Listing(items=items), things=len(told))

    def _known(self) -> list[KeyInfo]:
        return [key for key in list_keys(self.workspace.home) if key.scope == self.scope]

    def _judge(self, key: KeyInfo, known: list[KeyInfo]) -> Disposition:
        if self.versions is not None and key.version not in self.versions:
            return "young"
        if self.rule is None or self.rule.judge_thing is None:
            return "expired"
        later = [other for other in known if other.version > key.version]
        if not later:
            return "young"
        begun = min(later, key=lambda other: other.version).created
        return self.rule.judge_thing(Thing(name=self.scope, modified=datetime.fromisoformat(begun) if begun else None))

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        del step, pace
        known = self._known()
        still = {key.version: key.id for key in known if self._judge(key, known) == "expired"}
        for done, item in enumerate(items, 1):
            name, version = _named(item)
            if still.get(version) == name:
                destroy(self.workspace, self.caller, self.scope, version)
            progress(done, len(items))

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        left = sum(not self._is_gone(_named(item)[1]) for item in items)
        return Looked(uri=self.uri, method=step.method, looked=len(items), left=left, gone=len(items) - left)

    def _is_gone(self, version: int) -> bool:
        """The keyring refuses the key as destroyed, and its wrapped form lies there no more."""
        try:
            self.workspace.keyring().scope_key(self.scope, version)
        except KeyUnavailable as error:
            wrapped = key_path(self.workspace.home / "keyring", self.scope, version)
            return error.reason in ("key-destroyed", "scope-key-missing") and not wrapped.exists()
        return False


def _named(item: Item) -> tuple[str, int]:
    name, _, version = item.version.partition(".v")
    return name, int(version)


def _days(key: KeyInfo, now: datetime) -> int:
    return (now - datetime.fromisoformat(key.created)).days if key.created else 0
