"""FF1 against the nine samples that NIST publishes with SP 800-38G."""

from __future__ import annotations

import numpy as np
import pytest

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.pseudonymization import ff1
from airflow_privacy.core.mask.pseudonymization.ff1_batch import crypt

KEY = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"
TEN, LONG = "39383736353433323130", "3737373770717273373737"
DIGITS, WORD = "0123456789", "0123456789abcdefghi"
SAMPLES = [  # sample, octets of the key, radix, tweak, plaintext, ciphertext
    (1, 16, 10, "", DIGITS, "2433477484"),
    (2, 16, 10, TEN, DIGITS, "6124200773"),
    (3, 16, 36, LONG, WORD, "a9tv40mll9kdu509eum"),
    (4, 24, 10, "", DIGITS, "2830668132"),
    (5, 24, 10, TEN, DIGITS, "2496655549"),
    (6, 24, 36, LONG, WORD, "xbj3kv35jrawxv32ysr"),
    (7, 32, 10, "", DIGITS, "6657667009"),
    (8, 32, 10, TEN, DIGITS, "1001623463"),
    (9, 32, 36, LONG, WORD, "xs8a0azh2avyalyzuwd"),
]
every_sample = pytest.mark.parametrize(
    ("octets", "radix", "tweak", "plain", "cipher"), [sample[1:] for sample in SAMPLES], ids=[str(s[0]) for s in SAMPLES]
)


def numerals(text):
    return [int(letter, 36) for letter in text]


@every_sample
def test_the_reference_encrypts_and_decrypts_as_published(octets, radix, tweak, plain, cipher):
    ciph = ff1.aes(bytes.fromhex(KEY)[:octets])
    assert ff1.encrypt(ciph, radix, bytes.fromhex(tweak), numerals(plain)) == numerals(cipher)
    assert ff1.decrypt(ciph, radix, bytes.fromhex(tweak), numerals(cipher)) == numerals(plain)


@every_sample
def test_the_batch_encrypts_and_decrypts_as_published(octets, radix, tweak, plain, cipher):
    key = bytes.fromhex(KEY)[:octets]
    clear, closed = np.array([numerals(plain)] * 3), np.array([numerals(cipher)] * 3)
    assert crypt(clear, radix, key, bytes.fromhex(tweak)).tolist() == closed.tolist()
    assert crypt(closed, radix, key, bytes.fromhex(tweak), decrypting=True).tolist() == clear.tolist()


@pytest.mark.parametrize(
    ("radix", "shortest"), [(2, 20), (9, 7), (10, 6), (16, 5), (26, 5), (36, 4), (62, 4), (999, 3), (1000, 2), (65536, 2)]
)
def test_the_domain_is_at_least_a_million(radix, shortest):
    ciph = ff1.aes(bytes.fromhex(KEY))
    assert ff1.shortest(radix) == shortest
    assert len(ff1.encrypt(ciph, radix, b"", [1] * shortest)) == shortest
    for turn in (ff1.encrypt, ff1.decrypt):
        with pytest.raises(CheckFailed, match="ff1-domain"):
            turn(ciph, radix, b"", [1] * (shortest - 1))


@pytest.mark.parametrize("radix", [0, 1, 65537])
def test_a_radix_out_of_range_is_refused(radix):
    with pytest.raises(CheckFailed, match="ff1-radix"):
        ff1.encrypt(ff1.aes(bytes.fromhex(KEY)), radix, b"", [0] * 30)
