"""Carrying out a plan over stores that resist, wait, break or are held meanwhile."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from purge_case import CALLER, NOW, PurgeCase, days, purge_case

from airflow_privacy.core.attest.certificate import verify_certificate
from airflow_privacy.core.errors import CheckFailed, TransientError, VerificationError
from airflow_privacy.core.io.purge.target import Found, Pace, Progress, Target
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.model.purge import Item, Kept, Looked, PurgePlan, Step
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import purge_execution
from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.pipeline.purge import opener_of, plan_purge, run_purge, verify_purge
from airflow_privacy.core.pipeline.purge_execution import Purged, execute_plan
from airflow_privacy.core.pipeline.purge_locks import dataset_locks


class Between:
    """A target with something in between; each method may be replaced."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.removals = 0

    @property
    def uri(self) -> str:
        return self.target.uri

    def find(self) -> Found:
        return self.target.find()

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        self.removals += 1
        self.target.remove(step, items, pace=pace, progress=progress)

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        return self.target.look_again(step, items)


class Resists(Between):
    """Deletes only when asked for the *n*th time."""

    def __init__(self, target: Target, at: int) -> None:
        super().__init__(target)
        self.at = at

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        self.removals += 1
        if self.removals >= self.at:
            self.target.remove(step, items, pace=pace, progress=progress)


class Waits(Between):
    """Says that old versions may not go before a time."""

    def __init__(self, target: Target, until: datetime) -> None:
        super().__init__(target)
        self.until = until

    def look_again(self, step: Step, items: tuple[Item, ...]) -> Looked:
        kept = (Kept(why="not-yet", count=2, until=self.until.isoformat()),)
        return msgspec.structs.replace(super().look_again(step, items), kept=kept)


class Breaks(Between):
    """Fails with a message that holds a value."""

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        raise ValueError("no such key day=2024-05-05/CANARYVALUE")


@pytest.fixture
def case(tmp_path: Path) -> PurgeCase:
    return purge_case(tmp_path)


def unwatched(done: int, of: int) -> None:
    """Nobody looks."""


def planned(case: PurgeCase, *, max_share: float = 0.3) -> ArtifactRef:
    return plan_purge(case.workspace, CALLER, contract=case.contract, max_share=max_share).ref


def execute(case: PurgeCase, plan: ArtifactRef, between: object = Between, *more: object) -> Purged:
    open_target = opener_of(case.workspace, CALLER, case.workspace.artifacts.get(PurgePlan, plan))
    return execute_plan(
        case.workspace,
        CALLER,
        plan=plan,
        open_target=lambda step: between(open_target(step), *more),  # type: ignore[operator]
        pace=Pace(),
        progress=unwatched,
    )


def test_what_resists_is_tried_again(case: PurgeCase) -> None:
    assert execute(case, planned(case), Resists, 3).certificate is not None
    assert len(case.files()) == 15


def test_what_is_not_gone_fails_with_place_and_count_and_without_a_certificate(case: PurgeCase) -> None:
    with pytest.raises(CheckFailed, match="not-gone") as caught:
        execute(case, planned(case), Resists, 99)
    assert f"{case.place} (5)" in caught.value.what
    assert case.kinds() == ["planned", "started", "refused"]


def test_while_old_versions_may_not_go_there_is_no_certificate(case: PurgeCase) -> None:
    plan, until = planned(case), NOW + timedelta(days=7)
    waiting = execute(case, plan, Waits, until)
    assert (waiting.ref, waiting.certificate, waiting.waiting_until) == (None, None, until)
    assert "purged" not in case.kinds()
    later = execute(case.at(until + timedelta(days=1)), plan)
    assert later.certificate is not None
    assert case.kinds() == ["planned", "started", "purged", "certified"]


def test_a_foreign_exception_is_cut_off(case: PurgeCase) -> None:
    with pytest.raises(TransientError, match="purge-interrupted") as caught:
        execute(case, planned(case), Breaks)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_a_hold_placed_after_the_plan_is_honoured(case: PurgeCase) -> None:
    plan = planned(case)
    partition = next(iter(days(42)))
    hold = place_hold(
        case.workspace, CALLER, dataset="visits", owner="olivia", because="a case", partition=partition.split("/")[0]
    )
    done = run_purge(case.workspace, CALLER, plan=plan)
    assert partition in case.files() and len(case.files()) == 16
    assert done.certificate is not None and done.ref is not None
    assert done.certificate.looked[0].kept == (Kept(why="legal-hold", count=1, by=hold.id),)
    verify_purge(case.workspace, CALLER, certificate=done.ref)


def test_a_dataset_is_purged_by_one_at_a_time(case: PurgeCase) -> None:
    plan = planned(case)
    program = (
        "import sys; from pathlib import Path; from airflow_privacy.core.pipeline.purge_locks import dataset_locks\n"
        "with dataset_locks(Path(sys.argv[1]), ['visits']):\n    print('locked', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(case.workspace.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert other.stdout is not None and other.stdout.readline() == "locked\n"
    try:
        with pytest.raises(TransientError, match="purge-busy"):
            run_purge(case.workspace, CALLER, plan=plan)
        assert len(case.files()) == 20
    finally:
        other.kill()
        other.communicate()
    assert run_purge(case.workspace, CALLER, plan=plan).certificate is not None


def test_locks_of_other_datasets_do_not_wait(tmp_path: Path) -> None:
    with dataset_locks(tmp_path, ["a"]), dataset_locks(tmp_path, ["b"]):
        assert len(list((tmp_path / "locks").iterdir())) == 2


def test_the_certificate_verifies_offline_with_the_public_key_alone(case: PurgeCase) -> None:
    plan = planned(case)
    done = run_purge(case.workspace, CALLER, plan=plan)
    assert done.ref is not None
    envelope = case.workspace.artifacts.get_bytes(done.ref)
    key = public_keys(case.workspace.home)["passport"].public_key
    assert verify_certificate(envelope, key, plan=plan.digest) == done.certificate
    with pytest.raises(VerificationError, match="wrong-plan"):
        verify_certificate(envelope, key, plan="sha256:" + "0" * 64)
    with pytest.raises(VerificationError):
        verify_certificate(envelope.replace(b"payload", b"pAyload", 1), key)
    with pytest.raises(VerificationError, match="bad-signature"):
        verify_certificate(envelope, public_keys(case.workspace.home)["checkpoint"].public_key)


@pytest.mark.parametrize("cut", ["put", "record"])
def test_a_run_that_broke_before_the_certificate_ends_with_the_same_bytes(
    case: PurgeCase, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(case)

    class Cut(Exception):
        pass

    def broken(*given: object, **named: object) -> None:
        raise Cut

    with monkeypatch.context() as patched:
        if cut == "put":
            patched.setattr(purge_execution, "sign_certificate", broken)
        else:
            patched.setattr(purge_execution, "_is_recorded", broken)
        with pytest.raises(Cut):
            run_purge(case.workspace, CALLER, plan=plan)
    assert case.kinds() == ["planned", "started", "purged"]
    first = run_purge(case.at(NOW + timedelta(days=3)).workspace, CALLER, plan=plan)
    again = run_purge(case.at(NOW + timedelta(days=9)).workspace, CALLER, plan=plan)
    assert first.certificate is not None and first.certificate.at == NOW.isoformat(timespec="seconds")
    assert first.ref is not None and again.ref is not None and first.ref.digest == again.ref.digest
    assert case.kinds() == ["planned", "started", "purged", "certified"]
