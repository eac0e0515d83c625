"""Reading a ledger: facts, links, checkpoints, proofs. Needs no key.

Every payload that is read is checked against its leaf hash. That the leaves are the signed ones is the verifier's work.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from airflow_privacy.core.errors import BadInput, LedgerDiverged
from airflow_privacy.core.ledger.merkle import inclusion_path
from airflow_privacy.core.ledger.store import commit_to, reading
from airflow_privacy.core.ledger.verify import InclusionProof
from airflow_privacy.core.model.codec import parse
from airflow_privacy.core.model.release import Fact

_DO = "Run airflow-privacy ledger verify."


@dataclass(frozen=True)
class LedgerView:
    """A ledger file. Each call opens it anew: a value can be shared between threads and processes."""

    path: Path

    @property
    def size(self) -> int:
        """The number of entries, erased ones included."""
        return self._newest()[0]

    def checkpoint(self) -> str:
        """The newest checkpoint, a signed note."""
        return self._newest()[1]

    def checkpoint_of(self, index: int) -> str:
        """The signed checkpoint of the tree that ends with entry *index*.

        :raises BadInput: there is no such entry.
        """
        with reading(self.path) as connection:
            row = connection.execute("SELECT note FROM checkpoints WHERE size = ?", (index + 1,)).fetchone()
        if row is None:
            raise BadInput("no-such-entry", "The ledger has no checkpoint of that entry", where=f"entry {index}")
        return str(row[0])

    def facts(self) -> Iterator[tuple[int, Fact]]:
        """Index and fact of every entry in order, as of the first step; erased entries are left out.

        :raises LedgerDiverged: a payload is not the one that its leaf commits to.
        """
        with reading(self.path) as connection:
            for row in connection.execute("SELECT idx, leaf, salt, payload FROM entries ORDER BY idx"):
                if row[2] is not None or row[3] is not None:
                    yield row[0], _read_fact(*row)

    def find(self, kind: str, digest: str) -> tuple[tuple[int, Fact], ...]:
        """Index and fact of every entry that links the artifact of that ``kind`` and ``digest``, in order.

        :raises LedgerDiverged: a payload is not the one that its leaf commits to, or holds no such link.
        """
        query = (
            "SELECT e.idx, leaf, salt, payload FROM links AS l LEFT JOIN entries AS e ON e.idx = l.idx "
            "WHERE l.digest = ? AND l.kind = ? ORDER BY l.idx"
        )
        with reading(self.path) as connection:
            found = tuple((row[0], _read_fact(*row)) for row in connection.execute(query, (digest, kind)))
        for index, fact in found:
            if not any((link.kind, link.digest) == (kind, digest) for link in fact.links):
                raise LedgerDiverged(
                    "links-changed", "The stored links are not those of the payload", where=f"entry {index}", do=_DO
                )
        return found

    def inclusion_proof(self, index: int) -> InclusionProof:
        """That entry *index* is in the newest checkpoint's tree, for checking without the ledger. O(n): reads all leaves.

        It shows the fact with its salt to whoever gets it.

        :raises BadInput: there is no such entry.
        """
        with reading(self.path) as connection:
            leaves = [leaf for (leaf,) in connection.execute("SELECT leaf FROM entries ORDER BY idx")]
            _, note = _newest(connection, self.path)
            path = inclusion_path(index, leaves)
            salt, payload = connection.execute("SELECT salt, payload FROM entries WHERE idx = ?", (index,)).fetchone()
        return InclusionProof(
            index=index,
            leaf=f"sha256:{leaves[index].hex()}",
            path=tuple(f"sha256:{step.hex()}" for step in path),
            checkpoint=note,
            salt=None if salt is None else salt.hex(),
            payload=None if payload is None else payload.decode(),
        )

    def _newest(self) -> tuple[int, str]:
        with reading(self.path) as connection:
            return _newest(connection, self.path)


def _newest(connection: sqlite3.Connection, path: Path) -> tuple[int, str]:
    row = connection.execute("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    if row is None:
        raise LedgerDiverged("checkpoint-missing", "The ledger has no checkpoint", where=str(path), do=_DO)
    return row[0], row[1]


def _read_fact(index: int | None, leaf: bytes, salt: bytes, payload: bytes) -> Fact:
    try:
        if commit_to(salt, payload) == leaf:
            return parse(Fact, payload, where=f"entry {index}")
    except (TypeError, BadInput):
        pass
    raise LedgerDiverged("entry-changed", "Leaf hash, salt and payload do not belong together", where=f"entry {index}", do=_DO)
