"""The local keyring: scope keys for masking, Ed25519 keys for signing.

``<home>/keyring/`` (0700, files 0600, owner checked on every read)::

    root                       key-encryption key, 32 random bytes
    approval.pem  passport.pem  checkpoint.pem      Ed25519 private keys, PKCS #8
    scopes/<name digest>.v<version>.json            wrapped scope keys
    public/<name>.pem                               Ed25519 public keys (0644): give auditors a copy of this folder

A scope key is random and wrapped with AES-256-GCM (NIST SP 800-38D) under the root, its scope, version and id as additional
data. AES key wrap (RFC 3394, RFC 5649) has no additional data: a file renamed to another scope would unwrap there. Nonces are
random; a root wraps a handful of keys, far from the 2^32 that a 96-bit random nonce allows.

Protects against: other local users, a swapped, renamed or damaged key file, secrets in logs and pickles. Not against: code that
runs as the same user, root, or a copied home folder (the root lies beside what it wraps; a key service parts them).

Only :func:`init_keys` creates keys.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.keyring.files import INIT, check_permissions, damaged, publish, read_private
from airflow_privacy.core.keyring.values import DerivedKey, PublicKey, ScopeKey, Secret, Signer
from airflow_privacy.core.model.codec import canonical

SIGNERS = ("approval", "passport", "checkpoint")
KEY_BYTES = 32
_NONCE_BYTES = 12
_SCOPE_FILE = re.compile(r"(?P<name>[0-9a-f]{32})\.v(?P<version>[1-9][0-9]*)\.json")


@dataclass(frozen=True)
class Keyring:
    """An opened keyring. Keys are read and checked when they are asked for."""

    home: Path
    _root: Secret = field(repr=False, compare=False)

    def scope_key(self, scope: str, version: int | None = None) -> ScopeKey:
        """The key of *scope*: the newest version unless one is named.

        :raises KeyUnavailable: no such key, damaged, or not readable by its owner alone.
        :raises BadInput: *scope* is not ``<destination>/<purpose>/<recipient>``.
        """
        _check_scope_name(scope)
        folder = self.home / "keyring"
        versions = _versions(folder, scope)
        wanted = version if version is not None else max(versions, default=1)
        if wanted not in versions:
            what = f"There is no key for scope {scope}" + ("" if version is None else f", version {version}")
            do = (
                f"Create it: {INIT} --scope {shlex.quote(scope)}" if not versions else "Restore it from the backup of the keyring"
            )
            raise KeyUnavailable("scope-key-missing", what, where=str(folder), do=f"{do}.")
        return _unwrap(folder, self._root, scope, wanted)

    def technique_key(self, scope: str, technique: str, version: int | None = None) -> DerivedKey:
        """HKDF-SHA-256 (RFC 5869) of the scope's key, without salt, ``info`` = technique and scope: 32 bytes.

        Techniques never share a key, so that a token of one says nothing about the other.

        :raises KeyUnavailable: as :meth:`scope_key`.
        """
        if not technique or "\0" in technique:
            raise BadInput("bad-technique-name", "A technique's name must not be empty")
        key = self.scope_key(scope, version)
        info = b"\0".join((b"airflow-privacy technique v1", technique.encode(), scope.encode()))
        return DerivedKey(key.id, key.version, scope, technique, Secret(_hkdf(key.secret.reveal(), info, KEY_BYTES)))

    def signer(self, name: str) -> Signer:
        """The signing key ``approval``, ``passport`` or ``checkpoint``.

        :raises KeyUnavailable: missing, damaged, not the one whose public key is published, or readable by others.
        """
        _check_signer_name(name)
        folder = self.home / "keyring"
        private = _read_signing_key(folder, name)
        public = _raw(private.public_key())
        published = _read_public_key(folder, name)
        if public != published:
            raise damaged(folder / f"{name}.pem", "does not belong to the published public key")
        return Signer(name, _key_id(public), public, Secret(private.private_bytes_raw()))


def init_keys(home: Path, *, scopes: Sequence[str] = ()) -> tuple[str, ...]:
    """Create what is missing: the root, the three signing keys, and version 1 of each scope's key. Existing keys stay.

    Each file appears whole or not at all, and never replaces another: several processes may call this at once.

    :param scopes: ``<destination>/<purpose>/<recipient>``.
    :returns: the keys that were created, as ``<name>:<key id>``.
    :raises KeyUnavailable: what exists is damaged, unsafe, or lacks a part that a new key cannot replace.
    :raises BadInput: a scope's name is malformed.
    """
    for scope in scopes:
        _check_scope_name(scope)
    try:
        return tuple(_create_missing(home, scopes))
    except OSError as error:
        problem = error.strerror or type(error).__name__
    raise KeyUnavailable(
        "keyring-not-writable", f"The keyring cannot be written: {problem}", where=str(home), do="Check the folder's owner."
    )


def open_keyring(home: Path) -> Keyring:
    """Open ``<home>/keyring``. Creates nothing.

    :raises KeyUnavailable: there is none, a file is readable by others or owned by another user, or the root is damaged.
    """
    folder = home / "keyring"
    if not os.path.lexists(folder / "root"):
        raise KeyUnavailable("keyring-missing", "There is no keyring", where=str(folder), do=f"Run {INIT}.")
    check_permissions(*_private_paths(folder))
    return Keyring(home, _read_root(folder))


def public_keys(home: Path) -> Mapping[str, PublicKey]:
    """The published public keys by name; needs no private key, so a copy of ``keyring/public`` is enough.

    :raises KeyUnavailable: there are none, or one is damaged.
    """
    folder = home / "keyring"
    names = [name for name in SIGNERS if (folder / "public" / f"{name}.pem").exists()]
    if not names:
        raise KeyUnavailable("keyring-missing", "There are no public keys", where=str(folder / "public"), do=f"Run {INIT}.")
    octets = {name: _read_public_key(folder, name) for name in names}
    return {name: PublicKey(name, _key_id(public), public) for name, public in octets.items()}


def _create_missing(home: Path, scopes: Sequence[str]) -> list[str]:
    folder = home / "keyring"
    home.mkdir(parents=True, exist_ok=True)
    for path, mode in ((folder, 0o700), (folder / "scopes", 0o700), (folder / "public", 0o755)):
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=mode)
            path.chmod(mode)
    check_permissions(*_private_paths(folder))
    created: list[str] = []

    existing = _scope_files(folder)
    if not (folder / "root").exists():
        if existing:
            raise KeyUnavailable(
                "root-key-missing",
                "The root key is gone, and the scope keys that it wraps are there; a new root could not read them",
                where=str(folder / "root"),
                do="Restore it from the backup of the keyring.",
            )
        octets = secrets.token_bytes(KEY_BYTES)
        if publish(folder / "root", octets, 0o600):
            created.append(f"root:{_fingerprint(octets)}")
    root = _read_root(folder)
    for name in SIGNERS:
        created.extend(_init_signing_key(folder, name))
    for path in existing:
        # A root that cannot read the old keys must not wrap new ones.
        _unwrap_file(path, root)
    for scope in scopes:
        if not _versions(folder, scope):
            octets = secrets.token_bytes(KEY_BYTES)
            if publish(_scope_path(folder, scope, 1), _wrap(root, scope, 1, octets), 0o600):
                created.append(f"{scope}:{_fingerprint(octets)}")
    return created


def _check_scope_name(scope: str) -> None:
    parts = scope.split("/")
    if len(parts) != 3 or any(not part or part != part.strip() or not part.isprintable() for part in parts):
        raise BadInput("bad-scope-name", "A scope is named <destination>/<purpose>/<recipient>", where=repr(scope))


def _check_signer_name(name: str) -> None:
    if name not in SIGNERS:
        raise BadInput("unknown-signer", f"There is no signing key called {name}", do=f"Use one of {', '.join(SIGNERS)}.")


def _init_signing_key(folder: Path, name: str) -> list[str]:
    path, public_path = folder / f"{name}.pem", folder / "public" / f"{name}.pem"
    created = []
    if not path.exists():
        if public_path.exists():
            raise KeyUnavailable(
                "signing-key-missing",
                f"The {name} key is gone, and its public key is there; a new key would not fit the signatures made so far",
                where=str(path),
                do="Restore it from the backup of the keyring.",
            )
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        if publish(path, pem, 0o600):
            created.append(f"{name}:{_key_id(_raw(private.public_key()))}")
    if not public_path.exists():
        public = _read_signing_key(folder, name).public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        publish(public_path, pem, 0o644)
    return created


def _read_root(folder: Path) -> Secret:
    octets = read_private(folder / "root")
    if len(octets) != KEY_BYTES:
        raise damaged(folder / "root", f"has not {KEY_BYTES} bytes")
    return Secret(octets)


def _read_signing_key(folder: Path, name: str) -> Ed25519PrivateKey:
    path = folder / f"{name}.pem"
    pem = read_private(path)
    with contextlib.suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = serialization.load_pem_private_key(pem, password=None)
        if isinstance(key, Ed25519PrivateKey):
            return key
    raise damaged(path, "is no Ed25519 private key")


def _read_public_key(folder: Path, name: str) -> bytes:
    path = folder / "public" / f"{name}.pem"
    with contextlib.suppress(ValueError, TypeError, UnsupportedAlgorithm, OSError):
        key = serialization.load_pem_public_key(path.read_bytes())
        if isinstance(key, Ed25519PublicKey):
            return _raw(key)
    raise damaged(path, "is no readable Ed25519 public key")


def _scope_path(folder: Path, scope: str, version: int) -> Path:
    return folder / "scopes" / f"{hashlib.sha256(scope.encode()).hexdigest()[:32]}.v{version}.json"


def _private_paths(folder: Path) -> list[Path]:
    named = [folder, folder / "scopes", folder / "root", *(folder / f"{name}.pem" for name in SIGNERS)]
    return named + _scope_files(folder)


def _scope_files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "scopes").glob("*") if _SCOPE_FILE.fullmatch(path.name))


def _versions(folder: Path, scope: str) -> set[int]:
    name = _scope_path(folder, scope, 1).name.partition(".")[0]
    matches = (_SCOPE_FILE.fullmatch(path.name) for path in _scope_files(folder))
    return {int(match["version"]) for match in matches if match and match["name"] == name}


class _Wrapped(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: int
    id: str
    scope: str
    version: int
    nonce: str
    wrapped: str


def _binding(scope: str, version: int, key_id: str) -> bytes:
    return canonical({"schema": 1, "what": "airflow-privacy scope key", "scope": scope, "version": version, "id": key_id})


def _wrap(root: Secret, scope: str, version: int, octets: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    key_id = _fingerprint(octets)
    wrapped = AESGCM(root.reveal()).encrypt(nonce, octets, _binding(scope, version, key_id))
    encoded = (base64.b64encode(part).decode() for part in (nonce, wrapped))
    return canonical(dict(zip(("nonce", "wrapped"), encoded, strict=True), schema=1, id=key_id, scope=scope, version=version))


def _unwrap(folder: Path, root: Secret, scope: str, version: int) -> ScopeKey:
    path = _scope_path(folder, scope, version)
    key = _unwrap_file(path, root)
    if (key.scope, key.version) != (scope, version):
        raise damaged(path, "holds the key of another scope or version")
    return key


def _unwrap_file(path: Path, root: Secret) -> ScopeKey:
    data = read_private(path)
    with contextlib.suppress(msgspec.MsgspecError, ValueError, InvalidTag):
        stored = msgspec.json.decode(data, type=_Wrapped)
        nonce, wrapped = (base64.b64decode(text, validate=True) for text in (stored.nonce, stored.wrapped))
        octets = AESGCM(root.reveal()).decrypt(nonce, wrapped, _binding(stored.scope, stored.version, stored.id))
        if len(octets) == KEY_BYTES:
            return ScopeKey(stored.id, stored.version, stored.scope, Secret(octets))
    raise damaged(path, "does not unwrap under this root")


def _hkdf(secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret)


def _fingerprint(secret: bytes) -> str:
    return _hkdf(secret, b"airflow-privacy key id v1", 8).hex()


def _key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
