"""The confirmed person: at which places, by which identities, and by which values derived datasets are searched. Private."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from airflow_privacy.core.model.codec import Value


class SubjectPlace(Value, frozen=True, kw_only=True):
    """One place of a contract. ``columns`` make the identity; ``values`` are of columns of which one value is one person's.

    :param contract: its id. :param dataset: digest of the contract.
    :param follow: references of a database to follow though they may be empty.
    """

    contract: str
    dataset: str
    uri: str
    columns: tuple[str, ...]
    identities: tuple[str, ...] = ()
    values: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    follow: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"SubjectPlace({self.uri!r}, {len(self.identities)} identities)"


class DerivedPlace(Value, frozen=True, kw_only=True):
    """A masked dataset that was made from a place of a contract, or from another derived one: source column → values."""

    contract: str
    dataset: str
    uri: str
    values: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"DerivedPlace({self.uri!r})"


class Subject(Value, frozen=True, kw_only=True):
    """A confirmed person, as a plan was made for it."""

    request: str
    places: tuple[SubjectPlace, ...] = ()
    derived: tuple[DerivedPlace, ...] = ()

    def __repr__(self) -> str:
        return f"Subject({self.request!r})"


def joined(*given: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """All values by column, sorted."""
    found: dict[str, set[str]] = {}
    for one in given:
        for name, values in one.items():
            found.setdefault(name, set()).update(values)
    return {name: tuple(sorted(values)) for name, values in sorted(found.items())}
