"""The verifier: every change to a ledger of 200 entries is found."""

# ruff: noqa: S608 - the tables are the schema's own
from __future__ import annotations

import ast
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airflow_privacy.core.errors import BadInput, LedgerDiverged, StorageUnavailable
from airflow_privacy.core.ledger import checkpoint as checkpoint_module
from airflow_privacy.core.ledger import merkle, store, verify
from airflow_privacy.core.ledger.checkpoint import Checkpoint, read_checkpoint, sign_checkpoint
from airflow_privacy.core.ledger.log import open_ledger
from airflow_privacy.core.ledger.merkle import Frontier
from airflow_privacy.core.ledger.verify import verify_connection, verify_ledger

ORIGIN = "airflow-privacy.test/ledger"
ENTRIES = 200
ERASED = 17


@pytest.fixture(scope="module")
def built(tmp_path_factory, signer, fact) -> Path:
    """200 entries, one of them erased by the last."""
    path = tmp_path_factory.mktemp("built") / "ledger.db"
    ledger = open_ledger(path, origin=ORIGIN, signer=signer)
    ledger.append_many(fact(number, links=number % 3) for number in range(ENTRIES - 1))
    ledger.erase(ERASED, at="2026-02-01T00:00:00Z", actor="dpo", reason="erasure request")
    return path


