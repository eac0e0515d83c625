"""What changed between two versions of a contract, and which changes weaken the protection of the people in the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.contract import Column, Contract, Table
from airflow_privacy.core.model.drift import STRICTNESS, DriftRules
from airflow_privacy.core.model.findings import Role
from airflow_privacy.core.model.levels import parse_predicate

#: From the least to the most protected. A word that is not among them has no place in the order: it is reported as such.
CLASSIFICATIONS = ("public", "internal", "confidential", "restricted", "secret")
# A higher rank is protected more. Sensitive attributes and quasi-identifiers count in different figures: neither is above the
# other.
_RANK: dict[Role, int] = {"non-sensitive": 0, "sensitive": 1, "quasi-identifier": 1, "direct-identifier": 2}


class Change(Value, frozen=True, kw_only=True):
    """One difference in words. ``place`` is empty for the contract, else ``table`` or ``table.column``.

    ``weakening``: people in the data are protected less, or it cannot be said that they are not.
    """

    kind: str
    place: str
    what: str
    weakening: bool


def compare(old: Contract, new: Contract, *, classifications: Sequence[str] = CLASSIFICATIONS) -> tuple[Change, ...]:
    """All differences from *old* to *new*, weakenings first.

    :param classifications: the order of classification words, least protected first.
    """
    changes = [*_contract(old, new), *_tables(old, new, classifications)]
    return tuple(sorted(changes, key=lambda change: not change.weakening))


def _contract(old: Contract, new: Contract) -> Iterator[Change]:
    yield from _sets("purpose", old.purposes, new.purposes, added=True)
    yield from _sets("access role", old.roles, new.roles, added=True)
    yield from _sets("approver", old.approvers, new.approvers, added=True, removed=True)
    yield from _text("lawful basis", old.lawful_basis, new.lawful_basis, lambda: True)
    yield from _text("owner", old.owner, new.owner, lambda: new.owner is None)
    yield from _text("subject key", old.subject_key, new.subject_key, lambda: True)
    yield from _text("recipient", old.recipient, new.recipient, lambda: True)
    yield from _text("destination", old.destination, new.destination, lambda: True)
    yield from _text("default purpose", old.purpose, new.purpose, lambda: False)
    yield from _text("privacy level", old.level, new.level, lambda: not _as_strict(new.level, old.level))
    yield from _retention(old, new)
    for field in DriftRules.__struct_fields__:
        said = getattr(old.drift, field), getattr(new.drift, field)
        # Where nothing is said, a column that only one side has fails the run, and all else is a warning.
        usual = "fail" if field.endswith("_column") else "warn"
        before, after = (STRICTNESS.index(action or usual) for action in said)
        if said[0] != said[1]:
            what = f"drift rule {field.replace('_', ' ')} changed from {said[0] or 'none'} to {said[1] or 'none'}"
            yield Change(kind="drift-rule", place="", what=what, weakening=after < before)
    fresh = [f"{c.freshness.hours:g} hours on {c.freshness.column}" if c.freshness else None for c in (old, new)]
    yield from _text("freshness", fresh[0], fresh[1], lambda: False)
    for kind in ("id", "name", "version", "status"):
        yield from _text(kind, getattr(old, kind), getattr(new, kind), lambda: False)
    if old.servers != new.servers:
        yield Change(kind="servers", place="", what="the servers changed", weakening=False)


def _retention(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = old.retention, new.retention
    if before == after:
        return
    if before is None or after is None:
        what = "a retention limit was added" if after else "the retention limit was removed"
        yield Change(kind="retention", place="", what=what, weakening=after is None)
        return
    if before.days != after.days:
        word = "lengthened" if after.days > before.days else "shortened"
        what = f"retention was {word} from {before.days} to {after.days} days"
        yield Change(kind="retention", place="", what=what, weakening=after.days > before.days)
    if before.anchor != after.anchor:
        what = f"retention is counted from {after.anchor or 'no column'} instead of {before.anchor or 'no column'}"
        yield Change(kind="retention", place="", what=what, weakening=True)
    if before.zone != after.zone:
        what = f"dates that retention counts from are read in {after.zone} instead of {before.zone}"
        yield Change(kind="retention", place="", what=what, weakening=False)
    if before.version_days != after.version_days:
        what = f"old table versions stay {after.version_days} days instead of {before.version_days}"
        yield Change(kind="retention", place="", what=what, weakening=after.version_days > before.version_days)


def _tables(old: Contract, new: Contract, order: Sequence[str]) -> Iterator[Change]:
    before, after = ({table.name: table for table in contract.tables} for contract in (old, new))
    for name in (name for name in before if name not in after):
        guarded = any(_guards(column) for column in before[name].columns)
        yield Change(kind="table", place=name, what=f"table {name} was removed", weakening=guarded)
    for name in (name for name in after if name not in before):
        yield Change(kind="table", place=name, what=f"table {name} was added", weakening=False)
    for name, table in before.items():
        if name in after:
            yield from _columns(table, after[name], order)


def _columns(old: Table, new: Table, order: Sequence[str]) -> Iterator[Change]:
    for column in old.columns:
        place, other = f"{old.name}.{column.name}", new.column(column.name)
        if other is not None:
            yield from _column(column, other, place, order)
            continue
        guarded = _guards(column)
        what = f"column {column.name} was removed" + (", and its pins and tags with it" if guarded else "")
        yield Change(kind="column", place=place, what=what, weakening=guarded)
    for column in new.columns:
        if old.column(column.name) is None:
            place = f"{new.name}.{column.name}"
            yield Change(kind="column", place=place, what=f"column {column.name} was added", weakening=False)


def _column(old: Column, new: Column, place: str, order: Sequence[str]) -> Iterator[Change]:
    yield from _classification(old, new, place, order)
    # Where there is no pin, detection speaks: it may have said more before, and may say less now.
    before, after = _RANK[old.role] if old.role else max(_RANK.values()), _RANK[new.role] if new.role else min(_RANK.values())
    sideways = bool(old.role and new.role) and before == after
    yield from _text("role pin", old.role, new.role, lambda: after < before or sideways, place, first=True)
    yield from _text("entity pin", old.entity, new.entity, lambda: new.role != "direct-identifier", place, first=True)
    if (old.because, old.by) != (new.because, new.by):
        yield Change(kind="pin-reason", place=place, what=f"reason or author of the pin of {place} changed", weakening=False)
    # A policy's rule may rest on any tag.
    yield from _sets("tag", old.tags, new.tags, removed=True, place=place)
    yield from _text("logical type", old.logical_type, new.logical_type, lambda: False, place)
    yield from _text("physical type", old.physical_type, new.physical_type, lambda: False, place)
    for kind in ("required", "unique", "primary_key"):
        before, after = getattr(old, kind), getattr(new, kind)
        if before != after:
            what = f"{place} is {'now' if after else 'no longer'} {kind.replace('_', ' ')}"
            yield Change(kind=kind.replace("_", "-"), place=place, what=what, weakening=False)


def _classification(old: Column, new: Column, place: str, order: Sequence[str]) -> Iterator[Change]:
    before, after = old.classification, new.classification
    if before == after:
        return
    ranks = {word.casefold(): rank for rank, word in enumerate(order)}
    unknown = [word for word in (before, after) if word and word.casefold() not in ranks]
    what = f"classification of {place} changed from {before or 'none'} to {after or 'none'}"
    if unknown:
        what += f"; {' and '.join(map(repr, unknown))} has no place in the order {' < '.join(order)}"
    weaker = before is not None and (after is None or bool(unknown) or ranks[after.casefold()] < ranks[before.casefold()])
    first_public = before is None and after is not None and ranks.get(after.casefold(), 0) == 0
    yield Change(kind="classification", place=place, what=what, weakening=weaker or first_public)


def _sets(
    kind: str,
    old: Sequence[str],
    new: Sequence[str],
    *,
    added: bool = False,
    removed: bool = False,
    place: str = "",
) -> Iterator[Change]:
    """``added`` and ``removed`` say whether that weakens."""
    on = f" of {place}" if place else ""
    for word in sorted(set(new) - set(old)):
        yield Change(kind=kind.replace(" ", "-"), place=place, what=f"{kind} {word}{on} was added", weakening=added)
    for word in sorted(set(old) - set(new)):
        yield Change(kind=kind.replace(" ", "-"), place=place, what=f"{kind} {word}{on} was removed", weakening=removed)


def _text(
    kind: str, old: str | None, new: str | None, weakens: Callable[[], bool], place: str = "", *, first: bool = False
) -> Iterator[Change]:
    """A first value where there was none does not weaken, unless *first* says that it may."""
    if old == new:
        return
    on = f" of {place}" if place else ""
    what = f"{kind}{on} changed from {old or 'none'} to {new or 'none'}"
    weakening = weakens() if old is not None or first else False
    yield Change(kind=kind.replace(" ", "-"), place=place, what=what, weakening=weakening)


def _guards(column: Column) -> bool:
    return bool(column.entity or column.role or column.tags or column.classification)


def _as_strict(new: str | None, old: str | None) -> bool:
    """Whether every level that *new* accepts was accepted by *old* as well."""
    if new is None or old is None:
        return old is None
    return all(any(_implies(term, other) for other in parse_predicate(old)) for term in parse_predicate(new))


def _implies(new: tuple[str, tuple[tuple[str, str, float], ...]], old: tuple[str, tuple[tuple[str, str, float], ...]]) -> bool:
    def bounded(name: str, sign: str, bound: float) -> bool:
        return any(n == name and s == sign and (b >= bound if s == ">=" else b <= bound) for n, s, b in new[1])

    return new[0] == old[0] and all(bounded(*condition) for condition in old[1])
