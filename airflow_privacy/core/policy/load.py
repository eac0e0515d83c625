"""Reading a policy file, and the mistakes that its shape alone does not show.

Keys are those of :mod:`airflow_privacy.core.model.policy`. Two things may be shorter: ``then: drop`` for a technique without
parameters, and one word where ``when`` takes a list. ``${NAME}`` in ``base_uris`` and in names of files becomes the environment
variable's value, and the policy's digest covers the value: a policy that means another place is another policy. So with the files
that techniques read: they are looked for beside the policy's, and the digest covers what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import Value, canonical, sha256
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.yaml_nodes import Document, Place, check_keys, expand, read_file, read_yaml
from airflow_privacy.core.policy.declared import check_environments
from airflow_privacy.core.policy.pinned import pinned
from airflow_privacy.core.policy.rules import check_record_rules, check_rules
from airflow_privacy.core.policy.written import SHAPE, check_techniques, in_rule, written_out

_PATH = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")
_FOUND = re.compile(r"(?<=value )'.*'", re.DOTALL)


class LoadedPolicy(Value, frozen=True, kw_only=True):
    """A policy and the bytes that it was read from."""

    policy: Policy
    file: FileStamp


def load_policy(path: Path | str, *, variables: Mapping[str, str] | None = None, root: Path | str | None = None) -> LoadedPolicy:
    """Read and check one policy.

    :param path: a local YAML file.
    :param variables: what ``${NAME}`` stands for; default: the process environment.
    :param root: what relative ``base_uris`` are below; default: the working directory.
    :raises BadInput: with file and line, and the rule's name where it is about one: not YAML, an unknown key or technique, a
        wrong type, two rules or environments of one name, a boundary to an unknown environment, base URIs that overlap, a level
        that is no predicate, parameters that cannot be meant or must not be (a plain hash, a secret), a file that cannot be read,
        a rule that can never match, a rule that keeps whatever comes.
    """
    data, name = read_file(path)
    document = read_yaml(data, name)
    if not isinstance(document.data, dict):
        raise BadInput("malformed-policy", "Expected a mapping of policy keys", where=document.at(()))
    written = document._replace(data=written_out(document.data))
    check_techniques(written)
    check_keys(written, SHAPE)
    policy = _expanded(_converted(written), written, variables)
    check_environments(policy, written, root)
    check_rules(policy, written)
    check_record_rules(policy, written)
    return LoadedPolicy(policy=policy, file=FileStamp(uri=name, sha256=sha256(data)))


def _converted(document: Document) -> Policy:
    try:
        policy = msgspec.convert(document.data, type=Policy, strict=True)
        canonical(policy)  # numbers beyond JSON's range have no digest
        return policy
    except msgspec.MsgspecError as error:
        message = str(error)
        path = _PATH.search(message)
        place: Place = tuple(int(i) if i else key for key, i in _STEP.findall(path["path"])) if path else ()
    except ValueError:
        message = "A number is beyond the range of JSON"
        place = next(_beyond_json(document.data, ()), ())
    problem = _FOUND.sub("(not shown)", _PATH.sub("", message))
    index = place[1] if place[:1] == ("rules",) and len(place) > 1 else None
    where = in_rule(document, index, place[2:]) if isinstance(index, int) else document.at(place)
    below = f"{'.'.join(map(str, place))}: " if place else ""
    raise BadInput("malformed-policy", f"Not a readable policy: {below}{problem}", where=where)


def _beyond_json(data: object, place: Place) -> Iterator[Place]:
    if isinstance(data, int) and abs(data) >= 2**53:
        yield place
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from _beyond_json(value, (*place, key))


def _expanded(policy: Policy, document: Document, variables: Mapping[str, str] | None) -> Policy:
    environments = tuple(
        msgspec.structs.replace(
            environment,
            base_uris=tuple(
                expand(uri, variables=variables, where=document.at(("environments", index, "base_uris", number)))
                for number, uri in enumerate(environment.base_uris)
            ),
        )
        for index, environment in enumerate(policy.environments)
    )
    rules = tuple(pinned(rule, document, index, variables) for index, rule in enumerate(policy.rules))
    return msgspec.structs.replace(policy, environments=environments, rules=rules)
