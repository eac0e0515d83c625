"""Which environment a place belongs to, and what crossing from one to another needs.

A URI belongs to the environment that has a base above it, at a path boundary: ``/data/raw2`` is not below ``/data/raw``. ``..``
is refused, also percent-encoded; symbolic links of local paths are followed first, on both sides. What a link leads to may
change after the check: who can write into an environment's folders can move data, and no rule here prevents that.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.policy import Boundary, Environment, Policy

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?P<rest>//.*|/.*)", re.DOTALL)
_SAME_STORE = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}


class Location(NamedTuple):
    """A URI in one form. ``login`` is a connection's id (``s3://conn@bucket/…``), empty for most."""

    scheme: str
    login: str
    host: str
    segments: tuple[str, ...]


def environment_of(policy: Policy, uri: str, *, root: Path | str | None = None) -> Environment:
    """The environment that *uri* belongs to.

    :param uri: a path, ``file://``, ``s3://`` … or ``sql://<conn_id>/<schema>.<table>``.
    :param root: what relative paths are below; default: the working directory, as for opening a file.
    :raises BadInput: no environment has it, or it is not a usable URI.
    """
    location = normalise(uri, root=root)
    best: tuple[int, Environment] | None = None
    for environment in policy.environments:
        for base in environment.base_uris:
            above = normalise(base, root=root)
            if covers(above, location) and (best is None or len(above.segments) > best[0]):
                best = (len(above.segments), environment)
    if best is None:
        known = ", ".join(environment.name for environment in policy.environments)
        raise BadInput(
            "no-environment",
            f"The place belongs to no environment of the policy {policy.name!r}",
            where=_without_login(uri),
            do=f"Move it below a base URI of {known}, or declare its environment.",
        )
    return best[1]


def boundary_of(policy: Policy, source: str, destination: str) -> Boundary:
    """What a release from one environment to another needs. Without a boundary there is no crossing.

    :raises BadInput: the policy has no such boundary.
    """
    for boundary in policy.boundaries:
        if (boundary.source, boundary.destination) == (source, destination):
            return boundary
    raise BadInput(
        "no-boundary",
        f"The policy {policy.name!r} has no boundary from {source!r} to {destination!r}: nothing may cross",
        do="Declare the boundary with its approvers, or choose another destination.",
    )


def normalise(uri: str, *, root: Path | str | None = None) -> Location:
    """One form for each place: scheme in lower case, no ``.``, no doubled slashes, local links followed.

    :raises BadInput: ``..`` in it, a password in it, a control character, or nothing at all.
    """
    if not uri.strip() or any(ord(char) < 32 for char in uri):
        raise BadInput("bad-uri", "The URI is empty or holds control characters", where=_printable(uri))
    match = _SCHEME.fullmatch(uri)
    # A table of a lakehouse lies where its files do: delta+file:///data/x is in the environment of /data/x.
    scheme = match["scheme"].lower().removeprefix("delta+").removeprefix("iceberg+") if match else "file"
    rest = match["rest"] if match else uri
    if not match and "://" in uri:
        raise BadInput("bad-uri", "The URI has no readable scheme", where=_without_login(uri))
    if scheme == "file":
        return _local(uri, rest, is_uri=match is not None, root=root)
    netloc, _, path = rest.removeprefix("//").partition("/")
    login, _, host = netloc.rpartition("@")
    if ":" in login:
        raise BadInput("secret-in-uri", "The URI holds a password", where=_without_login(uri), do="Use a connection.")
    return Location(_SAME_STORE.get(scheme, scheme), login, host, _segments(uri, path))


def covers(base: Location, location: Location) -> bool:
    """Whether *location* is *base* or below it. A base without a connection's id covers every connection."""
    if (base.scheme, base.host) != (location.scheme, location.host) or base.login not in ("", location.login):
        return False
    depth = len(base.segments)
    if location.segments[:depth] == base.segments:
        return True
    # sql://conn/schema.table is below sql://conn/schema
    last = base.segments[-1] if base.segments else ""
    return (
        base.scheme == "sql"
        and location.segments[: depth - 1] == base.segments[:-1]
        and len(location.segments) == depth
        and location.segments[-1].startswith(f"{last}.")
    )


def _local(uri: str, rest: str, *, is_uri: bool, root: Path | str | None) -> Location:
    path = rest
    if is_uri:
        host, slash, after = rest.removeprefix("//").partition("/") if rest.startswith("//") else ("", "/", rest[1:])
        if host.rpartition("@")[2] not in ("", "localhost"):
            raise BadInput("bad-uri", "A file URI names another host", where=_without_login(uri))
        path = slash + unquote(after)
    _segments(uri, path)
    if "\0" in path:
        raise BadInput("bad-uri", "The URI holds control characters", where=_printable(uri))
    whole = path if path.startswith("/") else str(Path(root or Path.cwd()) / path)
    return Location("file", "", "", tuple(part for part in os.path.realpath(whole).split("/") if part))


def _segments(uri: str, path: str) -> tuple[str, ...]:
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if any(unquote(part) == ".." or ".." in re.split(r"[/\\]", unquote(part)) for part in parts):
        raise BadInput("path-escape", "'..' is not allowed in a place", where=_without_login(uri), do="Name the place itself.")
    return parts


def _without_login(uri: str) -> str:
    return _printable(re.sub(r"//[^/]*@", "//", uri))


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
