"""Verbs about keys. Outside the demo, ``keys init`` and ``keys rotate`` are the only places that make any."""

from __future__ import annotations

import argparse
import getpass
import os
import sys

import msgspec

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.keyring import KeyInfo, Wrapper, init_keys, list_keys
from airflow_privacy.core.pipeline import keys
from airflow_privacy.core.pipeline.workspace import Caller, Workspace

_SCOPE = "DESTINATION/PURPOSE/RECIPIENT[/DATASET]"


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    group = verbs.add_parser("keys", help="make, rotate, destroy and list keys").add_subparsers(required=True, metavar="VERB")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--keyring",
        default=os.environ.get("AIRFLOW__PRIVACY__KEYRING", "local"),
        metavar="WHERE",
        help="where the root key lies: local, connection://<conn_id>, aws-kms://<conn_id>/<key> (default: %(default)s)",
    )
    summary = "make the keys that are missing; existing ones stay as they are, destroyed ones stay destroyed"
    init = verb(group, "init", _init, parent=common, summary=summary, also=where)
    init.add_argument(
        "--scope", action="append", default=[], metavar=_SCOPE, help="also make a key for tokens of this scope (may be repeated)"
    )
    summary = "make the next version of a scope's key; old versions go on to resolve old tokens"
    rotate = verb(group, "rotate", _rotate, parent=common, summary=summary, also=where)
    rotate.add_argument("--scope", required=True, metavar=_SCOPE)

    summary = "destroy a scope's key for good: its reversible tokens and encrypted files become unreadable"
    destroy = verb(group, "destroy", _destroy, parent=common, summary=summary, also=where)
    destroy.add_argument("--scope", required=True, metavar=_SCOPE)
    which = destroy.add_mutually_exclusive_group(required=True)
    which.add_argument("--version", type=int, metavar="N")
    which.add_argument("--all", action="store_true", help="every version")
    destroy.add_argument("--yes", action="store_true", help="do not ask")

    verb(group, "list", _list, parent=common, summary="every version of every scope's key, without the keys")


def wrapper_of(option: str) -> Wrapper | None:
    """The root that ``--keyring`` names; anything but ``local`` goes through Airflow's connections."""
    if option in ("", "local"):
        return None
    from airflow_privacy.hooks.keyring import key_wrapper

    return key_wrapper(option)


def _init(options: argparse.Namespace) -> Result:
    made = init_keys(options.home, scopes=tuple(options.scope), wrapper=wrapper_of(options.keyring))
    text = "\n".join(f"made {key}" for key in made) if made else "Nothing to make: all keys are there."
    return Result(f"{text}\nkeyring {options.home / 'keyring'}", {"made": list(made), "keyring": str(options.home / "keyring")})


def _rotate(options: argparse.Namespace) -> Result:
    made = keys.rotate(_workspace(options), _caller(), options.scope)
    return Result(f"made {made.scope}:{made.id}, version {made.version}: {keys.ROTATED}", _document(made))


def _destroy(options: argparse.Namespace) -> Result:
    _confirm(options)
    gone = keys.destroy(_workspace(options), _caller(), options.scope, None if options.all else options.version)
    lines = [f"destroyed {key.scope}:{key.id}, version {key.version}" for key in gone]
    return Result("\n".join((*lines, keys.DESTROYED)), {"destroyed": [_document(key) for key in gone], "means": keys.DESTROYED})


def _list(options: argparse.Namespace) -> Result:
    found = list_keys(options.home)
    lines = [f"{'scope':<44} {'version':>7}  {'id':<16}  {'state':<9}  created"]
    lines += [f"{key.scope:<44} {key.version:>7}  {key.id:<16}  {key.state:<9}  {key.created or '-'}" for key in found]
    return Result("\n".join(lines), [_document(key) for key in found])


def _confirm(options: argparse.Namespace) -> None:
    """:raises BadInput: nobody said yes."""
    if options.yes:
        return
    if sys.stdin.isatty():
        which = "every version" if options.all else f"version {options.version}"
        print(f"Destroy {which} of the key of {options.scope}? {keys.DESTROYED.capitalize()}.", file=sys.stderr)
        print("Type the scope to go on: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() == options.scope:
            return
    raise BadInput("not-confirmed", "No key was destroyed: nobody confirmed it", do="Confirm on a terminal, or give --yes.")


def _workspace(options: argparse.Namespace) -> Workspace:
    wrapper = wrapper_of(options.keyring)
    return Workspace(home=options.home, artifacts=ArtifactStore(options.home / "artifacts"), key_wrapper=wrapper)


def _caller() -> Caller:
    return Caller(actor=getpass.getuser(), run="command-line")


def _document(key: KeyInfo) -> dict[str, object]:
    document: dict[str, object] = msgspec.to_builtins(key)
    return document
