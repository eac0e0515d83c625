"""Scope keys as files: one wrapped key for each version, and a tombstone where one was destroyed.

``scopes/<name>.v<version>.json`` holds the wrapped key, ``scopes/<name>.v<version>.destroyed`` says that there was one; *name* is
the start of the SHA-256 of the scope. Where both are there, the destruction was interrupted: the tombstone counts, and to destroy
again finishes it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.keyring.files import damaged, erase, publish, read_private
from airflow_privacy.core.keyring.values import ScopeKey, Secret
from airflow_privacy.core.keyring.wrap import KEY_BYTES, NOT_UNWRAPPED, Context, Wrapper
from airflow_privacy.core.model.codec import canonical

State = Literal["current", "kept", "destroyed"]
_FILE = re.compile(r"(?P<name>[0-9a-f]{32})\.v(?P<version>[1-9][0-9]*)\.(?P<what>json|destroyed)")


@dataclass(frozen=True)
class KeyInfo:
    """One version of a scope's key, without the key. ``current`` makes new tokens, ``kept`` only resolves old ones.

    ``created`` is RFC 3339 in UTC; ``id`` is 16 hexadecimal digits.
    """

    scope: str
    version: int
    id: str
    state: State
    created: str


class _Described(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: Literal[1, 2]
    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]
    scope: str
    version: int
    created: str = ""


class _Wrapped(_Described, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Schema 1, which is still read, was wrapped by a local root: without a time, the nonce apart."""

    by: Annotated[str, msgspec.Meta(pattern=r"^[a-z-]{1,32}\Z")] = "local"
    nonce: str = ""
    wrapped: str


class _Tombstone(_Described, frozen=True, kw_only=True, forbid_unknown_fields=True):
    destroyed: str


T = TypeVar("T", bound=_Described)


def check_scope_name(scope: str) -> None:
    """:raises BadInput: *scope* is not ``<destination>/<purpose>/<recipient>``, with ``/<dataset>`` behind it or without."""
    parts = scope.split("/")
    if len(parts) not in (3, 4) or any(not part or part != part.strip() or not part.isprintable() for part in parts):
        raise BadInput(
            "bad-scope-name",
            "A scope is named <destination>/<purpose>/<recipient>, with /<dataset> where tokens are parted by dataset; "
            "a part may be *",
            where=repr(scope),
        )


def key_files(folder: Path) -> list[Path]:
    """The wrapped keys of all scopes, sorted."""
    return sorted(path for path, match in _entries(folder) if match["what"] == "json")


def versions_of(folder: Path, scope: str) -> Mapping[int, bool]:
    """The versions that there are or were, and whether each can still be used."""
    name = _name(scope)
    found: dict[int, bool] = {}
    for _, match in _entries(folder):
        if match["name"] == name:
            version = int(match["version"])
            found[version] = match["what"] == "json" and found.get(version, True)
    return dict(sorted(found.items()))


def create(folder: Path, wrapper: Wrapper, scope: str, version: int, *, at: datetime) -> KeyInfo | None:
    """A new random key as *version* of *scope*; ``None`` if that version is there already, or was."""
    octets = secrets.token_bytes(KEY_BYTES)
    created = at.isoformat(timespec="seconds")
    described = _Described(schema=2, id=fingerprint(octets), scope=scope, version=version, created=created)
    wrapped = base64.b64encode(wrapper.wrap(octets, _context(described))).decode()
    if tombstone_path(folder, scope, version).exists():
        return None
    data = canonical({**msgspec.to_builtins(described), "by": wrapper.name, "wrapped": wrapped})
    done = publish(key_path(folder, scope, version), data, 0o600)
    return KeyInfo(scope, version, described.id, "current", created) if done else None


def unwrap(folder: Path, wrapper: Wrapper, scope: str, version: int) -> ScopeKey:
    """One version of a scope's key.

    :raises KeyUnavailable: damaged, of another scope, or wrapped by another root.
    """
    path = key_path(folder, scope, version)
    key = unwrap_file(path, wrapper)
    if (key.scope, key.version) != (scope, version):
        raise damaged(path, "holds the key of another scope or version")
    return key


