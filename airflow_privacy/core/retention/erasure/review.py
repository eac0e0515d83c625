"""Who may be meant: candidates for a person to read, and what that person decided. Nothing is deleted that nobody confirmed.

A candidate stands for every row of a place with the same key; a row without a key is one by itself. Candidates hold values, so
that they lie in a private file alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.codec import Value

Decision: TypeAlias = Literal["", "person", "other"]
Why: TypeAlias = Literal["exact", "same", "review"]

COLUMNS = ("number", "contract", "place", "key", "rows", "why", "probability", "agrees", "close", "differs", "is_person")


class Candidate(Value, frozen=True, kw_only=True):
    """:param identity: the key as text (``k:…``), or the row's compared values (``r:…``).
    :param why: ``exact``: an identifier that is a person's own is equal; ``same`` or ``review``: as the matcher says.
    :param rows: how many rows there are under the identity."""

    contract: str
    place: str
    identity: str
    rows: int
    why: Why
    probability: float
    agrees: tuple[str, ...] = ()
    close: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    decision: Decision = ""

    def __repr__(self) -> str:
        return f"Candidate({self.contract!r}, {self.why}, {self.probability:.2f}, {self.decision or 'open'})"

    @property
    def at(self) -> tuple[str, str, str]:
        """What makes it one: contract, place, identity."""
        return (self.contract, self.place, self.identity)


class Review(Value, frozen=True, kw_only=True):
    """All candidates of a request, and by whom they were decided."""

    request: str
    candidates: tuple[Candidate, ...] = ()
    by: str = ""

    def __repr__(self) -> str:
        return f"Review({self.request!r}, {len(self.candidates)} candidates)"

    @property
    def open(self) -> int:
        """How many nobody decided."""
        return sum(not one.decision for one in self.candidates)

    def confirmed(self, contract: str, place: str) -> tuple[str, ...]:
        """The identities at a place that are the person."""
        return tuple(
            one.identity for one in self.candidates if one.decision == "person" and (one.contract, one.place) == (contract, place)
        )

    def rows(self, contract: str, place: str) -> int:
        """How many rows at a place are the person's."""
        here = [one for one in self.candidates if (one.contract, one.place) == (contract, place)]
        return sum(one.rows for one in here if one.decision == "person")

    def counts(self) -> dict[str, int]:
        """For facts and for people: no value."""
        return {
            "candidates": len(self.candidates),
            "exact": sum(one.why == "exact" for one in self.candidates),
            "confirmed": sum(one.decision == "person" for one in self.candidates),
            "rejected": sum(one.decision == "other" for one in self.candidates),
            "open": self.open,
        }


def merged(request: str, found: Iterable[Candidate], before: Review | None) -> Review:
    """What was found now, with the decisions that were made before. A confirmed candidate that is not found any more stays: where
    a run was cut, its rows elsewhere go by it."""
    known = {one.at: one for one in before.candidates} if before else {}
    new = {one.at: msgspec.structs.replace(one, decision=known[one.at].decision if one.at in known else "") for one in found}
    gone = {at: one for at, one in known.items() if at not in new and one.decision == "person"}
    kept = {at: msgspec.structs.replace(one, rows=0) for at, one in gone.items()}
    ordered = sorted({**new, **kept}.values(), key=lambda one: (one.contract, one.place, -one.probability, one.identity))
    return Review(request=request, candidates=tuple(ordered), by=before.by if before else "")


def decided(review: Review, *, person: Collection[int], other: Collection[int], by: str) -> Review:
    """The review with decisions by number, from 1 on.

    :raises BadInput: an unknown number, or one that is both. :raises CheckFailed: somebody else is deciding whom nobody found.
    """
    both, numbers = set(person) & set(other), set(person) | set(other)
    if both or not numbers <= set(range(1, len(review.candidates) + 1)):
        what = "A candidate cannot be the person and somebody else" if both else "There is no candidate of such a number"
        raise BadInput("bad-decision", what, where=f"request {review.request}")
    if not numbers:
        raise CheckFailed("nothing-decided", "No candidate was confirmed or rejected", where=f"request {review.request}")
    candidates = tuple(
        msgspec.structs.replace(one, decision="person" if number in person else "other") if number in numbers else one
        for number, one in enumerate(review.candidates, 1)
    )
    return Review(request=review.request, candidates=candidates, by=by)


def as_csv(review: Review) -> bytes:
    """For a person to read and to fill in: ``is_person`` takes yes or no."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    said = {"": "", "person": "yes", "other": "no"}
    for number, one in enumerate(review.candidates, 1):
        evidence = [" ".join(names) for names in (one.agrees, one.close, one.differs)]
        row = [number, one.contract, one.place, one.identity[2:], one.rows, one.why, f"{one.probability:.4f}", *evidence]
        writer.writerow([*row, said[one.decision]])
    return text.getvalue().encode()


def read_csv(data: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Numbers of those who are the person and of those who are not, from a filled-in file.

    :raises BadInput: it is not such a file.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode())))
        said = [(int(row["number"]), (row["is_person"] or "").strip().lower()) for row in rows]
    except (ValueError, KeyError, TypeError, csv.Error):
        said = [(0, "?")]
    if any(word not in ("", "yes", "no", "y", "n") for _, word in said):
        raise BadInput("bad-review", "The file is not the review with yes or no as is_person", where="is_person")
    return _of(said, "y"), _of(said, "n")


def _of(said: Sequence[tuple[int, str]], letter: str) -> tuple[int, ...]:
    return tuple(number for number, word in said if word[:1] == letter)
