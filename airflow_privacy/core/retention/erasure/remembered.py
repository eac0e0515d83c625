"""What remains of a subject once it is erased: keyed digests, by which a later look finds what came back.

They are pseudonymous data: whoever has the key and guesses an identifier can test the guess. Destroying the key of the scope ends
that, and every later look with it.
"""

from __future__ import annotations

import msgspec

from airflow_privacy.core.model.codec import Value


class RememberedPlace(Value, frozen=True, kw_only=True):
    """One place that rows of the subject went from.

    :param contract: its id. :param dataset: digest of the contract.
    :param columns: what an identity is made of: the key, then what is compared where a row has none.
    :param digests: of the identities; empty where only :attr:`masked` leads to the subject.
    :param masked: of a published dataset: released column → digests of the values that were the subject's.
    :param follow: references that were followed though they may be empty, of a table in a database.
    """

    contract: str
    uri: str
    columns: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    masked: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    follow: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"RememberedPlace({self.uri!r}, {len(self.digests)} digests)"


class Remembered(Value, frozen=True, kw_only=True):
    """:param key_version: of the scope's key that the digests were made with.
    :param review: keyed digest of who was confirmed."""

    id: str
    key_version: int
    review: str
    places: tuple[RememberedPlace, ...] = ()
