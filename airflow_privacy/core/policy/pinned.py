"""Files that a policy's techniques read: found beside the policy, pinned by their digest, since what they say is part of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import sha256
from airflow_privacy.core.model.policy import Rule
from airflow_privacy.core.model.techniques import GeoPrefix, Hierarchy, Inside
from airflow_privacy.core.model.yaml_nodes import Document, Place, expand
from airflow_privacy.core.policy.written import in_rule


class _File(NamedTuple):
    key: str
    reason: str
    called: str


_FILES: dict[type, _File] = {
    Hierarchy: _File("file", "bad-hierarchy", "The hierarchy file"),
    GeoPrefix: _File("populations", "bad-populations", "The file of populations"),
}


def pinned(rule: Rule, document: Document, index: int, variables: Mapping[str, str] | None) -> Rule:
    """The rule with every file by its absolute path and its digest, inside nested techniques too.

    :raises BadInput: a file cannot be read, or is not the one that the rule names by its digest.
    """
    return msgspec.structs.replace(rule, then=_pinned(rule.then, document, index, ("then",), variables))


def _pinned(technique: Any, document: Document, index: int, place: Place, variables: Mapping[str, str] | None) -> Any:
    if isinstance(technique, Inside):
        inner = {
            path: _pinned(part, document, index, (*place, "fields", path), variables) for path, part in technique.fields.items()
        }
        return msgspec.structs.replace(technique, fields=inner)
    file = _FILES.get(type(technique))
    if file is None:
        return technique
    where = in_rule(document, index, (*place, file.key))
    named = getattr(technique, file.key)
    if named is None:
        if technique.sha256:
            raise BadInput(file.reason, "A digest is given, and no file", where=where, do=f"Name the file with {file.key!r}.")
        return technique
    path = Path(document.source).parent / expand(named, variables=variables, where=where)
    try:
        digest = sha256(path.read_bytes())
    except (OSError, ValueError):
        digest = ""
    if not digest or technique.sha256 not in ("", digest):
        what = "is not the one that the rule names by its digest" if digest else "cannot be read"
        raise BadInput(file.reason, f"{file.called} {what}", where=where, do=f"It is looked for at {path}.")
    return msgspec.structs.replace(technique, **{file.key: str(path.resolve())}, sha256=digest)
