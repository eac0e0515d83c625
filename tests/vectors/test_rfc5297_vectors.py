"""AES-SIV against RFC 5297's examples and OpenSSL's longer keys: the library that masks, and the one that checks."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from airflow_privacy.core.mask.rules import siv

A1 = "101112131415161718191a1b1c1d1e1f2021222324252627"
KEY = "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0"
RISING = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
PLAIN = "112233445566778899aabbccddee"
ONE_HEADER = [  # key, synthetic IV and ciphertext of PLAIN with A1
    (KEY + RISING, "85632d07c6e8f37f950acd320a2ecc93" + "40c02b9690c4dc04daef7f6afe5c"),  # RFC 5297, A.1
    (KEY + RISING + KEY, "89e869b93256785154f0963962fe0740" + "eff356e42dec1f4febded36642f2"),
    (KEY + RISING + RISING + KEY, "724dfb2eaf94dbb19b0ba3a299a0801e" + "f3b05a55498ec2552690b89810e4"),
]
A2_KEY = "7f7e7d7c7b7a79787776757473727170404142434445464748494a4b4c4d4e4f"
A2_HEADERS = [
    "00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100",
    "102030405060708090a0",
    "09f911029d74e35bd84156c5635688c0",
]
A2_PLAIN = "7468697320697320736f6d6520706c61696e7465787420746f20656e6372797074207573696e67205349562d414553"
A2_CIPHER = (
    "7bdb6e3b432667eb06f4d14bff2fbd0f"
    "cb900f2fddbe404326601965c889bf17dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d"
)


@pytest.mark.parametrize(("key", "expected"), ONE_HEADER, ids=["A.1", "192", "256"])
def test_one_header(key, expected):
    made = AESSIV(bytes.fromhex(key)).encrypt(bytes.fromhex(PLAIN), [bytes.fromhex(A1)])
    assert made.hex() == expected
    assert AESSIV(bytes.fromhex(key)).decrypt(made, [bytes.fromhex(A1)]).hex() == PLAIN


@pytest.mark.parametrize(("key", "expected"), ONE_HEADER, ids=["A.1", "192", "256"])
def test_one_header_computed_by_the_check(key, expected):
    assert siv.encrypt(bytes.fromhex(key), bytes.fromhex(A1), bytes.fromhex(PLAIN)).hex() == expected


def test_three_headers_of_a_2():
    headers = [bytes.fromhex(header) for header in A2_HEADERS]
    assert AESSIV(bytes.fromhex(A2_KEY)).encrypt(bytes.fromhex(A2_PLAIN), headers).hex() == A2_CIPHER


@pytest.mark.parametrize("size", [1, 15, 16, 17, 31, 32, 33, 100])
def test_both_agree_around_the_block_size(size):
    key, text = bytes(range(64)), bytes(range(100, 100 + size))
    assert siv.encrypt(key, b"bound", text) == AESSIV(key).encrypt(text, [b"bound"])
