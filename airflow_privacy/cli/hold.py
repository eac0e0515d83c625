"""Verbs about legal holds. A subject is read from a file or standard input, never from the command line, which others see."""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import caller, workspace_of
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.purge import Hold
from airflow_privacy.core.pipeline.holds import Known, lift_hold, list_holds, place_hold

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST = 10_000


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    group = verbs.add_parser("hold", help="place, lift and list legal holds").add_subparsers(required=True, metavar="VERB")
    place = verb(group, "place", _place, parent=common, summary="keep a dataset, a partition or a subject from being purged")
    place.add_argument("--dataset", required=True, help="the contract's id, or * for all")
    place.add_argument("--because", required=True, help="why, in a sentence without data values")
    place.add_argument("--owner", default=getpass.getuser(), help="who answers for it (default: %(default)s)")
    place.add_argument("--until", help="date or time at which it ends; without it, when it is lifted")
    of = place.add_mutually_exclusive_group()
    of.add_argument("--partition", default="", metavar="COLUMN=VALUE", help="only this partition")
    of.add_argument("--subject-file", metavar="FILE", help="only the subject whose key this file holds; - for standard input")

    lift = verb(group, "lift", _lift, parent=common, summary="end a hold")
    lift.add_argument("hold", help="its id")

    verb(group, "list", _list, parent=common, summary="every hold that was ever placed")


def _place(options: argparse.Namespace) -> Result:
    hold = place_hold(
        workspace_of(options),
        caller(),
        dataset=options.dataset,
        owner=options.owner,
        because=options.because,
        partition=options.partition,
        subject=_subject(options.subject_file) if options.subject_file else "",
        ends_at=_end(options.until) if options.until else None,
    )
    return Result(f"placed hold {hold.id}", {"id": hold.id, "dataset": hold.dataset})


def _lift(options: argparse.Namespace) -> Result:
    hold = lift_hold(workspace_of(options), caller(), options.hold)
    return Result(f"lifted hold {hold.id}", {"id": hold.id, "dataset": hold.dataset})


def _list(options: argparse.Namespace) -> Result:
    found = list_holds(workspace_of(options))
    lines = [f"{'id':<12}  {'dataset':<20}  {'of':<24}  {'owner':<12}  {'placed':<25}  {'state':<32}  because"]
    for one in found:
        hold = one.hold
        lines.append(
            f"{hold.id:<12}  {hold.dataset:<20}  {_of(hold):<24}  {hold.owner:<12}  {hold.placed_at:<25}  "
            f"{_state(one):<32}  {hold.because}"
        )
    return Result("\n".join(lines), [_document(one) for one in found])


def _of(hold: Hold) -> str:
    """What it covers, without the partition's value, which can be data."""
    if hold.partition:
        return f"a partition by {hold.partition.partition('=')[0]}"
    return "a subject" if hold.subject else "all of it"


def _state(one: Known) -> str:
    if one.lifted is not None:
        return f"lifted {one.lifted.at}"
    return f"until {one.hold.ends_at}" if one.hold.ends_at else "in force"


def _document(one: Known) -> dict[str, object]:
    hold = one.hold
    return {
        "id": hold.id,
        "dataset": hold.dataset,
        "of": _of(hold),
        "owner": hold.owner,
        "because": hold.because,
        "placed_at": hold.placed_at,
        "ends_at": hold.ends_at,
        "lifted_at": one.lifted.at if one.lifted else "",
    }


def _subject(file: str) -> str:
    """One line, as the data has it.

    :raises BadInput: the file cannot be read, or holds no line, or several.
    """
    try:
        text = sys.stdin.read(_LONGEST) if file == "-" else Path(file).read_text()[:_LONGEST]
    except (OSError, UnicodeDecodeError):
        text = ""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        raise BadInput("no-subject", "Expected the key of one subject on one line", where="--subject-file")
    return lines[0]


def _end(text: str) -> datetime:
    """A moment; a date means the end of that day in UTC.

    :raises BadInput: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None:
        raise BadInput("bad-time", "This is no date or time", where="--until", do="Write 2026-01-31 or 2026-01-31T12:00:00Z.")
    if _DATE.fullmatch(text):
        moment += timedelta(days=1)
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
