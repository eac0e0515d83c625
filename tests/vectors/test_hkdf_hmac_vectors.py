"""Key derivation and leaf commitments against RFC 5869 and RFC 4231."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from airflow_privacy.core.keyring import scopes
from airflow_privacy.core.ledger.merkle import leaf_hash
from airflow_privacy.core.ledger.store import commit_to

REFERENCE = Path(os.environ.get("PRIVACY_REFERENCE_DATA", Path(__file__).parents[2] / "../shared/data")) / "vectors/rfc"


def blocks(name: str) -> list[dict[str, str]]:
    path = REFERENCE / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    groups = re.split(r"\n(?=COUNT|Len)", path.read_text())
    return [dict(re.findall(r"^(\w+) *= *(.*)$", group, re.M)) for group in groups if "OKM" in group or "MD" in group]


def test_hkdf_gives_rfc_5869_test_case_3() -> None:
    derived = scopes.hkdf(b"\x0b" * 22, b"", 42)
    assert derived.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"


def test_hkdf_gives_all_the_reference_cases() -> None:
    cases = blocks("rfc-5869-HKDF-SHA256.txt")
    assert len(cases) == 3
    for case in cases:
        salt = bytes.fromhex(case["salt"]) or None
        derived = scopes.hkdf(bytes.fromhex(case["IKM"]), bytes.fromhex(case["info"]), int(case["L"]), salt=salt)
        assert derived.hex() == case["OKM"]


def test_leaf_commits_by_rfc_4231_hmac() -> None:
    for case in blocks("rfc-4231-sha256.txt"):
        leaf = commit_to(bytes.fromhex(case["Key"]), bytes.fromhex(case["Msg"]))
        assert leaf == leaf_hash(bytes.fromhex(case["MD"]))


def test_leaf_commits_by_hmac_of_rfc_4231_case_2() -> None:
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert commit_to(b"Jefe", b"what do ya want for nothing?") == leaf_hash(bytes.fromhex(digest))
