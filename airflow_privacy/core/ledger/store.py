"""The SQLite file: its tables, how a leaf commits to its payload, and SQLite's errors in our words.

=========== ===================================================================================================
entries     one row a fact: index from 0, leaf hash, and salt and canonical payload (both NULL once erased)
checkpoints the signed note for each size from 0 to the newest: where a ledger diverges shows to the entry
frontier    the roots of the full subtrees, by height: appending reads these and no leaf
links       which entry links which artifact; an index over the payloads
=========== ===================================================================================================

A leaf is ``SHA-256(0x00 || HMAC-SHA-256(salt, payload))`` (RFC 6962, RFC 2104): with 32 random bytes of salt gone, nobody can
tell by trying what the payload was. The verifier shares this module, which knows no other part of the package.
"""

from __future__ import annotations

import contextlib
import hmac
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from airflow_privacy.core.errors import LedgerBusy, LedgerDiverged, StorageUnavailable
from airflow_privacy.core.ledger.merkle import leaf_hash

APPLICATION_ID = 0x41505256
FORMAT = 1
SALT_BYTES = 32
ERASED = "erased"
TABLES = {
    "entries": "CREATE TABLE entries (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL, salt BLOB, payload BLOB)",
    "checkpoints": "CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL)",
    "frontier": "CREATE TABLE frontier (height INTEGER PRIMARY KEY, hash BLOB NOT NULL)",
    "links": "CREATE TABLE links (digest TEXT, kind TEXT, idx INTEGER, PRIMARY KEY (digest, kind, idx)) WITHOUT ROWID",
}


def commit_to(salt: bytes, payload: bytes) -> bytes:
    """The leaf hash of a salted payload."""
    return leaf_hash(hmac.digest(salt, payload, "sha256"))


@contextlib.contextmanager
def reading(path: Path, *, busy_seconds: float = 30.0) -> Iterator[sqlite3.Connection]:
    """One consistent view of the file, which is not changed.

    :raises StorageUnavailable: it cannot be opened.
    :raises LedgerDiverged: it is damaged.
    """
    with sqlite_errors(path):
        if not path.is_file():
            raise StorageUnavailable("ledger-missing", "There is no ledger", where=str(path), do="Check the path.")
        with contextlib.closing(_open_reader(path, busy_seconds)) as connection:
            connection.execute("BEGIN")
            yield connection


@contextlib.contextmanager
def writing(path: Path, *, busy_seconds: float) -> Iterator[sqlite3.Connection]:
    """A write transaction; committed when the block ends, rolled back when it raises.

    :raises LedgerBusy: another writer held the file for longer than ``busy_seconds``.
    :raises StorageUnavailable: it cannot be written.
    :raises LedgerDiverged: it is damaged.
    """
    with sqlite_errors(path):
        connection = sqlite3.connect(_uri(path, "rw"), uri=True, timeout=busy_seconds, isolation_level=None)
        with contextlib.closing(connection):
            # FULL: an entry is on disk before its anchor is.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def create_file(path: Path) -> sqlite3.Connection:
    """A new, empty ledger file with its tables, open for writing; WAL mode stays with the file."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    for statement in TABLES.values():
        connection.execute(statement)
    return connection


@contextlib.contextmanager
def sqlite_errors(where: str | Path) -> Iterator[None]:
    """SQLite's errors as ours; their texts, which show cells, are cut off."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    else:
        return
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise LedgerBusy("ledger-busy", "Another writer held the ledger for too long", where=str(where), do="Try again.")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM):
        raise StorageUnavailable(
            "ledger-unavailable", "The ledger's file cannot be opened or written", where=str(where), do="Check disk and owner."
        )
    raise LedgerDiverged(
        "ledger-damaged", "The ledger's file is damaged or not a ledger", where=str(where), do="Restore it from a backup."
    )


def _open_reader(path: Path, busy_seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(_uri(path, "ro"), uri=True, timeout=busy_seconds, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        connection.close()
        log = path.with_name(f"{path.name}-wal")
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN or (log.exists() and log.stat().st_size):
            raise
        # A copy in a folder that cannot be written: with no log beside it, the file is complete and nobody writes.
        return sqlite3.connect(_uri(path, "ro") + "&immutable=1", uri=True, isolation_level=None)
    except BaseException:
        connection.close()
        raise
    return connection


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"
