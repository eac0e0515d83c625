"""Appending to and reading from a ledger."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
import sqlite3
import stat
from pathlib import Path

import pytest

from airflow_privacy.core.errors import BadInput, LedgerBusy, LedgerDiverged, StorageUnavailable, VerificationError
from airflow_privacy.core.ledger import anchor, log, merkle
from airflow_privacy.core.ledger.checkpoint import read_checkpoint, verify_checkpoint
from airflow_privacy.core.ledger.log import check_consistent, open_ledger
from airflow_privacy.core.ledger.verify import check_prefix, verify_inclusion_proof, verify_ledger
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.release import Fact, Link

FORK = multiprocessing.get_context("fork")


def verified_size(ledger) -> int:
    return verify_ledger(ledger.path, public_key=ledger.signer.public_key, anchors=ledger.anchors).size


def test_facts_come_back_in_order(ledger, fact) -> None:
    facts = [fact(number, links=number) for number in range(3)]
    positions = [ledger.append(each) for each in facts]
    assert list(ledger.facts()) == list(enumerate(facts))
    assert [position.index for position in positions] == [0, 1, 2]
    assert ledger.size == 3


def test_a_position_holds_the_checkpoint_of_the_tree_that_holds_the_fact(ledger, fact, signer) -> None:
    position = ledger.append(fact(1))
    checkpoint = verify_checkpoint(position.checkpoint, public_key=signer.public_key)
    assert (checkpoint.size, checkpoint.root.hex()) == (1, position.leaf.removeprefix("sha256:"))
    assert ledger.checkpoint() == position.checkpoint


def test_many_facts_are_one_transaction_with_one_position_each(ledger, fact) -> None:
    ledger.append(fact(0))
    positions = ledger.append_many(fact(number) for number in range(1, 10))
    assert [position.index for position in positions] == list(range(1, 10))
    assert {read_checkpoint(position.checkpoint).size for position in positions} == {10}
    assert verified_size(ledger) == 10


def test_no_facts_change_nothing(ledger) -> None:
    before = ledger.checkpoint()
    assert ledger.append_many([]) == ()
    assert ledger.checkpoint() == before


def test_a_reopened_ledger_goes_on(ledger, fact, open_at, path) -> None:
    for number in range(5):
        open_at(path).append(fact(number))
    assert verified_size(ledger) == 5


def test_find_gives_the_facts_that_link_an_artifact(ledger, fact) -> None:
    facts = [fact(1), fact(2), fact(1, kind="assessed"), fact(3, links=0)]
    ledger.append_many(facts)
    digest = facts[0].links[0].digest
    assert ledger.find("plan", digest) == ((0, facts[0]), (2, facts[2]))
    assert ledger.find("risk", digest) == ()
    assert ledger.find("plan", "sha256:none") == ()


def test_a_fact_that_links_twice_is_found_once(ledger) -> None:
    link = Link(kind="plan", digest="sha256:1")
    ledger.append(Fact(kind="masked", at="t", actor="a", links=(link, link)))
    assert len(ledger.find("plan", "sha256:1")) == 1
    assert verified_size(ledger) == 1


def test_equal_facts_have_different_leaves(ledger, fact) -> None:
    one, two = ledger.append(fact(1)), ledger.append(fact(1))
    assert one.leaf != two.leaf


def test_an_append_reads_no_leaf(ledger, fact, monkeypatch) -> None:
    ledger.append_many(fact(number) for number in range(300))
    hashed = []
    real = merkle.node_hash
    monkeypatch.setattr(merkle, "node_hash", lambda left, right: hashed.append(1) or real(left, right))
    ledger.append(fact(300))
    assert len(hashed) < 4 * 9


def test_reading_needs_no_key(ledger, fact) -> None:
    ledger.append(fact(1))
    view = LedgerView(ledger.path)
    assert [found for _, found in view.facts()] == [fact(1)]
    assert (view.size, view.checkpoint()) == (1, ledger.checkpoint())


def test_reading_a_changed_payload_raises(ledger, fact) -> None:
    ledger.append(fact(1))
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("UPDATE entries SET payload = replace(payload, 'alice', 'mally')")
    connection.close()
    with pytest.raises(LedgerDiverged, match="entry 0"):
        list(ledger.facts())
    with pytest.raises(LedgerDiverged, match="entry 0"):
        ledger.find("plan", fact(1).links[0].digest)


def test_the_file_is_ours_alone(ledger, fact) -> None:
    ledger.append(fact(1))
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_no_draft_is_left(ledger, fact) -> None:
    ledger.append(fact(1))
    names = {path.name for path in ledger.path.parent.rglob("*")}
    assert names <= {"ledger.db", "ledger.db-wal", "ledger.db-shm", "anchors", "ledger.checkpoint"}


def test_the_signer_is_in_no_repr(ledger) -> None:
    assert "signer=" not in repr(ledger)


def test_a_missing_ledger_cannot_be_read(tmp_path) -> None:
    with pytest.raises(StorageUnavailable, match="There is no ledger"):
        LedgerView(tmp_path / "none.db").checkpoint()
    assert not (tmp_path / "none.db").exists()


def test_a_fact_without_canonical_form_is_refused(ledger) -> None:
    with pytest.raises(BadInput, match="fact-not-canonical"):
        ledger.append(Fact(kind="masked", at="t", actor="a", counts={"rows": 2**60}))
    assert ledger.size == 0


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nbreak", "tab\t"])
def test_a_bad_origin_is_refused(path, open_at, origin) -> None:
    with pytest.raises(BadInput, match="bad-origin"):
        open_at(path, origin=origin)


# Opening refuses what does not fit


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def copy(path: Path, to: Path) -> None:
    with sqlite3.connect(path) as source, sqlite3.connect(to) as target:
        source.backup(target)
    source.close()
    target.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entries WHERE idx = 4",
        "DELETE FROM entries WHERE idx = 1",
        "UPDATE entries SET leaf = zeroblob(32) WHERE idx = 2",
        "DELETE FROM checkpoints",
        "DELETE FROM checkpoints WHERE size = 5",
        "DELETE FROM frontier",
        "UPDATE frontier SET hash = zeroblob(32) WHERE height = 2",
        "UPDATE frontier SET hash = 'text' WHERE height = 2",
        "INSERT INTO entries VALUES (5, zeroblob(32), zeroblob(32), x'7b7d')",
        "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries; END",
        "UPDATE checkpoints SET note = note || '— x AAAAAAAA\n' WHERE size = 5",
    ],
)
def test_a_ledger_that_does_not_fit_its_checkpoint_is_not_opened(ledger, fact, open_at, path, statement) -> None:
    ledger.append_many(fact(number) for number in range(5))
    change(path, statement)
    with pytest.raises(LedgerDiverged):
        open_at(path)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM checkpoints",
        "DELETE FROM checkpoints WHERE size = 5",
        "UPDATE checkpoints SET size = 6 WHERE size = 5",
        "DELETE FROM frontier",
        "UPDATE frontier SET hash = zeroblob(32) WHERE height = 2",
        "UPDATE frontier SET hash = 'text' WHERE height = 2",
        "INSERT INTO entries VALUES (5, zeroblob(32), zeroblob(32), x'7b7d')",
    ],
)
def test_a_ledger_that_changes_while_open_takes_no_append(ledger, fact, path, statement) -> None:
    ledger.append_many(fact(number) for number in range(5))
    change(path, statement)
    with pytest.raises(LedgerDiverged):
        ledger.append(fact(5))


def test_another_key_cannot_append(ledger, fact, open_at, path, other_signer) -> None:
    ledger.append(fact(1))
    with pytest.raises(LedgerDiverged, match="not signed by this key"):
        open_at(path, signer=other_signer)


def test_another_origin_is_refused(ledger, fact, open_at, path) -> None:
    with pytest.raises(LedgerDiverged, match="origin"):
        open_at(path, origin="another")


def test_a_restored_old_copy_is_not_opened(ledger, fact, open_at, path, tmp_path) -> None:
    ledger.append(fact(1))
    copy(path, tmp_path / "old.db")
    ledger.append(fact(2))
    copy(tmp_path / "old.db", path)
    with pytest.raises(LedgerDiverged, match="vouches for 2 entries, the ledger holds 1"):
        open_at(path)
    with pytest.raises(LedgerDiverged, match="anchor"):
        ledger.append(fact(3))


def test_a_fork_of_the_same_size_is_not_opened(ledger, fact, open_at, path, tmp_path) -> None:
    ledger.append(fact(1))
    copy(path, tmp_path / "fork.db")
    ledger.append(fact(2))
    open_at(tmp_path / "fork.db", anchors=tmp_path / "none").append(fact(9))
    copy(tmp_path / "fork.db", path)
    with pytest.raises(LedgerDiverged, match="ledger-forked"):
        open_at(path)
    with pytest.raises(LedgerDiverged, match="anchor-mismatch"):
        ledger.append(fact(3))


def test_a_deleted_ledger_is_not_begun_again(ledger, fact, open_at, path) -> None:
    ledger.append(fact(1))
    path.unlink()
    with pytest.raises(LedgerDiverged, match="ledger-missing"):
        open_at(path)
    assert not path.exists()


@pytest.mark.parametrize("data", [b"", b"not a database, but long enough to be one" * 30])
def test_a_file_that_is_no_ledger_is_not_opened(path, open_at, data) -> None:
    path.write_bytes(data)
    with pytest.raises(LedgerDiverged):
        open_at(path)


# Anchors


def test_the_anchor_is_the_newest_checkpoint(ledger, fact) -> None:
    for number in range(3):
        position = ledger.append(fact(number))
        assert (ledger.anchors / "ledger.checkpoint").read_text() == position.checkpoint


def test_an_anchor_never_goes_back(ledger, fact) -> None:
    smaller, larger = ledger.append(fact(1)).checkpoint, ledger.append(fact(2)).checkpoint
    anchor.advance(ledger.anchors, smaller)
    assert (ledger.anchors / "ledger.checkpoint").read_text() == larger


def test_an_anchor_that_cannot_be_written_is_said_and_the_entry_stays(ledger, fact, open_at, path, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    unanchored = open_at(path, anchors=tmp_path / "file" / "anchors")
    with pytest.raises(StorageUnavailable, match="The entry is in the ledger, its anchor could not be written"):
        unanchored.append(fact(1))
    assert ledger.size == 1


def test_a_forged_anchor_stops_appends(ledger, fact, open_at, path, other_signer, tmp_path) -> None:
    foreign = open_at(tmp_path / "foreign" / "ledger.db", signer=other_signer)
    (ledger.anchors / "forged.checkpoint").write_text(foreign.checkpoint())
    with pytest.raises(LedgerDiverged, match="anchor forged"):
        ledger.append(fact(1))
    with pytest.raises(LedgerDiverged, match="anchor forged"):
        open_at(path)


# Writers at once, and crashes


def _append_25(args: tuple) -> list[int]:
    ledger, facts = args
    return [ledger.append(each).index for each in facts]


def test_eight_processes_at_once_lose_nothing(ledger, fact) -> None:
    work = [(ledger, [fact(1000 * writer + number) for number in range(25)]) for writer in range(8)]
    processes = []
    for item in work:
        process = FORK.Process(target=_append_25, args=(item,))
        process.start()
        processes.append(process)
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 8
    runs = [found.run for _, found in ledger.facts()]
    assert sorted(runs) == sorted(each.run for _, facts in work for each in facts)
    assert verified_size(ledger) == 200
    assert read_checkpoint((ledger.anchors / "ledger.checkpoint").read_text()).size == 200


def _open_and_append(args: tuple) -> None:
    path, origin, signer, fact = args
    open_ledger(path, origin=origin, signer=signer).append(fact)


def test_processes_that_open_a_new_ledger_at_once_share_it(path, fact, signer) -> None:
    processes = [FORK.Process(target=_open_and_append, args=((path, "o", signer, fact(n)),)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert LedgerView(path).size == 4


def test_a_writer_that_waits_too_long_is_told_to_retry(ledger, fact, open_at, path) -> None:
    impatient = open_at(path, busy_seconds=0.05)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerBusy):
        impatient.append(fact(1))
    blocker.execute("ROLLBACK")
    blocker.close()
    impatient.append(fact(1))


class DyingSigner:
    def __init__(self, signer, after: int) -> None:
        self.signer, self.after = signer, after
        self.public_key = signer.public_key

    def sign(self, message: bytes) -> bytes:
        self.after -= 1
        if self.after < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.signer.sign(message)


def _killed(function, *args) -> None:
    process = FORK.Process(target=function, args=args)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def test_a_writer_killed_before_the_commit_leaves_nothing(ledger, fact, open_at, path, signer) -> None:
    ledger.append(fact(0))
    dying = open_at(path, signer=DyingSigner(signer, 2))
    _killed(lambda: dying.append_many([fact(1), fact(2), fact(3)]))
    assert verified_size(ledger) == 1
    ledger.append(fact(1))
    assert verified_size(ledger) == 2


def test_a_writer_killed_before_the_anchor_leaves_the_entry(ledger, fact, monkeypatch) -> None:
    ledger.append(fact(0))
    monkeypatch.setattr(log.anchor, "advance", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    _killed(lambda: ledger.append(fact(1)))
    monkeypatch.undo()
    assert read_checkpoint((ledger.anchors / "ledger.checkpoint").read_text()).size == 1
    assert verified_size(ledger) == 2
    ledger.append(fact(2))
    assert read_checkpoint((ledger.anchors / "ledger.checkpoint").read_text()).size == 3


def test_a_failing_signer_leaves_nothing(ledger, fact, open_at, path, signer) -> None:
    class Failing:
        public_key = signer.public_key

        def sign(self, _message: bytes) -> bytes:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        open_at(path, signer=Failing()).append(fact(1))
    assert verified_size(ledger) == 0


# Proofs


@pytest.mark.parametrize("index", [0, 3, 6])
def test_an_inclusion_proof_holds_without_the_ledger(ledger, fact, signer, index) -> None:
    ledger.append_many(fact(number) for number in range(7))
    proof = ledger.inclusion_proof(index)
    ledger.path.unlink()
    assert verify_inclusion_proof(proof, public_key=signer.public_key).size == 7


@pytest.mark.parametrize("field", ["index", "leaf", "path", "checkpoint", "salt", "payload"])
def test_every_field_of_an_inclusion_proof_is_checked(ledger, fact, signer, field) -> None:
    ledger.append_many(fact(number) for number in range(7))
    proof, other = ledger.inclusion_proof(2), ledger.inclusion_proof(5)
    ledger.append(fact(8))
    value = ledger.checkpoint() if field == "checkpoint" else getattr(other, field)
    with pytest.raises(VerificationError):
        verify_inclusion_proof(dataclasses.replace(proof, **{field: value}), public_key=signer.public_key)


def test_a_proof_under_another_key_is_refused(ledger, fact, other_signer) -> None:
    ledger.append(fact(1))
    with pytest.raises(VerificationError, match="wrong-key"):
        verify_inclusion_proof(ledger.inclusion_proof(0), public_key=other_signer.public_key)


@pytest.mark.parametrize("index", [-1, 1])
def test_no_proof_of_an_entry_that_is_not_there(ledger, fact, index) -> None:
    ledger.append(fact(1))
    with pytest.raises(BadInput, match="no-such-entry"):
        ledger.inclusion_proof(index)


def test_every_earlier_checkpoint_is_a_prefix(ledger, fact) -> None:
    notes = [ledger.checkpoint(), *(ledger.append(fact(number)).checkpoint for number in range(9))]
    for note in notes:
        check_consistent(note, ledger)


def test_a_checkpoint_of_a_fork_is_no_prefix(ledger, fact, open_at, tmp_path) -> None:
    fork = open_at(tmp_path / "fork" / "ledger.db")
    note = fork.append(fact(1)).checkpoint
    ledger.append_many([fact(1), fact(2)])
    with pytest.raises(LedgerDiverged, match="ledger-forked"):
        check_consistent(note, ledger)


def test_a_larger_checkpoint_is_no_prefix(ledger, fact, open_at, path, tmp_path) -> None:
    ledger.append(fact(1))
    copy(path, tmp_path / "old.db")
    note = ledger.append(fact(2)).checkpoint
    with pytest.raises(LedgerDiverged, match="ledger-truncated"):
        check_consistent(note, open_at(tmp_path / "old.db", anchors=tmp_path / "none"))


def test_a_checkpoint_by_another_key_is_no_prefix(ledger, fact, open_at, tmp_path, other_signer) -> None:
    foreign = open_at(tmp_path / "foreign" / "ledger.db", signer=other_signer)
    with pytest.raises(VerificationError, match="wrong-key"):
        check_consistent(foreign.checkpoint(), ledger)


def test_a_prefix_check_does_not_trust_an_unsigned_tree(ledger, fact, path, signer) -> None:
    note = ledger.append(fact(1)).checkpoint
    ledger.append(fact(2))
    change(path, "UPDATE entries SET leaf = zeroblob(32) WHERE idx = 1")
    with pytest.raises(LedgerDiverged, match="root-mismatch"):
        check_prefix(note, path, public_key=signer.public_key)
