"""FF1 format-preserving encryption, as NIST SP 800-38G writes it (algorithms 6, 7 and 8): one value at a time.

Numerals are integers below the radix, the most significant first. The domain is at least a million (Revision 1; the first
edition asks for a hundred). This is the reference: plain rather than fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from airflow_privacy.core.errors import CheckFailed

SMALLEST_DOMAIN = 1_000_000
ROUNDS = 10

Block: TypeAlias = Callable[[bytes], bytes]
"""CIPH_K: sixteen bytes, or several times sixteen each by itself, to as many."""


def aes(key: bytes) -> Block:
    """AES (FIPS 197) under a key of 16, 24 or 32 bytes."""
    # A single block at a time of unrelated inputs is what FF1 builds its round function from.
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update  # noqa: S305


def encrypt(ciph: Block, radix: int, tweak: bytes, numerals: Sequence[int]) -> list[int]:
    """FF1.Encrypt (algorithm 7).

    :raises CheckFailed: the domain is smaller than a million, or the radix is not 2 to 65,536.
    """
    n, u = _lengths(radix, numerals)
    a, b = num(radix, numerals[:u]), num(radix, numerals[u:])
    for i in range(ROUNDS):
        m = u if i % 2 == 0 else n - u
        a, b = b, (a + _round(ciph, radix, tweak, n, i, b)) % radix**m
    return [*string(radix, u, a), *string(radix, n - u, b)]


def decrypt(ciph: Block, radix: int, tweak: bytes, numerals: Sequence[int]) -> list[int]:
    """FF1.Decrypt (algorithm 8).

    :raises CheckFailed: the domain is smaller than a million, or the radix is not 2 to 65,536.
    """
    n, u = _lengths(radix, numerals)
    a, b = num(radix, numerals[:u]), num(radix, numerals[u:])
    for i in reversed(range(ROUNDS)):
        m = u if i % 2 == 0 else n - u
        a, b = (b - _round(ciph, radix, tweak, n, i, a)) % radix**m, a
    return [*string(radix, u, a), *string(radix, n - u, b)]


def shortest(radix: int) -> int:
    """The fewest numerals whose domain is at least a million."""
    length = 2
    while radix**length < SMALLEST_DOMAIN:
        length += 1
    return length


def octets(radix: int, length: int) -> int:
    """b: how many bytes hold any number of *length* numerals."""
    largest: int = radix**length - 1
    return (largest.bit_length() + 7) // 8


def first_block(radix: int, n: int, tweak_length: int) -> bytes:
    """P: what the round function begins with, the same in every round."""
    return (
        b"\x01\x02\x01"
        + radix.to_bytes(3, "big")
        + bytes((ROUNDS, (n // 2) % 256))
        + n.to_bytes(4, "big")
        + tweak_length.to_bytes(4, "big")
    )


def num(radix: int, numerals: Sequence[int]) -> int:
    """NUM_radix (algorithm 1): the number that the numerals stand for."""
    number = 0
    for numeral in numerals:
        number = number * radix + numeral
    return number


def string(radix: int, length: int, number: int) -> list[int]:
    """STR (algorithm 3): *length* numerals that stand for *number*."""
    numerals = [0] * length
    for i in range(length):
        number, numerals[length - 1 - i] = divmod(number, radix)
    return numerals


def prf(ciph: Block, text: bytes) -> bytes:
    """PRF (algorithm 6): CBC-MAC over whole blocks."""
    state = bytes(16)
    for at in range(0, len(text), 16):
        state = ciph(_xor(state, text[at : at + 16]))
    return state


def _round(ciph: Block, radix: int, tweak: bytes, n: int, i: int, half: int) -> int:
    b = octets(radix, n - n // 2)
    d = 4 * (-(-b // 4)) + 4
    q = tweak + bytes((-len(tweak) - b - 1) % 16) + bytes((i,)) + half.to_bytes(b, "big")
    r = prf(ciph, first_block(radix, n, len(tweak)) + q)
    s = r + b"".join(ciph(_xor(r, j.to_bytes(16, "big"))) for j in range(1, -(-d // 16)))
    return int.from_bytes(s[:d], "big")


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(16, "big")


def _lengths(radix: int, numerals: Sequence[int]) -> tuple[int, int]:
    n = len(numerals)
    if not 2 <= radix <= 1 << 16:
        raise CheckFailed("ff1-radix", f"FF1 has no radix of {radix}; it goes from 2 to 65,536")
    if n < shortest(radix):
        raise CheckFailed(
            "ff1-domain", f"FF1 needs at least {shortest(radix)} numerals of radix {radix}", do="Use another technique."
        )
    return n, n // 2
