"""Verbs about keys. ``keys init`` is the one place outside the demo that makes any."""

from __future__ import annotations

import argparse

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.core.keyring import init_keys


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    group = verbs.add_parser("keys", help="make keys").add_subparsers(required=True, metavar="VERB")
    init = verb(group, "init", _init, parent=common, summary="make the keys that are missing; existing ones stay as they are")
    init.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="DESTINATION/PURPOSE/RECIPIENT",
        help="also make a key for tokens of this scope (may be repeated)",
    )


def _init(options: argparse.Namespace) -> Result:
    made = init_keys(options.home, scopes=tuple(options.scope))
    text = "\n".join(f"made {key}" for key in made) if made else "Nothing to make: all keys are there."
    return Result(f"{text}\nkeyring {options.home / 'keyring'}", {"made": list(made), "keyring": str(options.home / "keyring")})
