"""Tables that foreign keys connect, in an order in which their rows can be deleted, and the rows that lead to one subject.

Only what refers to a subject's rows belongs to it: Customer, then its Invoices, then their InvoiceLines. What those rows refer to
themselves (the Employee who looks after the customer, the Track that was bought) is never reached.

A reference that may not be empty, or that the database would delete along (``ON DELETE CASCADE``), is followed: its row cannot be
without the other. One that may be empty says too little: the invoices of a customer, or the people who report to an employee. It
is followed where the caller names it; else its rows hold the subject's row, which is kept and reported as ``referenced``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.foreign_keys import ForeignKey, foreign_keys, referring
from airflow_privacy.core.io.purge.target import OneOf, Rule, Target
from airflow_privacy.core.io.sql import Database, Databases, SqlPlace, parse_sql, session, uri_of


@dataclass(frozen=True, kw_only=True)
class LinkedTable:
    """One of the tables that are connected. ``refers`` are its foreign keys, ``referred`` those of others (and its own) to it."""

    place: SqlPlace
    refers: tuple[ForeignKey, ...] = ()
    referred: tuple[ForeignKey, ...] = ()

    @property
    def uri(self) -> str:
        """``sql://…`` of the table."""
        return uri_of(self.place)


def linked_tables(database: Database, place: SqlPlace) -> tuple[LinkedTable, ...]:
    """Every table that foreign keys connect with this one, in either direction and over any number of others, itself included.

    Children come before what they refer to. Tables that refer to each other in a circle stand together, ordered by name; nothing
    can be said about an order among them.
    """
    with session(database, uri_of(place)) as connection:
        keys = tuple(_at(key, place.connection) for key in foreign_keys(database, connection, place.schema))
    return _ordered(_connected(keys, place), keys)


def linked_rows_targets(
    uri: str, *, rule: Rule, databases: Databases, follow: Sequence[str] = (), now: datetime | None = None
) -> tuple[Target, ...]:
    """One target a table that rows of the subject may lie in: children first, the subject's own table last. Remove in this order.

    Each target finds for itself, whenever it is asked, which rows lead to rows of *uri* that *rule* lets go; one that is kept (a
    legal hold) keeps its children. Tables without such a row have a target too, which finds nothing.

    :param rule: of the subject's own table, with a :class:`OneOf` bound.
    :param follow: further references to follow though they may be empty, as ``table.column`` (``table.column,column``).
    :raises BadInput: ``no-subject`` (the rule has no such bound), ``unknown-reference``.
    """
    from airflow_privacy.core.io.purge.linked_rows import LinkedRows
    from airflow_privacy.core.io.purge.table_rows import table_rows_target

    if not isinstance(rule.bound, OneOf) or rule.judge_rows is None:
        raise BadInput("no-subject", "Linked rows need a rule that names the subject's values", where=uri)
    place = parse_sql(uri)
    tables = linked_tables(databases(place.connection), place)
    keys = tuple(key for table in tables for key in table.refers)
    followed = _followed(keys, place, follow, uri)
    reached = {place, *(key.child for key in followed)}
    targets: list[Target] = []
    for table in tables:
        if table.place == place:
            targets.append(table_rows_target(uri, rule=rule, databases=databases, goes=followed, now=now))
        elif table.place in reached:
            targets.append(LinkedRows(place=table.place, root=place, rule=rule, followed=followed, databases=databases, now=now))
    own = next(number for number, target in enumerate(targets) if target.uri == uri)
    return (*targets[:own], *targets[own + 1 :], targets[own])


def deletion_order(uris: Iterable[str], databases: Databases) -> tuple[str, ...]:
    """Tables in the order in which their rows can go: children before what they refer to; unconnected ones as they came."""
    left = list(dict.fromkeys(uris))
    ordered: list[str] = []
    while left:
        place = parse_sql(left[0])
        linked = [table.uri for table in linked_tables(databases(place.connection), place)]
        among = [uri for uri in linked if uri in left]
        ordered += among
        left = [uri for uri in left if uri not in among]
    return tuple(ordered)


def label(key: ForeignKey) -> str:
    """A foreign key as ``table.column``, for people and for *follow*."""
    return f"{key.child.table}.{','.join(key.columns)}"


def _at(key: ForeignKey, connection: str) -> ForeignKey:
    return replace(key, child=key.child._replace(connection=connection), parent=key.parent._replace(connection=connection))


def _followed(keys: Sequence[ForeignKey], root: SqlPlace, follow: Sequence[str], where: str) -> tuple[ForeignKey, ...]:
    """The foreign keys that lead down from the root."""
    unknown = set(follow) - {label(key) for key in keys}
    if unknown:
        raise BadInput(
            "unknown-reference",
            f"There is no foreign key {min(unknown)!r}",
            where=where,
            do="Write it as table.column, as the catalogue spells both.",
        )
    followed: list[ForeignKey] = []
    waiting = [root]
    seen = {root}
    while waiting:
        for key in referring(keys, waiting.pop()):
            if key.required or key.on_delete == "cascade" or label(key) in follow:
                followed.append(key)
                if key.child not in seen:
                    seen.add(key.child)
                    waiting.append(key.child)
    return tuple(sorted(set(followed), key=lambda key: (key.child, key.name)))


def _connected(keys: Sequence[ForeignKey], place: SqlPlace) -> set[SqlPlace]:
    found, waiting = {place}, [place]
    while waiting:
        at = waiting.pop()
        near = {key.child for key in keys if key.parent == at} | {key.parent for key in keys if key.child == at}
        waiting += near - found
        found |= near
    return found


def _ordered(places: set[SqlPlace], keys: Sequence[ForeignKey]) -> tuple[LinkedTable, ...]:
    children = {place: {key.child for key in keys if key.parent == place} - {place} for place in places}
    ordered: list[SqlPlace] = []
    left = sorted(places)
    while left:
        free = [place for place in left if not children[place] - set(ordered)]
        # In a circle nobody is free: those that everything else in the circle comes from, and reaches, go together.
        ordered += free or _circle(left, children)
        left = [place for place in left if place not in ordered]
    refers = {place: tuple(key for key in keys if key.child == place) for place in places}
    referred = {place: tuple(key for key in keys if key.parent == place) for place in places}
    return tuple(LinkedTable(place=place, refers=refers[place], referred=referred[place]) for place in ordered)


def _circle(left: Sequence[SqlPlace], children: dict[SqlPlace, set[SqlPlace]]) -> list[SqlPlace]:
    """The first circle that no other table of those left refers to."""
    below = {place: _below(place, children, set(left)) for place in left}
    closed = [place for place in left if all(place in below[other] for other in below[place])]
    first = closed[0]
    return [place for place in left if place in below[first] or place == first]


def _below(place: SqlPlace, children: dict[SqlPlace, set[SqlPlace]], among: set[SqlPlace]) -> set[SqlPlace]:
    found: set[SqlPlace] = set()
    waiting = [place]
    while waiting:
        for child in children[waiting.pop()] & among:
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found
