"""The keyring: scope keys for masking and for files at rest, Ed25519 keys for signing.

``<home>/keyring/`` (0700, files 0600, owner checked on every read)::

    root                       key-encryption key, 32 random bytes; only where no other root is given
    approval.pem  passport.pem  checkpoint.pem      Ed25519 private keys, PKCS #8
    scopes/<name digest>.v<version>.json            wrapped scope keys
    scopes/<name digest>.v<version>.destroyed       tombstones of keys that were destroyed
    public/<name>.pem                               Ed25519 public keys (0644): give auditors a copy of this folder

A scope key is random and wrapped by the root, its scope, version, id and time authenticated with it, so that a file renamed to
another scope does not unwrap there. The root is the file above, or a :class:`~airflow_privacy.core.keyring.wrap.Wrapper` that the
caller gives: a key from a secrets backend, or a key service.

Protects against: other local users, a swapped, renamed or damaged key file, secrets in logs and pickles; with a root elsewhere
also against a copied home folder, except for its signing keys. Not against: code that runs as the same user, or root.

Only :func:`init_keys` and :func:`rotate_scope` create keys.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from airflow_privacy.core.errors import BadInput, KeyUnavailable, problem_of
from airflow_privacy.core.keyring import scopes as scope_files
from airflow_privacy.core.keyring import signing
from airflow_privacy.core.keyring.files import INIT, check_permissions, damaged, publish, read_private
from airflow_privacy.core.keyring.scopes import KeyInfo, check_scope_name, fingerprint
from airflow_privacy.core.keyring.signing import SIGNERS
from airflow_privacy.core.keyring.values import DerivedKey, PublicKey, ScopeKey, Secret, Signer
from airflow_privacy.core.keyring.wrap import KEY_BYTES, RootWrapper, Wrapper

Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Keyring:
    """An opened keyring. Keys are read, unwrapped and checked when they are asked for."""

    home: Path
    _wrapper: Wrapper = field(repr=False, compare=False)

    def scope_key(self, scope: str, version: int | None = None) -> ScopeKey:
        """The key of *scope*: the newest version unless one is named. A destroyed newest version is not replaced by an older one.

        :raises KeyUnavailable: no such key (``scope-key-missing``), destroyed (``key-destroyed``), damaged, not readable by its
            owner alone, or the root is denied.
        :raises KeyServiceUnavailable: the key service that holds the root did not answer.
        :raises BadInput: *scope* is no scope's name.
        """
        check_scope_name(scope)
        folder = self.home / "keyring"
        versions = scope_files.versions_of(folder, scope)
        wanted = version if version is not None else max(versions, default=1)
        if wanted not in versions:
            what = f"There is no key for scope {scope}" + ("" if version is None else f", version {version}")
            do = (
                f"Create it: {INIT} --scope {shlex.quote(scope)}" if not versions else "Restore it from the backup of the keyring"
            )
            raise KeyUnavailable("scope-key-missing", what, where=str(folder), do=f"{do}.")
        if not versions[wanted]:
            raise KeyUnavailable(
                "key-destroyed",
                f"The key of scope {scope}, version {wanted}, was destroyed: what was encrypted with it is unreadable for good",
                where=str(folder),
                do=f"For new tokens make a new version: airflow-privacy keys rotate --scope {shlex.quote(scope)}.",
            )
        return scope_files.unwrap(folder, self._wrapper, scope, wanted)

    def technique_key(self, scope: str, technique: str, version: int | None = None) -> DerivedKey:
        """HKDF-SHA-256 (RFC 5869) of the scope's key, without salt, ``info`` = technique and scope: 32 bytes.

        Techniques never share a key, so that a token of one says nothing about the other.

        :raises KeyUnavailable: as :meth:`scope_key`.
        :raises KeyServiceUnavailable: as :meth:`scope_key`.
        """
        if not technique or "\0" in technique:
            raise BadInput("bad-technique-name", "A technique's name must not be empty")
        key = self.scope_key(scope, version)
        info = b"\0".join((b"airflow-privacy technique v1", technique.encode(), scope.encode()))
        return DerivedKey(key.id, key.version, scope, technique, Secret(scope_files.hkdf(key.secret.reveal(), info, KEY_BYTES)))

    def signer(self, name: str) -> Signer:
        """The signing key ``approval``, ``passport`` or ``checkpoint``.

        :raises KeyUnavailable: missing, damaged, not the one whose public key is published, or readable by others.
        """
        signing.check_signer_name(name)
        folder = self.home / "keyring"
        private = signing.read_signing_key(folder, name)
        public = signing.raw(private.public_key())
        if public != signing.read_public_key(folder, name):
            raise damaged(folder / f"{name}.pem", "does not belong to the published public key")
        return Signer(name, signing.key_id(public), public, Secret(private.private_bytes_raw()))


def init_keys(
    home: Path, *, scopes: Sequence[str] = (), wrapper: Wrapper | None = None, now: Clock = _utc_now
) -> tuple[str, ...]:
    """Create what is missing: the root, the three signing keys, and version 1 of each scope's key. Existing keys stay, and
    destroyed ones are not made again.

    Each file appears whole or not at all, and never replaces another: several processes may call this at once.

    :param scopes: ``<destination>/<purpose>/<recipient>``, with ``/<dataset>`` behind it or without.
    :param wrapper: the root where it lies elsewhere; no root is created then.
    :returns: the keys that were created, as ``<name>:<key id>``.
    :raises KeyUnavailable: what exists is damaged, unsafe, of another root, or lacks a part that a new key cannot replace.
    :raises KeyServiceUnavailable: the key service that holds the root did not answer.
    :raises BadInput: a scope's name is malformed.
    """
    for scope in scopes:
        check_scope_name(scope)
    with _writing(home):
        return tuple(_create_missing(home, scopes, wrapper, now))


def open_keyring(home: Path, *, wrapper: Wrapper | None = None) -> Keyring:
    """Open ``<home>/keyring``. Creates nothing.

    :param wrapper: the root where it lies elsewhere; default the file ``root``.
    :raises KeyUnavailable: there is none, a file is readable by others or owned by another user, or the root is damaged.
    """
    folder = home / "keyring"
    if not os.path.lexists(folder / ("root" if wrapper is None else "scopes")):
        do = f"Run {INIT}." if wrapper or not scope_files.key_files(folder) else "Set [privacy] keyring to where the root lies."
        raise KeyUnavailable("keyring-missing", "There is no keyring", where=str(folder), do=do)
    check_permissions(*_private_paths(folder))
    return Keyring(home, wrapper or _root_of(folder))


def rotate_scope(home: Path, scope: str, *, wrapper: Wrapper | None = None, now: Clock = _utc_now) -> KeyInfo:
    """Make the next version of a scope's key; it makes all tokens from now on, and old versions go on to resolve old tokens.

    Equal values get other tokens than before: what was released before does not join with what is released after.

    :raises KeyUnavailable: the scope has no key yet; else as :func:`init_keys`.
    :raises KeyServiceUnavailable: the key service that holds the root did not answer.
    """
    check_scope_name(scope)
    keyring, folder = open_keyring(home, wrapper=wrapper), home / "keyring"
    with _writing(home):
        while versions := scope_files.versions_of(folder, scope):
            newest = max(versions)
            if versions[newest]:
                keyring.scope_key(scope, newest)  # a root that cannot read the old key must not wrap a new one
            # Another process may have taken the number meanwhile.
            if (made := scope_files.create(folder, keyring._wrapper, scope, newest + 1, at=now())) is not None:
                return made
    raise KeyUnavailable(
        "scope-key-missing",
        f"There is no key for scope {scope}",
        where=str(folder),
        do=f"Create it: {INIT} --scope {shlex.quote(scope)}.",
    )


def destroy_scope(home: Path, scope: str, version: int | None = None, *, now: Clock = _utc_now) -> tuple[KeyInfo, ...]:
    """Destroy one version of a scope's key, or with ``None`` all: the wrapped key is overwritten and deleted, a tombstone stays.

    Reversible tokens and encrypted files that were made with it are unreadable for good. HMAC tokens stay as they are: equal
    values keep equal tokens, which can still be linked to one another. Not reached: backups and snapshots of the keyring, and
    keys in the memory of running tasks. Needs no root. Doing it again changes nothing.

    :returns: the versions that are now destroyed.
    :raises KeyUnavailable: there is no such version, or its file is unsafe or damaged.
    """
    check_scope_name(scope)
    folder = home / "keyring"
    versions = scope_files.versions_of(folder, scope)
    wanted = tuple(versions) if version is None else (version,)
    if not wanted or any(number not in versions for number in wanted):
        what = f"There is no key for scope {scope}" + ("" if version is None else f", version {version}")
        raise KeyUnavailable("scope-key-missing", what, where=str(folder), do="See airflow-privacy keys list.")
    check_permissions(*_private_paths(folder))
    with _writing(home):
        return tuple(scope_files.destroy(folder, scope, number, at=now()) for number in wanted)


def list_keys(home: Path) -> tuple[KeyInfo, ...]:
    """Every version of every scope's key, by scope and version. Needs no root.

    :raises KeyUnavailable: there is no keyring, or a file is damaged or unsafe.
    """
    folder = home / "keyring"
    if not (folder / "scopes").is_dir():
        raise KeyUnavailable("keyring-missing", "There is no keyring", where=str(folder), do=f"Run {INIT}.")
    check_permissions(*_private_paths(folder))
    return scope_files.listed(folder)


def public_keys(home: Path) -> Mapping[str, PublicKey]:
    """The published public keys by name; needs no private key, so a copy of ``keyring/public`` is enough.

    :raises KeyUnavailable: there are none, or one is damaged.
    """
    folder = home / "keyring"
    names = [name for name in SIGNERS if (folder / "public" / f"{name}.pem").exists()]
    if not names:
        raise KeyUnavailable("keyring-missing", "There are no public keys", where=str(folder / "public"), do=f"Run {INIT}.")
    octets = {name: signing.read_public_key(folder, name) for name in names}
    return {name: PublicKey(name, signing.key_id(public), public) for name, public in octets.items()}


def _create_missing(home: Path, scopes: Sequence[str], given: Wrapper | None, now: Clock) -> list[str]:
    folder = home / "keyring"
    home.mkdir(parents=True, exist_ok=True)
    for path, mode in ((folder, 0o700), (folder / "scopes", 0o700), (folder / "public", 0o755)):
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=mode)
            path.chmod(mode)
    check_permissions(*_private_paths(folder))
    created: list[str] = []
    existing = scope_files.key_files(folder)
    if given is None and not (folder / "root").exists():
        if existing:
            raise KeyUnavailable(
                "root-key-missing",
                "The root key is gone, and the scope keys that it wraps are there; a new root could not read them",
                where=str(folder / "root"),
                do="Restore it from the backup of the keyring, or set [privacy] keyring to where the root lies.",
            )
        octets = secrets.token_bytes(KEY_BYTES)
        if publish(folder / "root", octets, 0o600):
            created.append(f"root:{fingerprint(octets)}")
    wrapper = given or _root_of(folder)
    for name in SIGNERS:
        created.extend(signing.init_signing_key(folder, name))
    for path in existing:
        # A root that cannot read the old keys must not wrap new ones.
        scope_files.unwrap_file(path, wrapper)
    for scope in scopes:
        if not scope_files.versions_of(folder, scope):
            made = scope_files.create(folder, wrapper, scope, 1, at=now())
            if made is not None:
                created.append(f"{scope}:{made.id}")
    return created


def _root_of(folder: Path) -> RootWrapper:
    octets = read_private(folder / "root")
    if len(octets) != KEY_BYTES:
        raise damaged(folder / "root", f"has not {KEY_BYTES} bytes")
    return RootWrapper(Secret(octets))


def _private_paths(folder: Path) -> list[Path]:
    named = [folder, folder / "scopes", folder / "root", *(folder / f"{name}.pem" for name in SIGNERS)]
    return named + scope_files.key_files(folder)


@contextlib.contextmanager
def _writing(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = problem_of(error)
    else:
        return
    raise KeyUnavailable(
        "keyring-not-writable", f"The keyring cannot be written: {problem}", where=str(home), do="Check the folder's owner."
    )
