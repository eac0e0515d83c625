"""Values that are names: partition values, file names, subjects. Nothing that a purge makes has them, but for the listing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from canaries import CANARIES, hits
from purge_case import CALLER, PurgeCase, purge_case, write_file

from airflow_privacy.cli import main
from airflow_privacy.core.errors import PrivacyError
from airflow_privacy.core.io.purge.target import Pace, Progress, Target
from airflow_privacy.core.model.purge import Item, Step
from airflow_privacy.core.pipeline import purge as pipeline
from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.pipeline.purge import plan_purge, run_purge, verify_purge

WHO = CANARIES["email"]
OLD = f"mail={WHO}/day=2024-01-01/{WHO}.csv"
YOUNG = f"mail={WHO}/day=2024-06-14/{WHO}.csv"


@pytest.fixture
def case(tmp_path: Path) -> PurgeCase:
    made = purge_case(tmp_path, {})
    write_file(made.place / OLD, age=99, text=f"name\n{CANARIES['name']}\n")
    write_file(made.place / YOUNG, age=1, text=f"name\n{CANARIES['name']}\n")
    return made


def found_in(case: PurgeCase) -> list[str]:
    """Hits in the privacy home, but for the listings, which tasks read and nothing shows."""
    return [hit for hit in hits(case.workspace.home) if not hit.startswith("artifacts/purge-listing/")]


def purge(case: PurgeCase) -> None:
    plan = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0).ref
    done = run_purge(case.workspace, CALLER, plan=plan)
    assert done.ref is not None
    verify_purge(case.workspace, CALLER, certificate=done.ref)


def test_a_purge_leaves_no_name_but_in_the_listing(case: PurgeCase) -> None:
    place_hold(case.workspace, CALLER, dataset="others", owner="olivia", because="a case", subject=WHO)
    purge(case)
    assert not (case.place / OLD).exists()
    assert [hit for hit in hits(case.workspace.home) if hit.startswith("artifacts/purge-listing/")]  # the search finds names
    assert found_in(case) == []


def came_back(case: PurgeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0).ref
    done = run_purge(case.workspace, CALLER, plan=plan)
    assert done.ref is not None
    write_file(case.place / OLD, age=99, text=f"name\n{CANARIES['name']}\n")
    verify_purge(case.workspace, CALLER, certificate=done.ref)


class Broken:
    """A place that deletes nothing, or says what it could not delete."""

    def __init__(self, target: Target, *, loud: bool) -> None:
        self.target, self.loud = target, loud
        self.uri, self.find, self.look_again = target.uri, target.find, target.look_again

    def remove(self, step: Step, items: tuple[Item, ...], *, pace: Pace, progress: Progress) -> None:
        if self.loud:
            raise RuntimeError(f"cannot delete {items[0].name}")


def broken(monkeypatch: pytest.MonkeyPatch, *, loud: bool) -> None:
    whole = pipeline.target_for
    monkeypatch.setattr(pipeline, "target_for", lambda *given, **named: Broken(whole(*given, **named), loud=loud))


def not_gone(case: PurgeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, loud=False)
    purge(case)


def breaks(case: PurgeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, loud=True)
    purge(case)


def unreadable(case: PurgeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    def unopened(*given: object, **named: object) -> None:
        raise RuntimeError(WHO)

    monkeypatch.setattr(pipeline, "target_for", unopened)
    purge(case)


@pytest.mark.parametrize("path", [came_back, not_gone, breaks, unreadable], ids=lambda path: str(path.__name__))
def test_an_error_names_the_place_and_no_name_in_it(
    case: PurgeCase, path: Callable[[PurgeCase, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched, pytest.raises(PrivacyError) as caught:
        path(case, patched)
    told = f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "uaxolotl" not in told
    assert found_in(case) == []


def test_the_command_line_shows_no_name(
    case: PurgeCase, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "who").write_text(WHO)
    home = ["--home", str(case.workspace.home)]
    held = ["hold", "place", "--dataset", "visits", "--because", "a case"]
    assert main([*held, "--partition", f"mail={WHO}x", *home]) == 0
    assert main([*held[:3], "others", *held[4:], "--subject-file", str(tmp_path / "who"), *home]) == 0
    assert main(["hold", "list", *home]) == main(["hold", "list", "--json", *home]) == 0
    assert main(["purge", "plan", str(case.contract), "--max-share", "1", *home]) == 0
    out = capfd.readouterr()
    plan = next(line for line in out.out.splitlines() if line.startswith("purge-plan")).split()[1]
    assert main(["purge", "run", plan, "--yes", *home]) == 0
    assert main(["purge", "run", plan, "--yes", "--json", *home]) == 0
    after = capfd.readouterr()
    assert main(["ledger", "show", *home]) == 0
    told = "".join((*out, *after, *capfd.readouterr()))
    assert str(case.place) in told
    assert "uaxolotl" not in told
