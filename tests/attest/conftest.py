"""Keys for the tests of signed statements."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class AttestSigner:
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    key_id: str = "0123456789abcdef"

    @property
    def public_key(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


@pytest.fixture(scope="session")
def signer() -> AttestSigner:
    return AttestSigner()


@pytest.fixture(scope="session")
def other_signer() -> AttestSigner:
    return AttestSigner()