def unwrap_file(path: Path, wrapper: Wrapper) -> ScopeKey:
    """The key that a file holds."""
    stored = _read(path, _Wrapped)
    if stored.by != wrapper.name:
        raise KeyUnavailable(
            "key-of-another-root",
            f"The key was wrapped by a root of kind {stored.by}, and this keyring's root is of kind {wrapper.name}",
            where=str(path),
            do="Set [privacy] keyring to the one that the key was made with.",
        )
    octets = b""
    try:
        nonce, wrapped = (base64.b64decode(text, validate=True) for text in (stored.nonce, stored.wrapped))
        octets = wrapper.unwrap(nonce + wrapped, _context(stored))
    except KeyUnavailable as error:
        if error.reason != NOT_UNWRAPPED:
            raise
    except ValueError:
        pass
    if len(octets) != KEY_BYTES or fingerprint(octets) != stored.id:
        raise damaged(path, "does not unwrap under this root")
    return ScopeKey(stored.id, stored.version, stored.scope, Secret(octets))


def destroy(folder: Path, scope: str, version: int, *, at: datetime) -> KeyInfo:
    """Leave a tombstone, overwrite the wrapped key, delete it. Doing it again finishes what was interrupted."""
    grave, path = tombstone_path(folder, scope, version), key_path(folder, scope, version)
    if not grave.exists():
        stored = _read(path, _Wrapped)
        if (stored.scope, stored.version) != (scope, version):
            raise damaged(path, "holds the key of another scope or version")
        text = {"schema": 2, "id": stored.id, "scope": scope, "version": version, "created": stored.created}
        publish(grave, canonical({**text, "destroyed": at.isoformat(timespec="seconds")}), 0o600)
    erase(path)
    dead = _read(grave, _Tombstone)
    return KeyInfo(dead.scope, dead.version, dead.id, "destroyed", dead.created)


def listed(folder: Path) -> tuple[KeyInfo, ...]:
    """All keys by scope and version, without unwrapping any.

    :raises KeyUnavailable: a file is damaged or open to others.
    """
    found: dict[tuple[str, int], KeyInfo] = {}
    for path, match in _entries(folder):
        dead = match["what"] == "destroyed"
        stored = _read(path, _Tombstone if dead else _Wrapped)
        if path.name.partition(".")[0] != _name(stored.scope) or int(match["version"]) != stored.version:
            raise damaged(path, "holds the key of another scope or version")
        key = (stored.scope, stored.version)
        if dead or key not in found:
            state: State = "destroyed" if dead else "kept"
            found[key] = KeyInfo(stored.scope, stored.version, stored.id, state, stored.created)
    newest = dict(sorted(found))
    return tuple(
        KeyInfo(info.scope, info.version, info.id, "current", info.created)
        if info.state == "kept" and newest[info.scope] == info.version
        else info
        for _, info in sorted(found.items())
    )


def key_path(folder: Path, scope: str, version: int) -> Path:
    return folder / "scopes" / f"{_name(scope)}.v{version}.json"


def tombstone_path(folder: Path, scope: str, version: int) -> Path:
    return folder / "scopes" / f"{_name(scope)}.v{version}.destroyed"


def fingerprint(secret: bytes) -> str:
    """16 hexadecimal digits that name a key and reveal nothing of it."""
    return hkdf(secret, b"airflow-privacy key id v1", 8).hex()


def hkdf(secret: bytes, info: bytes, length: int, *, salt: bytes | None = None) -> bytes:
    """HKDF-SHA-256 (RFC 5869) without salt."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def _context(key: _Described) -> Context:
    bound: dict[str, str | int] = {"what": "airflow-privacy scope key", "scope": key.scope, "id": key.id}
    if key.schema == 1:
        return {**bound, "schema": 1, "version": key.version}
    return {**bound, "version": str(key.version), "created": key.created}


def _name(scope: str) -> str:
    return hashlib.sha256(scope.encode()).hexdigest()[:32]


def _entries(folder: Path) -> Iterator[tuple[Path, re.Match[str]]]:
    for path in sorted((folder / "scopes").glob("*")):
        match = _FILE.fullmatch(path.name)
        if match is not None:
            yield path, match


def _read(path: Path, kind: type[T]) -> T:
    data = read_private(path)
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    raise damaged(path, "does not unwrap under this root: it is no key file")
