"""Keys as values: ids are shown, octets are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn, SupportsIndex

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Secret:
    """Octets that no repr, copy, pickle or JSON shows. :meth:`reveal` is the one way to them."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def reveal(self) -> bytes:
        return self._octets

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("A secret key cannot be pickled or copied: open the keyring where the key is used")


@dataclass(frozen=True)
class ScopeKey:
    """One version of a scope's key. ``id`` is 16 hexadecimal digits derived from the key by HKDF; it reveals nothing of it."""

    id: str
    version: int
    scope: str
    secret: Secret = field(repr=False, compare=False)


@dataclass(frozen=True)
class DerivedKey:
    """A 32-byte key for one technique within one scope; ``id`` and ``version`` are those of the scope key."""

    id: str
    version: int
    scope: str
    technique: str
    secret: Secret = field(repr=False, compare=False)

    def hex(self) -> str:
        """The key as 64 hexadecimal digits, for the masking engine. It is a secret."""
        return self.secret.reveal().hex()


@dataclass(frozen=True)
class PublicKey:
    """An Ed25519 public key: 32 raw bytes, and its fingerprint (16 hexadecimal digits of their SHA-256)."""

    name: str
    key_id: str
    public_key: bytes


@dataclass(frozen=True)
class Signer:
    """An Ed25519 signing key (RFC 8032)."""

    name: str
    key_id: str
    public_key: bytes
    _seed: Secret = field(repr=False, compare=False)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over *message*."""
        return Ed25519PrivateKey.from_private_bytes(self._seed.reveal()).sign(message)