@pytest.fixture
def database(built) -> Iterator[sqlite3.Connection]:
    """A copy in memory, in a transaction."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with sqlite3.connect(built) as source:
        source.backup(connection)
    source.close()
    connection.execute("BEGIN")
    yield connection
    connection.close()


@pytest.fixture
def refuses(database, signer) -> Callable[..., LedgerDiverged]:
    """Apply a change, see that the verifier refuses the ledger, and take the change back."""

    def check(change: Callable[[], object] | str, *parameters: object, anchored: dict[str, str] | None = None) -> LedgerDiverged:
        database.execute("SAVEPOINT untouched")
        before = database.total_changes
        if callable(change):
            change()
        else:
            database.execute(change, parameters)
        with pytest.raises(LedgerDiverged) as caught:
            verify_connection(database, public_key=signer.public_key, anchored=anchored)
        assert caught.value.where or caught.value.what
        changed = database.total_changes != before
        database.execute("ROLLBACK TO untouched")
        database.execute("RELEASE untouched")
        assert changed or (isinstance(change, str) and not change.startswith(("UPDATE", "DELETE", "INSERT"))), change
        return caught.value

    return check


def tables(database: sqlite3.Connection) -> dict[str, list[str]]:
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [row[1] for row in database.execute(f"PRAGMA table_info({name})")] for name in names}


def rows_of(database: sqlite3.Connection, table: str, columns: list[str]) -> list[tuple]:
    return database.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()


def where(columns: list[str]) -> str:
    return " AND ".join(f"{column} IS ?" for column in columns)


def other_value(value: object, number: int) -> object:
    if value is None:
        return b"\0" * 32
    if isinstance(value, int):
        return value + 1000
    if isinstance(value, bytes):
        at = number % len(value)
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    at = number % len(value)
    return value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]


def test_the_ledger_as_it_is_holds(database, signer, built) -> None:
    verified = verify_ledger(built, public_key=signer.public_key, anchors=built.parent / "anchors")
    assert (verified.origin, verified.size, verified.erased, verified.anchors) == (ORIGIN, 200, 1, ("ledger.checkpoint",))
    assert verify_connection(database, public_key=signer.public_key).root == verified.root
    assert sorted(tables(database)) == ["checkpoints", "entries", "frontier", "links"]


@pytest.mark.parametrize("table", ["entries", "checkpoints", "frontier", "links"])
def test_every_field_of_every_row_changed_alone_is_found(database, refuses, table) -> None:
    columns = tables(database)[table]
    rows = rows_of(database, table, columns)
    assert len(rows) >= 3
    for number, row in enumerate(rows):
        for column, value in zip(columns, row, strict=True):
            statement = f"UPDATE {table} SET {column} = ? WHERE {where(columns)}"
            refuses(statement, other_value(value, 7 * number), *row)


@pytest.mark.parametrize("table", ["entries", "checkpoints", "frontier", "links"])
def test_every_row_deleted_alone_is_found(database, refuses, table) -> None:
    columns = tables(database)[table]
    for row in rows_of(database, table, columns):
        refuses(f"DELETE FROM {table} WHERE {where(columns)}", *row)


@pytest.mark.parametrize("table", ["entries", "checkpoints", "frontier", "links"])
def test_a_table_without_rows_is_found(refuses, table) -> None:
    refuses(f"DELETE FROM {table} WHERE 1")


@pytest.mark.parametrize("kind", ["null", "text", "blob", "zero"])
def test_a_field_of_another_type_is_found(database, refuses, kind) -> None:
    expression = {"null": "NULL", "text": "CAST({0} AS TEXT)", "blob": "CAST({0} AS BLOB)", "zero": "0"}[kind]
    for table, columns in tables(database).items():
        row = rows_of(database, table, columns)[2]
        for column, value in zip(columns, row, strict=True):
            same = {"text": str, "blob": bytes}.get(kind)
            if value is None or (same and isinstance(value, same)) or isinstance(value, int):
                continue
            try:
                database.execute("SAVEPOINT probe")
                database.execute(f"UPDATE {table} SET {column} = {expression.format(column)} WHERE {where(columns)}", row)
            except sqlite3.IntegrityError:
                continue
            finally:
                database.execute("ROLLBACK TO probe")
            refuses(f"UPDATE {table} SET {column} = {expression.format(column)} WHERE {where(columns)}", *row)


def test_every_character_of_a_checkpoint_is_covered(database, refuses) -> None:
    (note,) = database.execute("SELECT note FROM checkpoints WHERE size = 3").fetchone()
    for position, found in enumerate(note):
        for other in ("A", ""):
            if other != found:
                changed = note[:position] + other + note[position + 1 :]
                refuses("UPDATE checkpoints SET note = ? WHERE size = 3", changed)


@pytest.mark.parametrize("extra", ["\n", " ", "— other AAAAAAAA\n", "x"])
def test_text_added_to_a_checkpoint_is_found(refuses, extra) -> None:
    refuses("UPDATE checkpoints SET note = note || ? WHERE size = 100", extra)
    refuses("UPDATE checkpoints SET note = ? || note WHERE size = 100", extra)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO entries SELECT 200, leaf, salt, payload FROM entries WHERE idx = 3",
        "INSERT INTO entries VALUES (200, zeroblob(32), NULL, NULL)",
        "INSERT INTO entries SELECT -1, leaf, salt, payload FROM entries WHERE idx = 3",
        "INSERT INTO checkpoints SELECT 201, note FROM checkpoints WHERE size = 200",
        "INSERT INTO checkpoints SELECT -1, note FROM checkpoints WHERE size = 0",
        "INSERT INTO frontier VALUES (0, zeroblob(32))",
        "INSERT INTO frontier VALUES (60, zeroblob(32))",
        "INSERT INTO links VALUES ('sha256:0', 'plan', 3)",
        "INSERT INTO links VALUES ('sha256:0', 'plan', 0)",
        "INSERT INTO links VALUES ('sha256:0', 'plan', 17)",
        "INSERT INTO links VALUES ('sha256:0', 'plan', 200)",
        "INSERT INTO links VALUES ('sha256:0', 'plan', -1)",
        "INSERT INTO links VALUES ('sha256:0', 'plan', 'x')",
    ],
)
def test_an_added_row_is_found(refuses, statement) -> None:
    refuses(statement)


@pytest.mark.parametrize("columns", [("leaf", "salt", "payload"), ("leaf",), ("salt",), ("payload",), ("salt", "payload")])
def test_two_swapped_entries_are_found(database, refuses, columns) -> None:
    def swap() -> None:
        rows = {index: database.execute(f"SELECT {', '.join(columns)} FROM entries WHERE idx = ?", (index,)) for index in (4, 9)}
        values = {index: cursor.fetchone() for index, cursor in rows.items()}
        assignment = ", ".join(f"{column} = ?" for column in columns)
        database.execute(f"UPDATE entries SET {assignment} WHERE idx = 4", values[9])
        database.execute(f"UPDATE entries SET {assignment} WHERE idx = 9", values[4])

    refuses(swap)


@pytest.mark.parametrize(("table", "key", "field"), [("checkpoints", "size", "note"), ("frontier", "height", "hash")])
def test_two_swapped_rows_are_found(database, refuses, table, key, field) -> None:
    def swap() -> None:
        (one, first), (two, second) = database.execute(f"SELECT {key}, {field} FROM {table} ORDER BY {key} LIMIT 2")
        database.execute(f"UPDATE {table} SET {field} = ? WHERE {key} = ?", (second, one))
        database.execute(f"UPDATE {table} SET {field} = ? WHERE {key} = ?", (first, two))

    refuses(swap)


def test_two_links_with_swapped_entries_are_found(refuses) -> None:
    refuses("UPDATE links SET idx = CASE idx WHEN 4 THEN 7 WHEN 7 THEN 4 ELSE idx END WHERE idx IN (4, 7)")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (x)",
        "CREATE TABLE sqliteXautoindexX (x)",
        "CREATE VIEW more AS SELECT 1",
        "CREATE INDEX more ON entries (leaf)",
        "CREATE TRIGGER entries AFTER INSERT ON entries BEGIN DELETE FROM links; END",
        "ALTER TABLE entries ADD COLUMN note TEXT",
        "ALTER TABLE entries RENAME COLUMN leaf TO leaves",
        "DROP TABLE links",
        "PRAGMA user_version = 2",
        "PRAGMA application_id = 1",
    ],
)
def test_a_changed_schema_is_found(refuses, statement) -> None:
    assert refuses(statement).reason == "schema-changed"


# What somebody without the key, or with it, may try


def resign(database: sqlite3.Connection, signer, origin: str = ORIGIN, *, upto: int = ENTRIES) -> str:
    """Rewrite frontier and checkpoints so that they fit the stored entries."""
    frontier = Frontier()
    database.execute("DELETE FROM checkpoints")
    database.execute("DELETE FROM frontier")
    notes = [sign_checkpoint(Checkpoint(origin, 0, frontier.root()), signer)]
    for (leaf,) in database.execute("SELECT leaf FROM entries ORDER BY idx").fetchall()[:upto]:
        frontier = frontier.append(leaf)
        notes.append(sign_checkpoint(Checkpoint(origin, frontier.size, frontier.root()), signer))
    database.executemany("INSERT INTO checkpoints VALUES (?, ?)", enumerate(notes))
    heights = [bit for bit in reversed(range(upto.bit_length())) if upto >> bit & 1]
    database.executemany("INSERT INTO frontier VALUES (?, ?)", zip(heights, frontier.peaks, strict=True))
    return notes[-1]


def forge(database: sqlite3.Connection, index: int = 5) -> None:
    (payload,) = database.execute("SELECT payload FROM entries WHERE idx = ?", (index,)).fetchone()
    payload, salt = payload.replace(b"alice", b"mally"), b"s" * 32
    leaf = store.commit_to(salt, payload)
    database.execute("UPDATE entries SET leaf = ?, salt = ?, payload = ? WHERE idx = ?", (leaf, salt, payload, index))


def test_a_fact_rewritten_with_fitting_salt_and_leaf_is_named(database, refuses) -> None:
    error = refuses(lambda: forge(database))
    assert (error.reason, error.where) == ("root-mismatch", "checkpoint 6, entry 5")


def test_a_whole_ledger_signed_by_another_key_is_found(database, refuses, other_signer) -> None:
    error = refuses(lambda: (forge(database), resign(database, other_signer)))
    assert error.reason == "wrong-key"


def test_one_checkpoint_signed_by_another_key_is_named(database, refuses, other_signer) -> None:
    (note,) = database.execute("SELECT note FROM checkpoints WHERE size = 77").fetchone()
    forged = sign_checkpoint(read_checkpoint(note), other_signer)
    error = refuses("UPDATE checkpoints SET note = ? WHERE size = 77", forged)
    assert (error.reason, error.where) == ("wrong-key", "checkpoint 77")


def test_another_origin_signed_with_the_right_key_shows_against_the_anchor(database, refuses, signer) -> None:
    (note,) = database.execute("SELECT note FROM checkpoints WHERE size = 200").fetchone()
    error = refuses(lambda: resign(database, signer, "another"), anchored={"a": note})
    assert (error.reason, error.where) == ("origin-changed", "a")


def test_one_checkpoint_of_another_origin_is_found(database, refuses, signer) -> None:
    (note,) = database.execute("SELECT note FROM checkpoints WHERE size = 77").fetchone()
    head = read_checkpoint(note)
    forged = sign_checkpoint(Checkpoint("another", head.size, head.root), signer)
    assert refuses("UPDATE checkpoints SET note = ? WHERE size = 77", forged).reason == "origin-changed"


def test_a_second_history_signed_with_the_right_key_shows_against_the_anchor(database, refuses, signer) -> None:
    for size in (6, 100, 200):
        (note,) = database.execute("SELECT note FROM checkpoints WHERE size = ?", (size,)).fetchone()
        error = refuses(lambda: (forge(database), resign(database, signer)), anchored={"witness": note})
        assert (error.reason, error.where) == ("ledger-forked", "witness")


def truncate(database: sqlite3.Connection, size: int) -> None:
    frontier = Frontier()
    for (leaf,) in database.execute("SELECT leaf FROM entries WHERE idx < ? ORDER BY idx", (size,)):
        frontier = frontier.append(leaf)
    database.execute("DELETE FROM entries WHERE idx >= ?", (size,))
    database.execute("DELETE FROM checkpoints WHERE size > ?", (size,))
    database.execute("DELETE FROM links WHERE idx >= ?", (size,))
    database.execute("DELETE FROM frontier")
    heights = [bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]
    database.executemany("INSERT INTO frontier VALUES (?, ?)", zip(heights, frontier.peaks, strict=True))


@pytest.mark.parametrize("size", [0, 10, 17])
def test_truncation_shows_against_the_anchor_only(database, refuses, signer, size) -> None:
    (note,) = database.execute("SELECT note FROM checkpoints WHERE size = 200").fetchone()
    error = refuses(lambda: truncate(database, size), anchored={"a": note})
    assert error.what == f"The anchor vouches for 200 entries, the ledger holds {size}"
    truncate(database, size)
    assert verify_connection(database, public_key=signer.public_key).size == size


def test_truncation_to_before_an_erasure_shows_without_anchor(database, refuses) -> None:
    assert refuses(lambda: truncate(database, 150)).reason == "payload-missing"


def test_an_anchor_by_another_key_is_named(database, refuses, signer, other_signer) -> None:
    (note,) = database.execute("SELECT note FROM checkpoints WHERE size = 200").fetchone()
    forged = sign_checkpoint(read_checkpoint(note), other_signer)
    with pytest.raises(LedgerDiverged, match="anchor forged"):
        verify_connection(database, public_key=signer.public_key, anchored={"forged": forged})


def test_a_witnessed_anchor_holds(database, signer, other_signer) -> None:
    (note,) = database.execute("SELECT note FROM checkpoints WHERE size = 120").fetchone()
    witness = checkpoint_module.sign_note(note.partition("\n\n")[0] + "\n", "witness", other_signer).partition("\n\n")[2]
    assert verify_connection(database, public_key=signer.public_key, anchored={"w": note + witness}).anchors == ("w",)


# Erasure


def test_a_payload_deleted_without_a_fact_is_found(refuses) -> None:
    error = refuses("UPDATE entries SET salt = NULL, payload = NULL WHERE idx = 21")
    assert error.reason in {"payload-missing", "links-changed"}


def test_a_payload_and_links_deleted_without_a_fact_is_found(database, refuses) -> None:
    def erase() -> None:
        database.execute("UPDATE entries SET salt = NULL, payload = NULL WHERE idx = 23")
        database.execute("DELETE FROM links WHERE idx = 23")

    (leaf,) = database.execute("SELECT leaf FROM entries WHERE idx = 23").fetchone()
    error = refuses(erase)
    assert (error.reason, error.where) == ("payload-missing", f"leaf sha256:{leaf.hex()}")


def test_an_erasure_fact_that_is_itself_deleted_is_found(database, refuses) -> None:
    def erase() -> None:
        database.execute("UPDATE entries SET salt = NULL, payload = NULL WHERE idx = 199")
        database.execute("DELETE FROM links WHERE idx = 199")

    assert refuses(erase).reason == "payload-missing"


@pytest.fixture
def small(tmp_path, signer, fact):
    ledger = open_ledger(tmp_path / "ledger.db", origin=ORIGIN, signer=signer)
    ledger.append_many(fact(number) for number in range(6))
    return ledger


def checked(ledger):
    return verify_ledger(ledger.path, public_key=ledger.signer.public_key, anchors=ledger.anchors)


def test_an_erased_fact_is_gone_and_the_tree_stays(small, fact, signer) -> None:
    before = small.checkpoint()
    proof = small.inclusion_proof(4)
    position = small.erase(3, at="2026-02-01T00:00:00Z", actor="dpo", reason="erasure request")
    assert position.index == 6
    assert (checked(small).size, checked(small).erased) == (7, 1)
    assert [index for index, _ in small.facts()] == [0, 1, 2, 4, 5, 6]
    assert small.find("plan", fact(3).links[0].digest) == ()
    verify.check_prefix(before, small.path, public_key=signer.public_key)
    verify.verify_inclusion_proof(proof, public_key=signer.public_key)
    erased = small.inclusion_proof(3)
    assert (erased.salt, erased.payload) == (None, None)
    verify.verify_inclusion_proof(erased, public_key=signer.public_key)


def test_an_erased_payload_is_in_no_byte_of_the_file(small, fact) -> None:
    small.append_many(fact(number) for number in range(100, 140))
    secrets = [text for index in (3, 20, 21, 30) for text in traces(small, index)]
    assert all(secret in small.path.read_bytes() for secret in secrets)
    for index in (3, 20, 21, 30):
        small.erase(index, at="2026-02-01T00:00:00Z", actor="dpo", reason="erasure request")
    stored = b"".join(path.read_bytes() for path in small.path.parent.glob("ledger.db*"))
    assert not [secret for secret in secrets if secret in stored]


def traces(ledger, index: int) -> list[bytes]:
    proof = ledger.inclusion_proof(index)
    digest = json.loads(proof.payload)["links"][0]["digest"]
    return [digest.encode(), bytes.fromhex(proof.salt)[:16], bytes.fromhex(proof.salt)[16:]]


def test_an_erased_payload_that_is_put_back_is_found(small) -> None:
    connection = sqlite3.connect(small.path, isolation_level=None)
    row = connection.execute("SELECT salt, payload FROM entries WHERE idx = 3").fetchone()
    links = connection.execute("SELECT * FROM links WHERE idx = 3").fetchall()
    small.erase(3, at="2026-02-01T00:00:00Z", actor="dpo", reason="erasure request")
    connection.execute("UPDATE entries SET salt = ?, payload = ? WHERE idx = 3", row)
    connection.executemany("INSERT INTO links VALUES (?, ?, ?)", links)
    connection.close()
    with pytest.raises(LedgerDiverged, match="erasure-undone"):
        checked(small)


@pytest.mark.parametrize("index", [-1, 6, 3])
def test_what_is_not_there_cannot_be_erased(small, index) -> None:
    small.erase(3, at="t", actor="dpo", reason="r")
    with pytest.raises(BadInput, match="not-erasable"):
        small.erase(index, at="t", actor="dpo", reason="r")


def test_an_erasure_fact_cannot_be_appended_by_hand(small, fact) -> None:
    with pytest.raises(BadInput, match="reserved-kind"):
        small.append(fact(1, kind="erased"))
    assert small.size == 6


# Files


def test_no_anchor_at_all_is_said(small, tmp_path) -> None:
    for place in (tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(LedgerDiverged, match="anchor-missing"):
            verify_ledger(small.path, public_key=small.signer.public_key, anchors=place)
    assert verify_ledger(small.path, public_key=small.signer.public_key, anchors=None).anchors == ()


def test_an_anchor_may_be_one_file(small, tmp_path) -> None:
    (tmp_path / "passport-checkpoint").write_text(small.checkpoint())
    verified = verify_ledger(small.path, public_key=small.signer.public_key, anchors=tmp_path / "passport-checkpoint")
    assert verified.anchors == ("passport-checkpoint",)


@pytest.mark.parametrize("data", [b"", b"junk", b"\xff\xfe", b"a\n1\n\n"])
def test_a_damaged_anchor_is_found(small, data) -> None:
    (small.anchors / "ledger.checkpoint").write_bytes(data)
    with pytest.raises(LedgerDiverged, match="anchor"):
        checked(small)


def test_a_missing_file_is_no_divergence(tmp_path, signer) -> None:
    with pytest.raises(StorageUnavailable):
        verify_ledger(tmp_path / "none.db", public_key=signer.public_key, anchors=None)


@pytest.mark.parametrize("data", [b"", b"not a database, but long enough to be one" * 30])
def test_a_file_that_is_no_database_is_found(tmp_path, signer, data) -> None:
    (tmp_path / "ledger.db").write_bytes(data)
    with pytest.raises(LedgerDiverged):
        verify_ledger(tmp_path / "ledger.db", public_key=signer.public_key, anchors=None)


def test_a_copy_in_a_folder_that_cannot_be_written_verifies(small, tmp_path, monkeypatch) -> None:
    copy = tmp_path / "copy.db"
    with sqlite3.connect(small.path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    source.close()
    target.close()
    real, opened = sqlite3.connect, []

    class Unwritable(sqlite3.Connection):
        def execute(self, *_):
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error

    def connect(target, *args, **options):
        opened.append(target)
        return real(target, *args, **options, **({} if "immutable" in target else {"factory": Unwritable}))

    monkeypatch.setattr(sqlite3, "connect", connect)
    assert verify_ledger(copy, public_key=small.signer.public_key, anchors=None).size == 6
    assert opened[-1].endswith("immutable=1")


def test_verifying_changes_no_byte(small) -> None:
    before = small.path.read_bytes()
    checked(small)
    assert small.path.read_bytes() == before


@pytest.mark.parametrize("module", [verify, store, merkle, checkpoint_module])
def test_the_verifier_stands_alone(module) -> None:
    tree = ast.parse(Path(module.__file__).read_text())
    ours = {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and "airflow_privacy" in (node.module or "")
    }
    allowed = {"airflow_privacy.core.errors"} | {
        f"airflow_privacy.core.ledger.{name}" for name in ("checkpoint", "merkle", "store")
    }
    assert ours <= allowed
