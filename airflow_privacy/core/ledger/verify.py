"""The verifier. It trusts a public key and the anchors, and nothing in the file; it imports neither Airflow nor the writer.

Every stored field of every table is recomputed from the payloads or covered by a signature. Protects against: any change,
deletion, addition or reordering by somebody without the checkpoint key; with an anchor also truncation, a restored old copy
and a second history signed with the right key. Not against: false facts that were appended by a holder of the key, or a
change of ledger *and* anchors by such a holder: keep anchors, or passports, where ledger writers cannot reach.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_privacy.core.errors import LedgerDiverged, VerificationError
from airflow_privacy.core.ledger.checkpoint import Checkpoint, read_checkpoint, verify_checkpoint
from airflow_privacy.core.ledger.merkle import HASH_BYTES, Frontier, verify_inclusion
from airflow_privacy.core.ledger.store import (
    APPLICATION_ID,
    ERASED,
    FORMAT,
    SALT_BYTES,
    TABLES,
    commit_to,
    reading,
    sqlite_errors,
)

_DO = "Treat entries from there on as untrusted, and compare with a backup."


@dataclass(frozen=True)
class VerifiedLedger:
    """What holds: ``root`` is ``sha256:<hex>``, ``erased`` counts entries whose payload is gone by a signed erasure fact."""

    origin: str
    size: int
    root: str
    erased: int
    anchors: tuple[str, ...]


@dataclass(frozen=True)
class InclusionProof:
    """That one entry is in the tree of a checkpoint. ``leaf`` and ``path`` are ``sha256:<hex>``; ``salt`` (hexadecimal) and
    ``payload`` (canonical JSON of the fact) are ``None`` for an erased entry."""

    index: int
    leaf: str
    path: tuple[str, ...]
    checkpoint: str
    salt: str | None
    payload: str | None


def verify_ledger(path: Path, *, public_key: bytes, anchors: Path | None) -> VerifiedLedger:
    """Recompute the whole ledger from its payloads and check it against its checkpoints and the anchors.

    O(n) time, one signature a checkpoint; O(log n) memory beside the erasures.

    :param public_key: 32 raw bytes of the checkpoint key, from a place that ledger writers cannot change.
    :param anchors: a checkpoint file, or a folder of them; ``None`` leaves truncation and forks unseen.
    :raises LedgerDiverged: something does not hold; the message names the entry, field or checkpoint.
    :raises StorageUnavailable: the file cannot be read.
    """
    # Anchors first: an append between the two reads may only make the ledger longer than its anchor.
    anchored = read_anchors(anchors) if anchors is not None else {}
    if anchors is not None and not anchored:
        raise LedgerDiverged("anchor-missing", "There is no anchor to check against", where=str(anchors), do="Use a passport's.")
    with reading(path) as connection:
        return verify_connection(connection, public_key=public_key, anchored=anchored)


def verify_connection(
    connection: sqlite3.Connection, *, public_key: bytes, anchored: Mapping[str, str] | None = None
) -> VerifiedLedger:
    """:func:`verify_ledger` over an open database and anchors by name."""
    heads = anchor_heads(anchored or {}, public_key)
    with sqlite_errors("ledger"):
        check_schema(connection)
        origin, erased, frontier = _check_entries(connection, heads)
        _check_frontier(connection, frontier)
        for size, note in connection.execute("SELECT size, note FROM checkpoints ORDER BY size"):
            try:
                verify_checkpoint(note, public_key=public_key, origin=origin, alone=True)
            except VerificationError as error:
                raise _diverged(error.reason, error.what, f"checkpoint {size}") from None
    return VerifiedLedger(origin, frontier.size, f"sha256:{frontier.root().hex()}", erased, tuple(heads))


def check_prefix(old_checkpoint: str, path: Path, *, public_key: bytes) -> Checkpoint:
    """That the tree of *old_checkpoint* (a passport's, a witness's) is a prefix of the ledger's, leaf by leaf.

    Payloads are not read: :func:`verify_ledger` does that.

    :returns: the old checkpoint.
    :raises LedgerDiverged: the ledger is shorter, or another one.
    :raises VerificationError: the old checkpoint is not signed by this key.
    """
    old = verify_checkpoint(old_checkpoint, public_key=public_key)
    with reading(path) as connection:
        check_leaves(connection, public_key=public_key, heads={"old checkpoint": old})
    return old


def check_leaves(connection: sqlite3.Connection, *, public_key: bytes, heads: Mapping[str, Checkpoint]) -> Checkpoint:
    """That the stored leaf hashes give the newest checkpoint's root, the frontier, and each head's root.

    :returns: the newest checkpoint.
    :raises LedgerDiverged: they do not.
    """
    check_schema(connection)
    row = connection.execute("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    size, newest = _read_row(row if row is not None else (0, None))
    try:
        verify_checkpoint(row[1], public_key=public_key, alone=True)
    except VerificationError as error:
        raise _diverged(error.reason, error.what, f"checkpoint {size}") from None
    frontier = Frontier()
    _check_heads(frontier, heads)
    for index, leaf in connection.execute("SELECT idx, leaf FROM entries ORDER BY idx"):
        _check_index(index, frontier.size, leaf)
        frontier = frontier.append(leaf)
        _check_heads(frontier, heads)
    if (frontier.size, frontier.root()) != (size, newest.root):
        raise _diverged("root-mismatch", "The stored entries do not give the checkpoint's root", f"checkpoint {size}")
    _check_reached(frontier, newest.origin, heads)
    _check_frontier(connection, frontier)
    return newest


def verify_inclusion_proof(proof: InclusionProof, *, public_key: bytes) -> Checkpoint:
    """Check a proof without the ledger.

    :returns: the checkpoint whose tree holds the entry.
    :raises VerificationError: signature, path, or payload do not hold.
    """
    checkpoint = verify_checkpoint(proof.checkpoint, public_key=public_key)
    try:
        leaf, *path = (bytes.fromhex(digest.removeprefix("sha256:")) for digest in (proof.leaf, *proof.path))
        salt = None if proof.salt is None else bytes.fromhex(proof.salt)
    except ValueError:
        raise VerificationError("inclusion-unproven", "The inclusion proof is not hexadecimal") from None
    verify_inclusion(proof.index, checkpoint.size, leaf, path, checkpoint.root)
    payload = None if proof.payload is None else proof.payload.encode()
    if (salt is None) != (payload is None) or (salt is not None and payload is not None and commit_to(salt, payload) != leaf):
        raise VerificationError("inclusion-unproven", "The payload is not the one that the leaf commits to")
    return checkpoint


def read_anchors(place: Path) -> dict[str, str]:
    """The notes in a file or folder by file name; names that start with a dot are drafts.

    :raises LedgerDiverged: one cannot be read as text.
    """
    files = [place] if place.is_file() else sorted(path for path in place.glob("*") if not path.name.startswith("."))
    try:
        return {path.name: path.read_bytes().decode() for path in files}
    except (OSError, UnicodeDecodeError):
        raise LedgerDiverged("anchor-unreadable", "An anchor cannot be read", where=str(place), do=_DO) from None


def anchor_heads(anchored: Mapping[str, str], public_key: bytes) -> dict[str, Checkpoint]:
    """The checkpoints that the anchors hold, by name.

    :raises LedgerDiverged: one is malformed or not signed by this key.
    """
    heads = {}
    for name, note in anchored.items():
        try:
            heads[name] = verify_checkpoint(note, public_key=public_key)
        except VerificationError as error:
            raise _diverged(error.reason, error.what, f"anchor {name}") from None
    return heads


def check_schema(connection: sqlite3.Connection) -> None:
    """:raises LedgerDiverged: a table, index, view or trigger was changed, added or dropped."""
    found = set(connection.execute("SELECT type, name, sql FROM sqlite_master"))
    expected = {("table", name, sql) for name, sql in TABLES.items()}
    for _, name, _ in sorted(found ^ expected, key=str):
        raise _diverged("schema-changed", "The ledger's tables are not those that it was made with", str(name))
    for pragma, value in (("application_id", APPLICATION_ID), ("user_version", FORMAT)):
        if connection.execute(f"PRAGMA {pragma}").fetchone() != (value,):
            raise _diverged("schema-changed", "The file is not a ledger of this format", pragma)


def _check_entries(connection: sqlite3.Connection, heads: Mapping[str, Checkpoint]) -> tuple[str, int, Frontier]:
    """Entries, their links and the roots of all checkpoints, in one pass; returns origin, erased entries, frontier."""
    notes = iter(connection.execute("SELECT size, note FROM checkpoints ORDER BY size"))
    links = _grouped(connection.execute("SELECT idx, kind, digest FROM links ORDER BY idx, kind, digest"))
    frontier, missing, waiting = Frontier(), set[str](), next(links, None)
    first = next(notes, None)
    origin = _read_row(first)[1].origin if first is not None else ""
    _check_root(frontier, first, origin)
    _check_heads(frontier, heads)
    gone = 0
    for index, leaf, salt, payload in connection.execute("SELECT idx, leaf, salt, payload FROM entries ORDER BY idx"):
        _check_index(index, frontier.size, leaf)
        expected: list[tuple[str, str]] = []
        digest = f"sha256:{leaf.hex()}"
        if salt is None and payload is None:
            missing.add(digest)
            gone += 1
        else:
            kind, expected = _read_payload(index, leaf, salt, payload)
            if kind == ERASED:
                _settle_erasure(index, expected, missing)
        stored: list[tuple[str, str]] = []
        if waiting is not None and waiting[0] == index:
            stored, waiting = waiting[1], next(links, None)
        if sorted(set(expected)) != stored:
            raise _diverged("links-changed", "The stored links are not those of the payload", f"entry {index}")
        frontier = frontier.append(leaf)
        _check_root(frontier, next(notes, None), origin)
        _check_heads(frontier, heads)
    if missing:
        raise _diverged("payload-missing", "A payload is gone and no fact says that it was erased", f"leaf {min(missing)}")
    if waiting is not None:
        raise _diverged("links-changed", "A link is of no entry", "links")
    if (extra := next(notes, None)) is not None:
        raise _diverged("entries-missing", f"There are {frontier.size} entries for this checkpoint", f"checkpoint {extra[0]}")
    _check_reached(frontier, origin, heads)
    return origin, gone, frontier


def _check_index(index: object, expected: int, leaf: object) -> None:
    if type(index) is not int or index != expected:
        raise _diverged("entry-missing", "The entries' indexes have a gap", f"entry {expected}")
    if not isinstance(leaf, bytes) or len(leaf) != HASH_BYTES:
        raise _diverged("entry-changed", "The leaf hash is malformed", f"entry {index}, leaf")


def _read_payload(index: int, leaf: bytes, salt: object, payload: object) -> tuple[str, list[tuple[str, str]]]:
    if not isinstance(salt, bytes) or len(salt) != SALT_BYTES or not isinstance(payload, bytes):
        raise _diverged("entry-changed", "Salt or payload is missing or malformed", f"entry {index}")
    if commit_to(salt, payload) != leaf:
        raise _diverged("entry-changed", "Leaf hash, salt and payload do not belong together", f"entry {index}")
    try:
        fact = json.loads(payload)
        return str(fact["kind"]), [(str(link["kind"]), str(link["digest"])) for link in fact["links"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _diverged("entry-malformed", "The payload is no fact", f"entry {index}, payload") from None


def _settle_erasure(index: int, links: Iterable[tuple[str, str]], missing: set[str]) -> None:
    for kind, digest in links:
        if kind == "leaf":
            if digest not in missing:
                raise _diverged("erasure-undone", "An erased payload is there, or the entry never was", f"entry {index}")
            missing.discard(digest)


def _grouped(rows: Iterable[tuple[object, str, str]]) -> Iterator[tuple[object, list[tuple[str, str]]]]:
    group: tuple[object, list[tuple[str, str]]] | None = None
    for index, kind, digest in rows:
        if group is None or group[0] != index:
            if group is not None:
                yield group
            group = (index, [])
        group[1].append((kind, digest))
    if group is not None:
        yield group


def _read_row(row: tuple[object, object]) -> tuple[int, Checkpoint]:
    size, note = row
    if type(size) is not int or not isinstance(note, str):
        raise _diverged("checkpoint-changed", "A checkpoint is missing or malformed", f"checkpoint {size}")
    try:
        checkpoint = read_checkpoint(note)
    except VerificationError as error:
        raise _diverged(error.reason, error.what, f"checkpoint {size}") from None
    return size, checkpoint


def _check_root(frontier: Frontier, row: tuple[object, object] | None, origin: str) -> None:
    where = f"checkpoint {frontier.size}"
    if row is None:
        raise _diverged("checkpoint-missing", "No checkpoint of this size is stored", where)
    size, checkpoint = _read_row(row)
    if size != frontier.size or checkpoint.size != frontier.size:
        raise _diverged("checkpoint-missing", "The checkpoints' sizes have a gap", where)
    if checkpoint.origin != origin:
        raise _diverged("origin-changed", "The checkpoint is of another ledger", where)
    if checkpoint.root != frontier.root():
        entry = f", entry {frontier.size - 1}" if frontier.size else ""
        raise _diverged("root-mismatch", "The entries up to here do not give the checkpoint's root", where + entry)


def _check_heads(frontier: Frontier, heads: Mapping[str, Checkpoint]) -> None:
    for name, head in heads.items():
        if head.size == frontier.size and head.root != frontier.root():
            raise _diverged("ledger-forked", f"The first {head.size} entries are not those that the anchor vouches for", name)


def _check_reached(frontier: Frontier, origin: str, heads: Mapping[str, Checkpoint]) -> None:
    for name, head in heads.items():
        if head.origin != origin:
            raise _diverged("origin-changed", "The checkpoint that vouches is of another ledger", name)
        if head.size > frontier.size:
            raise _diverged(
                "ledger-truncated", f"The anchor vouches for {head.size} entries, the ledger holds {frontier.size}", name
            )


def _check_frontier(connection: sqlite3.Connection, frontier: Frontier) -> None:
    stored = connection.execute("SELECT height, hash FROM frontier ORDER BY height DESC").fetchall()
    heights = [bit for bit in reversed(range(frontier.size.bit_length())) if frontier.size >> bit & 1]
    if stored != list(zip(heights, frontier.peaks, strict=True)):
        raise _diverged("frontier-changed", "The stored subtree roots are not those of the entries", "frontier")


def _diverged(reason: str, what: str, where: str) -> LedgerDiverged:
    return LedgerDiverged(reason, what, where=where, do=_DO)
