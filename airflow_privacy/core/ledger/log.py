"""The writer: appends facts, signs a checkpoint for each, keeps the anchor.

A transaction holds entry, links, frontier and checkpoint together; the anchor follows once that is on disk. A crash leaves the
log with the entry or without it, and the anchor at or behind the log, never ahead. SQLite in WAL mode is for one host.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from airflow_privacy.core.errors import BadInput, LedgerDiverged, StorageUnavailable, VerificationError, problem_of
from airflow_privacy.core.ledger import anchor
from airflow_privacy.core.ledger.checkpoint import Checkpoint, Signer, check_origin, sign_checkpoint, verify_checkpoint
from airflow_privacy.core.ledger.merkle import EMPTY_ROOT, Frontier
from airflow_privacy.core.ledger.store import ERASED, SALT_BYTES, commit_to, create_file, reading, sqlite_errors, writing
from airflow_privacy.core.ledger.verify import anchor_heads, check_leaves, check_prefix, read_anchors
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.codec import canonical, parse
from airflow_privacy.core.model.release import Fact, LedgerPosition, Link

_DO = "Run airflow-privacy ledger verify, and restore the newest backup; nothing was appended."


@dataclass(frozen=True)
class Ledger(LedgerView):
    """A ledger open for appends. Holds no connection: it may be used from threads and forked processes."""

    origin: str
    signer: Signer = field(repr=False)
    anchors: Path
    busy_seconds: float

    def append(self, fact: Fact) -> LedgerPosition:
        """Append one fact; O(log n).

        :raises LedgerBusy: another writer held the ledger for longer than ``busy_seconds``.
        :raises LedgerDiverged: checkpoint, frontier and anchor do not fit; nothing was appended.
        :raises StorageUnavailable: the file or the anchor cannot be written.
        :raises BadInput: the fact has no canonical form, or is an erasure: :meth:`erase` makes those.
        """
        return self.append_many((fact,))[0]

    def append_many(self, facts: Iterable[Fact]) -> tuple[LedgerPosition, ...]:
        """Append facts in one transaction: all or none. Errors as :meth:`append`."""
        prepared = [(fact, _payload(fact)) for fact in facts]
        if any(fact.kind == ERASED for fact, _ in prepared):
            raise BadInput("reserved-kind", "A fact that erases is made where the payload is erased", where=ERASED)
        if not prepared:
            return ()
        with writing(self.path, busy_seconds=self.busy_seconds) as connection:
            positions = self._insert(connection, prepared)
        anchor.advance(self.anchors, positions[-1].checkpoint)
        return positions

    def erase(self, index: int, *, at: str, actor: str, reason: str) -> LedgerPosition:
        """Delete payload, salt and links of one entry, and append the fact that says so. The tree stays as it is.

        Copies of the file, its write-ahead log until SQLite empties it, and proofs handed out before still hold the payload.

        :raises BadInput: there is no such entry, it is erased already, or it is itself an erasure.
        """
        with writing(self.path, busy_seconds=self.busy_seconds) as connection:
            row = connection.execute("SELECT leaf, payload FROM entries WHERE idx = ?", (index,)).fetchone()
            if row is None or row[1] is None or parse(Fact, row[1], where=f"entry {index}").kind == ERASED:
                raise BadInput("not-erasable", f"Entry {index} is not there, erased already, or an erasure")
            link = Link(kind="leaf", digest=f"sha256:{row[0].hex()}")
            fact = Fact(kind=ERASED, at=at, actor=actor, links=(link,), reason=reason)
            (position,) = self._insert(connection, [(fact, _payload(fact))])
            connection.execute("UPDATE entries SET salt = NULL, payload = NULL WHERE idx = ?", (index,))
            connection.execute("DELETE FROM links WHERE idx = ?", (index,))
        anchor.advance(self.anchors, position.checkpoint)
        return position

    def _insert(self, connection: sqlite3.Connection, prepared: list[tuple[Fact, bytes]]) -> tuple[LedgerPosition, ...]:
        frontier = self._checked_frontier(connection)
        inserted: list[tuple[int, bytes, str]] = []
        try:
            for fact, payload in prepared:
                index, salt = frontier.size, secrets.token_bytes(SALT_BYTES)
                leaf = commit_to(salt, payload)
                frontier = frontier.append(leaf)
                note = sign_checkpoint(Checkpoint(self.origin, frontier.size, frontier.root()), self.signer)
                connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (index, leaf, salt, payload))
                connection.execute("INSERT INTO checkpoints VALUES (?, ?)", (frontier.size, note))
                links = {(link.digest, link.kind, index) for link in fact.links}
                connection.executemany("INSERT INTO links VALUES (?, ?, ?)", sorted(links))
                inserted.append((index, leaf, note))
        except sqlite3.IntegrityError:
            raise _refused("entries-unsigned", "There are entries that no checkpoint covers", self.path) from None
        connection.execute("DELETE FROM frontier")
        connection.executemany("INSERT INTO frontier VALUES (?, ?)", zip(_heights(frontier.size), frontier.peaks, strict=True))
        newest = inserted[-1][2]
        return tuple(LedgerPosition(index=i, leaf=f"sha256:{leaf.hex()}", checkpoint=newest) for i, leaf, _ in inserted)

    def _checked_frontier(self, connection: sqlite3.Connection) -> Frontier:
        """The frontier, if the newest checkpoint is ours and of this tree, and no anchor is ahead of it."""
        row = connection.execute("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
        stored = connection.execute("SELECT height, hash FROM frontier ORDER BY height DESC").fetchall()
        newest = self._own_checkpoint(row)
        frontier = Frontier(newest.size, tuple(peak for _, peak in stored if isinstance(peak, bytes)))
        if [height for height, _ in stored] != _heights(newest.size) or frontier.root() != newest.root:
            raise _refused("root-mismatch", "The stored tree does not give the newest checkpoint's root", self.path)
        for name, head in anchor_heads(read_anchors(self.anchors), self.signer.public_key).items():
            # Under the write lock no other writer is ahead: a larger anchor means that entries are gone.
            forked = head.size == newest.size and head.root != newest.root
            if head.size > newest.size or forked or head.origin != self.origin:
                raise _refused("anchor-mismatch", "The ledger is not the one that the anchor vouches for", self.anchors / name)
        return frontier

    def _own_checkpoint(self, row: tuple[int, str] | None) -> Checkpoint:
        if row is None or not isinstance(row[1], str):
            raise _refused("checkpoint-missing", "The ledger has no checkpoint", self.path)
        try:
            newest = verify_checkpoint(row[1], public_key=self.signer.public_key, origin=self.origin, alone=True)
        except VerificationError as error:
            raise _refused(error.reason, error.what, self.path) from None
        if newest.size != row[0]:
            raise _refused("checkpoint-changed", "The newest checkpoint is of another size than it is stored under", self.path)
        return newest


def open_ledger(path: Path, *, origin: str, signer: Signer, anchors: Path | None = None, busy_seconds: float = 30.0) -> Ledger:
    """Open the ledger for appends; make an empty one where neither file nor anchor is.

    Opening reads all leaf hashes (not the payloads) and compares their root with the newest checkpoint and the anchors: about
    three seconds for a million entries.

    :param origin: the log's name in its checkpoints; without blanks and plus signs.
    :param anchors: folder of the anchors; ``anchors`` beside the file by default.
    :param busy_seconds: how long to wait for other writers.
    :raises LedgerDiverged: the stored tree, its newest checkpoint and the anchors do not fit, or another key or origin signed.
    :raises LedgerBusy: as :meth:`Ledger.append`.
    :raises StorageUnavailable: the file cannot be opened or made.
    :raises BadInput: *origin* cannot name a log.
    """
    check_origin(origin)
    folder = anchors if anchors is not None else path.parent / "anchors"
    # Anchors first: an append between the two reads may only make the ledger longer than its anchor.
    heads = anchor_heads(read_anchors(folder), signer.public_key)
    if not path.exists():
        if heads:
            raise _refused("ledger-missing", "There are anchors of a ledger, and the ledger is gone", path)
        anchor.advance(folder, _create(path, origin, signer))
    with reading(path, busy_seconds=busy_seconds) as connection:
        newest = check_leaves(connection, public_key=signer.public_key, heads=heads)
    if newest.origin != origin:
        raise _refused("origin-changed", "The ledger was made under another origin", path)
    return Ledger(path, origin, signer, folder, busy_seconds)


def check_consistent(old_checkpoint: str, ledger: Ledger) -> None:
    """That the tree of *old_checkpoint* (a passport's) is a prefix of *ledger*; :func:`.verify.check_prefix` without signer.

    :raises LedgerDiverged: the ledger is shorter, or another one.
    :raises VerificationError: the old checkpoint is not signed by the ledger's key.
    """
    check_prefix(old_checkpoint, ledger.path, public_key=ledger.signer.public_key)


def _create(path: Path, origin: str, signer: Signer) -> str:
    """Make the file beside its place and link it there: other processes see a whole ledger or none."""
    note = sign_checkpoint(Checkpoint(origin, 0, EMPTY_ROOT), signer)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with sqlite_errors(path), contextlib.closing(create_file(draft)) as connection:
            connection.execute("INSERT INTO checkpoints VALUES (0, ?)", (note,))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    except OSError as error:
        problem = problem_of(error)
    else:
        return note
    finally:
        draft.unlink(missing_ok=True)
    raise StorageUnavailable(
        "ledger-unavailable", f"The ledger cannot be made: {problem}", where=str(path), do="Check the folder."
    )


def _payload(fact: Fact) -> bytes:
    try:
        return canonical(fact)
    except (ValueError, TypeError, UnicodeError):
        raise BadInput("fact-not-canonical", "A fact has no canonical JSON form", where=f"fact {fact.kind}") from None


def _heights(size: int) -> list[int]:
    return [bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]


def _refused(reason: str, what: str, where: Path) -> LedgerDiverged:
    return LedgerDiverged(reason, what, where=str(where), do=_DO)
