"""What a verb gives back: a text for people, a document for ``--json``, an exit code."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Result:
    """:param text: for people; of several parts, each is printed as soon as it is there.
    :param document: plain JSON data: names, counts, digests."""

    text: str | Iterable[str]
    document: Any
    exit_code: int = 0


Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[[argparse.Namespace], Result]


def verb(
    verbs: Verbs,
    name: str,
    run: Run,
    *,
    parent: argparse.ArgumentParser,
    summary: str,
    also: argparse.ArgumentParser | None = None,
) -> argparse.ArgumentParser:
    """Add one verb that answers with a :class:`Result`; *also* holds options that some verbs share."""
    parents = [parent] if also is None else [parent, also]
    parser: argparse.ArgumentParser = verbs.add_parser(name, parents=parents, help=summary, description=summary)
    parser.set_defaults(run=run)
    return parser
