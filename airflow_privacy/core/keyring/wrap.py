"""What wraps keys: a root key that is held here, or a key service behind the same two calls.

Whatever wraps also binds: the *context* (scope, version, id …) is authenticated and not stored with the result, so that a wrapped
key which is moved to another name does not unwrap there.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NoReturn, Protocol, SupportsIndex, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from airflow_privacy.core.errors import KeyUnavailable
from airflow_privacy.core.keyring.values import Secret
from airflow_privacy.core.model.codec import canonical

KEY_BYTES = 32
NOT_UNWRAPPED = "key-not-unwrapped"
_NONCE_BYTES = 12

Context: TypeAlias = Mapping[str, str | int]


class Wrapper(Protocol):
    """A key-encryption key, wherever it lies. It must show no secret in its repr, and refuse to be pickled."""

    @property
    def name(self) -> str:
        """What kind it is, in kebab-case, for messages and key files: ``local``, ``connection``, ``aws-kms``."""
        ...

    def wrap(self, octets: bytes, context: Context) -> bytes:
        """Encrypt a key, bound to *context*.

        :raises KeyUnavailable: the key-encryption key is missing or denied.
        :raises KeyServiceUnavailable: the key service did not answer.
        """
        ...

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        """What :meth:`wrap` was given.

        :raises KeyUnavailable: ``key-not-unwrapped`` if key, octets or context are others; else as :meth:`wrap`.
        :raises KeyServiceUnavailable: the key service did not answer.
        """
        ...


class RootWrapper:
    """AES-256-GCM (NIST SP 800-38D) under a root key: a random 96-bit nonce, then ciphertext and tag; the context as RFC 8785
    JSON is the additional data. AES key wrap (RFC 3394, RFC 5649) has no additional data.

    A root wraps few keys, far from the 2^32 that random nonces allow.
    """

    __slots__ = ("_name", "_root")

    def __init__(self, root: Secret, *, name: str = "local") -> None:
        if len(root.reveal()) != KEY_BYTES:
            raise KeyUnavailable("root-key-malformed", f"A root key has not {KEY_BYTES} bytes")
        self._root = root
        self._name = name

    def __repr__(self) -> str:
        return f"RootWrapper({self._name})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("A root key cannot be pickled or copied: open the keyring where the key is used")

    @property
    def name(self) -> str:
        return self._name

    def wrap(self, octets: bytes, context: Context) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._root.reveal()).encrypt(nonce, octets, canonical(dict(context)))

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        try:
            return AESGCM(self._root.reveal()).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], canonical(dict(context)))
        except (InvalidTag, ValueError):
            pass
        raise KeyUnavailable(NOT_UNWRAPPED, "A wrapped key does not unwrap under this root")
