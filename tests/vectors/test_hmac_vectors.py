"""HMAC-SHA-256 against RFC 4231, and against the standard library where a key is no text."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from pathlib import Path

import polars as pl
import pytest

from airflow_privacy.core.mask.pseudonymization.pseudonymize import hmac_sha256

DATA = Path(os.environ.get("PRIVACY_REFERENCE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
VECTORS = DATA / "vectors" / "rfc" / "rfc-4231-sha256.txt"


def ours(message: bytes, key: str) -> str:
    frame = pl.DataFrame({"m": pl.Series([message], dtype=pl.Binary)})
    return frame.select(hmac_sha256(pl.col("m"), key)).item()


def test_rfc_4231():
    if not VECTORS.exists():
        pytest.skip(f"no reference data at {VECTORS}")
    cases = re.findall(r"Key = (\w+)\n(?:#.*\n)?Msg = (\w+)\nMD = (\w+)", VECTORS.read_text())
    assert len(cases) == 6
    text_keys = [(bytes.fromhex(key), bytes.fromhex(message), digest) for key, message, digest in cases]
    checked = 0
    for key, message, digest in text_keys:
        assert hmac.new(key, message, hashlib.sha256).hexdigest() == digest
        if all(byte < 128 for byte in key):
            assert ours(message, key.decode()) == digest
            checked += 1
    assert checked == 3


TYPED_IN = {  # RFC 4231, section 4: keys of ASCII octets, which are what a text key can hold
    1: ("\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    2: ("Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    4: (
        "".join(map(chr, range(1, 26))),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    5: ("\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),  # cut to 128 bits
}


@pytest.mark.parametrize("case", TYPED_IN)
def test_rfc_4231_typed_in(case):
    key, message, digest = TYPED_IN[case]
    assert ours(message, key)[: len(digest)] == digest


@pytest.mark.parametrize("length", [1, 63, 64, 65, 131, 200])
def test_keys_around_the_block_size(length):
    key = "k" * length
    for size in (0, 1, 55, 56, 64, 1000):
        message = b"m" * size
        assert ours(message, key) == hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
