"""What a verb gives back: a text for people, a document for ``--json``, an exit code."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Result:
    """:param document: plain JSON data: names, counts, digests."""

    text: str
    document: Any
    exit_code: int = 0


Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[[argparse.Namespace], Result]


def verb(verbs: Verbs, name: str, run: Run, *, parent: argparse.ArgumentParser, summary: str) -> argparse.ArgumentParser:
    """Add one verb that answers with a :class:`Result`."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, parents=[parent], help=summary, description=summary)
    parser.set_defaults(run=run)
    return parser
