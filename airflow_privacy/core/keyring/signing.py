"""Signing keys as files: Ed25519 (RFC 8032) private keys in PKCS #8, public keys beside them for whoever verifies."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.keyring.files import damaged, publish, read_private

SIGNERS = ("approval", "passport", "checkpoint")


def check_signer_name(name: str) -> None:
    if name not in SIGNERS:
        raise BadInput("unknown-signer", f"There is no signing key called {name}", do=f"Use one of {', '.join(SIGNERS)}.")


def init_signing_key(folder: Path, name: str) -> list[str]:
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
            created.append(f"{name}:{key_id(raw(private.public_key()))}")
    if not public_path.exists():
        public = read_signing_key(folder, name).public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        publish(public_path, pem, 0o644)
    return created


def read_signing_key(folder: Path, name: str) -> Ed25519PrivateKey:
    path = folder / f"{name}.pem"
    pem = read_private(path)
    with contextlib.suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = serialization.load_pem_private_key(pem, password=None)
        if isinstance(key, Ed25519PrivateKey):
            return key
    raise damaged(path, "is no Ed25519 private key")


def read_public_key(folder: Path, name: str) -> bytes:
    path = folder / "public" / f"{name}.pem"
    with contextlib.suppress(ValueError, TypeError, UnsupportedAlgorithm, OSError):
        key = serialization.load_pem_public_key(path.read_bytes())
        if isinstance(key, Ed25519PublicKey):
            return raw(key)
    raise damaged(path, "is no readable Ed25519 public key")


def key_id(public: bytes) -> str:
    """16 hexadecimal digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def raw(public: Ed25519PublicKey) -> bytes:
    """The 32 bytes of a public key."""
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
