"""Keys and ledgers for the ledger's tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from airflow_privacy.core.ledger.log import Ledger, open_ledger
from airflow_privacy.core.model.release import Fact, Link

ORIGIN = "airflow-privacy.test/ledger"


@dataclass(frozen=True)
class TestSigner:
    __test__ = False

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public_key(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


@pytest.fixture(scope="session")
def signer() -> TestSigner:
    return TestSigner()


@pytest.fixture(scope="session")
def other_signer() -> TestSigner:
    return TestSigner()


@pytest.fixture(scope="session")
def fact() -> Callable[..., Fact]:
    def make(number: int = 0, *, kind: str = "masked", links: int = 1) -> Fact:
        linked = tuple(Link(kind="plan", digest=f"sha256:{number:060x}{position:04x}") for position in range(links))
        return Fact(
            kind=kind, at="2026-01-01T00:00:00Z", actor="alice", run=f"run-{number}", links=linked, counts={"rows": number}
        )

    return make


@pytest.fixture
def open_at(signer: TestSigner) -> Callable[..., Ledger]:
    def make(path: Path, **options: object) -> Ledger:
        return open_ledger(path, **{"origin": ORIGIN, "signer": signer, **options})

    return make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path, open_at: Callable[..., Ledger]) -> Ledger:
    return open_at(path)
