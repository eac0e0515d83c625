"""Verbs about a table: check, plan, explain, mask, risk."""

from __future__ import annotations

import argparse
import getpass
import os
from pathlib import Path

import msgspec

from airflow_privacy.cli.keys import wrapper_of
from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.risk import RiskReport
from airflow_privacy.core.pipeline import apply, prepare
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.core.policy.explain import explain
from airflow_privacy.core.risk.report import summary


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    check = verb(verbs, "check", _check, parent=common, summary="compare a table with its contract")
    check.add_argument("source")
    check.add_argument("--contract", required=True)
    check.add_argument("--previous", help="the contract before this one: refuse what weakens privacy")

    for name, run, summary_text in (
        ("plan", _plan, "decide what happens to each column; prints the plan's digest"),
        ("explain", _explain, "the same, as a table that a steward understands"),
    ):
        plan = verb(verbs, name, run, parent=common, summary=summary_text)
        plan.add_argument("source")
        plan.add_argument("--contract", required=True)
        plan.add_argument("--policy", required=True)
        plan.add_argument("--purpose", required=True)
        plan.add_argument("--recipient", required=True)
        plan.add_argument("--destination", required=True)

    mask = verb(verbs, "mask", _mask, parent=common, summary="apply a plan into a staging dataset")
    mask.add_argument("source")
    mask.add_argument("--plan", required=True, help="the plan's digest")
    mask.add_argument("--out", required=True)

    risk = verb(verbs, "risk", _risk, parent=common, summary="re-identification risk of a masked dataset, before and after")
    risk.add_argument("dataset", help="the dataset's digest")


def workspace_of(options: argparse.Namespace) -> Workspace:
    """The workspace of ``--home``, with root key and recognizers where ``[privacy]`` has them; ``--recognizers`` goes first."""
    home: Path = options.home
    own = getattr(options, "recognizers", None) or os.environ.get("AIRFLOW__PRIVACY__RECOGNIZERS")
    wrapper = wrapper_of(os.environ.get("AIRFLOW__PRIVACY__KEYRING", "local"))
    return Workspace(
        home=home,
        artifacts=ArtifactStore(home / "artifacts"),
        key_wrapper=wrapper,
        recognizers=Path(own).expanduser() if own else None,
    )


def caller() -> Caller:
    """The user at the terminal, for the ledger."""
    return Caller(actor=getpass.getuser(), run="command-line")


def _check(options: argparse.Namespace) -> Result:
    done = prepare.check_contract(
        workspace_of(options), caller(), source=options.source, contract=options.contract, previous=options.previous
    )
    return Result("The table keeps its contract.", {"holds": True, "contract": done.ref.digest})


def _make_plan(options: argparse.Namespace) -> tuple[ArtifactRef, MaskingPlan, Findings]:
    workspace = workspace_of(options)
    found = prepare.detect(workspace, caller(), source=options.source, contract=options.contract)
    planned = prepare.plan_masking(
        workspace,
        caller(),
        contract=options.contract,
        policy=options.policy,
        findings=found.ref,
        purpose=options.purpose,
        recipient=options.recipient,
        destination=options.destination,
    )
    store = workspace.artifacts
    return planned.ref, store.get(MaskingPlan, planned.ref), store.get(Findings, found.ref)


def _plan(options: argparse.Namespace) -> Result:
    ref, plan, _ = _make_plan(options)
    return Result(f"plan {ref.digest}\n{ref.uri}", {"digest": ref.digest, "uri": ref.uri, "plan": msgspec.to_builtins(plan)})


def _explain(options: argparse.Namespace) -> Result:
    ref, plan, findings = _make_plan(options)
    policy = workspace_of(options).artifacts.find(Policy, plan.policy)
    return Result(explain(plan, findings, policy), {"digest": ref.digest, "plan": msgspec.to_builtins(plan)})


def _mask(options: argparse.Namespace) -> Result:
    workspace = workspace_of(options)
    plan = workspace.artifacts.reference("plan", options.plan)
    done = apply.mask(workspace, caller(), source=options.source, plan=plan, out=options.out)
    return Result(
        f"dataset {done.ref.digest}\n{done.ref.counts.get('rows', 0):,} rows",
        {"digest": done.ref.digest, "counts": done.ref.counts},
    )


def _risk(options: argparse.Namespace) -> Result:
    workspace = workspace_of(options)
    done = apply.assess_risk(workspace, caller(), dataset=workspace.artifacts.reference("dataset", options.dataset))
    report = workspace.artifacts.get(RiskReport, done.ref)
    after = report.after
    document = {
        "rows": after.rows,
        "classes": after.classes,
        "k": after.k,
        "l": after.l,
        "t": after.t,
        "sample_uniqueness": after.sample_uniqueness,
        "prosecutor": after.prosecutor,
        "journalist": after.journalist,
        "marketer": after.marketer,
        "average_class_size": after.average_class_size,
        "models": {"k-anonymity": after.k, "k-anonymity with tokens": report.k_with_tokens},
        "attributes": [msgspec.to_builtins(attribute) for attribute in after.attributes],
    }
    return Result(f"risk {done.ref.digest}\n\n{summary(report)}", document)
