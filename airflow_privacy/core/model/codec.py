"""Canonical JSON (RFC 8785), digests, and strict reading of what was written.

An artifact's digest is ``sha256:<hex>`` over its canonical bytes. Reading refuses unknown fields and wrong types, and
its errors name the field and the expected type, never the value that was found.
"""

from __future__ import annotations

import hashlib
import re
from typing import TypeVar

import msgspec
import rfc8785

from airflow_privacy.core.errors import BadInput

T = TypeVar("T", bound=msgspec.Struct)

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FOUND_VALUE = re.compile(r"(?<=value )'.*'(?= - at `[^`]*`$|$)", re.DOTALL)  # greedy: a value may hold quotes itself


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every frozen value."""


class Artifact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base of everything that has a digest: ``kind`` is the struct's tag, ``schema`` its version."""

    schema: int = 1


def canonical(value: object) -> bytes:
    """RFC 8785 bytes of a struct or of plain JSON data."""
    data = msgspec.to_builtins(value, str_keys=True)
    return rfc8785.dumps(data)


def sha256(data: bytes) -> str:
    """``sha256:<hex>`` over bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def digest_of(value: object) -> str:
    """Digest of the canonical form of *value*."""
    return sha256(canonical(value))


def is_digest(text: str) -> bool:
    """Whether *text* has the form of a digest."""
    return _DIGEST.fullmatch(text) is not None


def parse(kind: type[T], data: bytes, *, where: str) -> T:
    """Read canonical or other JSON bytes as *kind*.

    :raises BadInput: the bytes are not JSON, or not of this kind; the found value is not named.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        problem = _without_values(str(error))
    except UnicodeDecodeError:
        problem = "the bytes are not UTF-8"
    raise BadInput("malformed-document", f"Not a readable {kind.__name__}: {problem}", where=where)


def convert(kind: type[T], data: object, *, where: str) -> T:
    """Turn plain data (from YAML) into *kind*, with the same errors as :func:`parse`."""
    try:
        return msgspec.convert(data, type=kind, strict=True)
    except msgspec.MsgspecError as error:
        problem = _without_values(str(error))
    raise BadInput("malformed-document", f"Not a readable {kind.__name__}: {problem}", where=where)


def _without_values(message: str) -> str:
    return _FOUND_VALUE.sub("(not shown)", message)
