"""Verbs about policy templates: list, show, copy. They are starts for an organisation's own policy, each with its regulation."""

from __future__ import annotations

import argparse
from importlib.resources import files
from pathlib import Path

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.core.errors import BadInput

_FOLDER = files("airflow_privacy").joinpath("templates")


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    group = verbs.add_parser("templates", help="policies to start from").add_subparsers(required=True, metavar="VERB")
    verb(group, "list", _list, parent=common, summary="the policies that come with the package")
    show = verb(group, "show", _show, parent=common, summary="print one")
    show.add_argument("name")
    copy = verb(group, "copy", _copy, parent=common, summary="write one to a new file; an existing file stays as it is")
    copy.add_argument("name")
    copy.add_argument("to", type=Path)


def template_names() -> tuple[str, ...]:
    """The names of all templates, sorted."""
    return tuple(sorted(file.name.removesuffix(".yaml") for file in _FOLDER.iterdir() if file.name.endswith(".yaml")))


def read_template(name: str) -> str:
    """One template's text.

    :raises BadInput: there is none of this name.
    """
    if name not in template_names():
        raise BadInput("unknown-template", "There is no such template", do=f"There are {', '.join(template_names())}.")
    return _FOLDER.joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def _list(options: argparse.Namespace) -> Result:
    del options
    told = {name: read_template(name).splitlines()[0].removeprefix("# ") for name in template_names()}
    return Result("\n".join(f"{name:<24} {line}" for name, line in told.items()), told)


def _show(options: argparse.Namespace) -> Result:
    text = read_template(options.name)
    return Result(text.rstrip("\n"), {"name": options.name, "text": text})


def _copy(options: argparse.Namespace) -> Result:
    text, to = read_template(options.name), options.to
    problem = ""
    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        problem = "The file is there already"
    except OSError:
        problem = "The file cannot be written"
    if problem:
        raise BadInput("not-written", problem, where=str(to), do="Choose another name.")
    return Result(f"{to}", {"name": options.name, "to": str(to)})
