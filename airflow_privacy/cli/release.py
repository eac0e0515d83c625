"""Verbs about what was released: ledger, passport, demo."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import workspace_of
from airflow_privacy.core.model.levels import describe
from airflow_privacy.core.pipeline import proof


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    ledger = verbs.add_parser("ledger", help="read and verify the ledger").add_subparsers(required=True, metavar="VERB")
    verb(ledger, "show", _ledger_show, parent=common, summary="list the facts, oldest first")
    verb(ledger, "verify", _ledger_verify, parent=common, summary="recompute everything and compare with checkpoints and anchors")

    passport = verbs.add_parser("passport", help="read and verify passports").add_subparsers(required=True, metavar="VERB")
    for name, run, text in (
        ("show", _passport_show, "what a published dataset's passport states"),
        ("verify", _passport_verify, "hold a published dataset against its passport, the keys and the ledger"),
    ):
        parser = verb(passport, name, run, parent=common, summary=text)
        parser.add_argument("dataset", help="the published dataset's folder")

    demo = verb(verbs, "demo", _demo, parent=common, summary="a whole release on a real Airflow, all of it below one folder")
    demo.add_argument("--approve", choices=("browser", "auto"), default="browser", help="who answers the gate")
    demo.add_argument("--folder", type=Path, default=Path(".demo"), help="where everything goes (default: %(default)s)")
    demo.add_argument("--rows", type=int, default=100_000)


def _ledger_show(options: argparse.Namespace) -> Result:
    facts = proof.facts_of(workspace_of(options))
    lines = [f"{index:>5}  {fact.at}  {fact.actor:<10} {fact.kind:<12} {fact.task:<14} {fact.reason}" for index, fact in facts]
    return Result("\n".join(lines), [{"index": index, **msgspec.to_builtins(fact)} for index, fact in facts])


def _ledger_verify(options: argparse.Namespace) -> Result:
    verified = proof.verify_ledger_of(workspace_of(options))
    return Result(
        f"The ledger holds: {verified.size:,} entries, root {verified.root}", {"entries": verified.size, "root": verified.root}
    )


def _passport_show(options: argparse.Namespace) -> Result:
    checked = proof.verify_passport_of(workspace_of(options), options.dataset)
    statement, digest = checked.statement, checked.digest
    release = statement.predicate
    text = "\n".join(
        (
            f"passport     {digest}",
            f"version      {release.version}",
            f"level        {describe(release.level)}, k={release.k}",
            f"for          {release.purpose}, {release.recipient}, {release.destination}",
            f"valid        {release.issued_at} to {release.expires_at}",
            f"evidence     {release.evidence}",
            f"approvals    {', '.join(release.approvals)}",
            f"files        {len(statement.subject)}",
        )
    )
    return Result(text, {"digest": digest, "statement": msgspec.to_builtins(statement)})


def _passport_verify(options: argparse.Namespace) -> Result:
    checked = proof.verify_passport_of(workspace_of(options), options.dataset)
    release = checked.statement.predicate
    level = describe(release.level)
    return Result(
        f"The passport holds: version {release.version}, {level}, k={release.k}, valid until {release.expires_at}",
        {"holds": True, "passport": checked.digest, "version": release.version, "level": level},
    )


def _demo(options: argparse.Namespace) -> Result:
    from airflow_privacy.demo.run import run_demo

    text = run_demo(options.folder, rows=options.rows, approve=options.approve)
    return Result(text, {"folder": str(options.folder)})
