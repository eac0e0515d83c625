"""Environments and boundaries as a policy declares them: the mistakes that single keys do not show."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.levels import parse_predicate
from airflow_privacy.core.model.policy import Environment, Policy
from airflow_privacy.core.model.yaml_nodes import Document, Place, hint
from airflow_privacy.core.policy.environments import Location, covers, normalise
from airflow_privacy.core.policy.written import check_unique


def check_environments(policy: Policy, document: Document, root: Path | str | None) -> None:
    """Names are unique, places belong to one environment, boundaries lead from one to another, files can be encrypted as said.

    :param root: what relative ``base_uris`` are below.
    :raises BadInput: with file and line.
    """
    check_unique("environment", [environment.name for environment in policy.environments], document, "environments")
    bases = [
        _base(environment.name, uri, document.at(("environments", index, "base_uris", number)), root)
        for index, environment in enumerate(policy.environments)
        for number, uri in enumerate(environment.base_uris)
    ]
    for (name, base, _), (other, below, where) in combinations(bases, 2):
        if name != other and (covers(base, below) or covers(below, base)):
            what = f"The environments {name!r} and {other!r} overlap: a place must belong to one"
            raise BadInput("overlapping-environments", what, where=where, do="Part their base_uris.")
    for index, environment in enumerate(policy.environments):
        _check_encryption(environment, document.at(("environments", index, "encryption")))
    known = [environment.name for environment in policy.environments]
    crossings: set[tuple[str, str]] = set()
    for index, boundary in enumerate(policy.boundaries):
        place: Place = ("boundaries", index)
        for side in ("source", "destination"):
            check_environment(getattr(boundary, side), known, document.at((*place, side)))
        crossing = (boundary.source, boundary.destination)
        if boundary.source == boundary.destination:
            raise BadInput("bad-boundary", f"A boundary leads from {crossing[0]!r} to itself", where=document.at(place))
        if crossing in crossings:
            what = f"There are two boundaries from {crossing[0]!r} to {crossing[1]!r}"
            raise BadInput("duplicate-name", what, where=document.at(place))
        crossings.add(crossing)
        try:
            parse_predicate(boundary.level)
        except BadInput as error:
            what, do = "level: expected a predicate over privacy levels", error.do
            raise BadInput("unknown-level", what, where=document.at((*place, "level")), do=do) from None


def _base(name: str, uri: str, where: str, root: Path | str | None) -> tuple[str, Location, str]:
    try:
        return name, normalise(uri, root=root), where
    except BadInput as error:
        raise BadInput(error.reason, f"The environment {name!r}: {error.what}", where=where, do=error.do) from None


def _check_encryption(environment: Environment, where: str) -> None:
    schemes = {normalise(uri).scheme for uri in environment.base_uris}
    if environment.encryption == "sse-kms" and schemes != {"s3"}:
        do = "Use keyring for files elsewhere, or part the environment."
        raise BadInput("bad-encryption", f"The environment {environment.name!r}: sse-kms is S3's own", where=where, do=do)
    if environment.encryption == "keyring" and "sql" in schemes:
        do = "Encrypt the database itself, or part the environment."
        raise BadInput(
            "bad-encryption", f"The environment {environment.name!r}: keyring encrypts files, not tables", where=where, do=do
        )
    if environment.kms_key is not None and environment.encryption != "sse-kms":
        what = f"The environment {environment.name!r} names a kms_key and does not use sse-kms"
        raise BadInput("bad-encryption", what, where=where, do="Say encryption: sse-kms, or leave the key out.")


def check_environment(name: str, known: list[str], where: str) -> None:
    """:raises BadInput: no environment has this name."""
    if name not in known:
        do = hint(name, known) or f"Known are {', '.join(known)}."
        raise BadInput("unknown-environment", f"The environment {name!r} is not declared", where=where, do=do)
