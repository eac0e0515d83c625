"""Reversible tokens are turned back with a purpose and an approval of exactly that, and not otherwise."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from people import Case, write_case
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.errors import BadInput, CheckFailed, TerminalError, VerificationError
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.pipeline import approvals, proof, reversal

PURPOSE = "fraud-check"


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    folder = tmp_path_factory.mktemp("rich")
    return Steps(workspace=workspace_in(folder), case=write_case(folder, rich=True), run_id="masking").prepare()


def place(case: Case, name: str) -> str:
    return str(case.data / "raw" / name)


def answer(steps: Steps, *, run_id: str, out: str, columns=("email",), purpose=PURPOSE, responder="stella", approved=True):
    def gather() -> reversal.Asked:
        return reversal.gather_reversal(steps.workspace, dataset=steps.refs["dataset"], columns=columns, purpose=purpose, out=out)

    request = reversal.ask_reversal(steps.workspace, CALLER, gather())
    return approvals.conclude(
        steps.workspace,
        CALLER,
        run=run_of(run_id),
        gather=gather,
        asked=request.evidence,
        nonce=request.nonce,
        deadline=request.asked_at + timedelta(hours=1),
        answer=approvals.Answer(
            approved=approved, responder=responder, at=steps.workspace.now(), evidence=request.evidence, comment=""
        ),
    )


def run_of(run_id: str) -> approvals.Run:
    return approvals.Run(dag_id="dag", run_id=run_id, task_id="task", requester="maria")


def turn_back(steps: Steps, approval: ArtifactRef, *, run_id: str, out: str, columns=("email",), purpose=PURPOSE):
    return reversal.reidentify(
        steps.workspace,
        CALLER,
        run=run_of(run_id),
        dataset=steps.refs["dataset"],
        columns=columns,
        purpose=purpose,
        approvals=[approval],
        out=out,
    )


def table(folder: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted(Path(folder).rglob("*.parquet"))])


def test_an_approved_column_is_turned_back_and_the_others_stay(masked: Steps) -> None:
    out = place(masked.case, "back")
    turn_back(masked, answer(masked, run_id="a", out=out), run_id="a", out=out)
    raw, back = pl.read_parquet(masked.case.raw), table(out)
    assert back["email"].to_list() == raw["email"].to_list()
    assert not set(back["name"]) & set(raw["name"])


def test_the_ledger_counts_rows_and_values_and_names_purpose_and_approval(masked: Steps) -> None:
    out = place(masked.case, "counted")
    approval = answer(masked, run_id="b", out=out)
    turn_back(masked, approval, run_id="b", out=out)
    (fact,) = [
        fact
        for _, fact in proof.facts_linking(masked.workspace, masked.refs["dataset"])
        if fact.kind == "reidentified" and approval.digest in {link.digest for link in fact.links}
    ]
    assert fact.counts == {"rows": 600, "columns": 1, "values": 600}
    assert fact.reason == PURPOSE


def test_turning_back_twice_gives_one_version(masked: Steps) -> None:
    out = place(masked.case, "twice")
    approval = answer(masked, run_id="c", out=out)
    first = turn_back(masked, approval, run_id="c", out=out)
    assert turn_back(masked, approval, run_id="c", out=out).ref.digest == first.ref.digest
    assert len(list((Path(out) / "versions").iterdir())) == 1


@pytest.mark.parametrize(
    "change",
    [{"columns": ("email", "name")}, {"purpose": "churn-model"}, {"out": "elsewhere"}, {"run_id": "other"}],
    ids=["another column", "another purpose", "another place", "another run"],
)
def test_an_approval_covers_nothing_but_what_was_asked(masked: Steps, change: dict[str, object]) -> None:
    out = place(masked.case, "exactly")
    approval = answer(masked, run_id="d", out=out)
    given = {"run_id": "d", "out": out, **change}
    if "out" in change:
        given["out"] = place(masked.case, "elsewhere")
    with pytest.raises((VerificationError, CheckFailed)):
        turn_back(masked, approval, **given)
    assert not Path(str(given["out"])).exists()


def test_the_approval_of_a_release_turns_nothing_back(masked: Steps) -> None:
    steps = Steps(workspace=masked.workspace, case=masked.case, run_id="e", refs=dict(masked.refs))
    approval = steps.answer()
    with pytest.raises(VerificationError, match="wrong-evidence"):
        turn_back(masked, approval, run_id="e", out=place(masked.case, "release"))


def test_nobody_approves_their_own_request(masked: Steps) -> None:
    with pytest.raises(VerificationError, match="self-approved"):
        answer(masked, run_id="f", out=place(masked.case, "own"), responder="maria")


def test_a_rejection_is_final_for_its_run(masked: Steps) -> None:
    out = place(masked.case, "rejected")
    with pytest.raises(TerminalError, match="rejected"):
        answer(masked, run_id="run", out=out, approved=False)
    with pytest.raises(VerificationError, match="rejected"):
        answer(masked, run_id="run", out=out)


def test_nothing_is_turned_back_without_an_approval(masked: Steps) -> None:
    with pytest.raises(VerificationError, match="approval-missing"):
        reversal.reidentify(
            masked.workspace, CALLER, run=run_of("g"), dataset=masked.refs["dataset"], columns=("email",), purpose=PURPOSE,
            approvals=[], out=place(masked.case, "none"),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"purpose": "curiosity"}, "purpose-not-allowed"),
        ({"columns": ("name",)}, "not-reversible"),
        ({"columns": ("nobody",)}, "unknown-column"),
        ({"columns": ()}, "unknown-column"),
    ],
)
def test_what_may_not_be_asked_for_is_refused_before_anybody_is_asked(
    masked: Steps, change: dict[str, object], reason: str
) -> None:
    with pytest.raises((CheckFailed, BadInput), match=reason):
        answer(masked, run_id="h", out=place(masked.case, "not-asked"), **change)


@pytest.mark.parametrize("environment", ["training", "staging"])
def test_identifiers_go_back_only_to_where_they_came_from(masked: Steps, environment: str) -> None:
    with pytest.raises(CheckFailed, match="not-the-source-environment"):
        answer(masked, run_id="i", out=str(masked.case.data / environment / "people"))


def test_the_form_names_columns_purpose_and_place_and_no_value(masked: Steps) -> None:
    asked = reversal.gather_reversal(
        masked.workspace, dataset=masked.refs["dataset"], columns=("email",), purpose=PURPOSE, out=place(masked.case, "form")
    )
    request = reversal.ask_reversal(masked.workspace, CALLER, asked)
    assert "**email**" in request.body and PURPOSE in request.body and "form" in request.body
    raw = pl.read_parquet(masked.case.raw)
    assert not any(value in request.body for value in [*raw["email"], *raw["name"]])
