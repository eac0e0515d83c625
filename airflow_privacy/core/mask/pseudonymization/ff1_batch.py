"""FF1 (NIST SP 800-38G) over many values of one length and radix at once.

All values of a batch share the round function's first block P and all of the tweak but what differs from value to value, so that
the state of the CBC-MAC after them is computed once: what is left of a round is one AES call over as many blocks as there are
values. Halves are numbers of up to 64 bits; longer values go through :mod:`ff1`, one by one.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from numpy.typing import NDArray

from airflow_privacy.core.mask.pseudonymization import ff1

Numerals: TypeAlias = NDArray[np.integer[Any]]
"""One row a value, one column a numeral, the most significant first."""
Numbers: TypeAlias = NDArray[np.uint64]

_WORD = 1 << 64


def crypt(
    symbols: Numerals, radix: int, key: bytes, tweak: bytes, *, decrypting: bool = False, beside: Numbers | None = None
) -> Numerals:
    """FF1.Encrypt or FF1.Decrypt of every row; the shape stays.

    :param tweak: what all rows' tweaks begin with.
    :param beside: what comes after it in each row's own: a number below 2**24, as three bytes.
    :raises CheckFailed: the rows are shorter than a domain of a million asks for, or the radix is not 2 to 65,536.
    """
    rows, n = symbols.shape
    u = n // 2
    if not rows or n < ff1.shortest(radix) or radix ** (n - u) >= _WORD:
        return _one_by_one(symbols, radix, key, tweak, decrypting=decrypting, beside=beside)
    rounds = _Rounds(rows, n, radix, key, tweak, beside)
    a, b = _numbers(symbols[:, :u], radix), _numbers(symbols[:, u:], radix)
    moduli = (radix**u, radix ** (n - u))
    if decrypting:
        for i in reversed(range(ff1.ROUNDS)):
            modulus = moduli[i % 2]
            a, b = _minus(b, rounds.value(i, a, modulus), modulus), a
    else:
        for i in range(ff1.ROUNDS):
            modulus = moduli[i % 2]
            a, b = b, _plus(a, rounds.value(i, b, modulus), modulus)
    made = np.empty((rows, n), dtype=np.uint16)
    _write(made[:, :u], a, radix)
    _write(made[:, u:], b, radix)
    return made


class _Rounds:
    """The round function over all rows; its buffers are used again in every round."""

    def __init__(self, rows: int, n: int, radix: int, key: bytes, tweak: bytes, beside: Numbers | None) -> None:
        self._b = ff1.octets(radix, n - n // 2)
        own = 0 if beside is None else 3
        if own and len(tweak) % 16:
            raise ValueError("a row's own bytes must be the first of the last block")
        length = len(tweak) + own
        # Q without round number and half: both are in its last block, and so are a row's own three bytes.
        q = tweak + bytes(own) + bytes((-length - self._b - 1) % 16) + bytes(1 + self._b)
        same = ff1.first_block(radix, n, length) + q[:-16]
        last = ff1.prf(ff1.aes(key), same)
        last = bytes(x ^ y for x, y in zip(last, q[-16:], strict=True))
        self._high, self._low = int.from_bytes(last[:8], "big"), int.from_bytes(last[8:], "big")
        self._own: Numbers | None = None
        if beside is not None:
            self._own = beside << np.uint64(40)
        # As in ff1.aes.
        self._aes: CipherContext = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
        self._in = np.empty((rows, 2), dtype=">u8")
        self._out = np.empty(16 * rows + 16, dtype=np.uint8)

    def value(self, i: int, half: Numbers, modulus: int) -> Numbers:
        """y of round *i*, reduced by *modulus*."""
        place = 8 * self._b
        high = self._high ^ (i << (place - 64) if place >= 64 else 0)
        low = self._low ^ (i << place if place < 64 else 0)
        self._in[:, 0] = high if self._own is None else self._own ^ np.uint64(high)
        self._in[:, 1] = half ^ np.uint64(low)
        self._aes.update_into(self._in.data.cast("B"), self._out.data)
        r = self._out[: self._in.nbytes].view(">u8").reshape(self._in.shape)
        first = r[:, 0].astype(np.uint64)
        if self._b <= 4:  # d is 8 bytes
            return first % np.uint64(modulus)
        return _reduced(first, r[:, 1].astype(np.uint64) >> np.uint64(32), modulus)


def _reduced(first: Numbers, then: Numbers, modulus: int) -> Numbers:
    """(first · 2³² + then) mod modulus, without leaving 64 bits."""
    m = np.uint64(modulus)
    rest = first % m
    room, left = 64 - modulus.bit_length(), 32
    while room and left:
        step = min(room, left)
        left -= step
        rest = ((rest << np.uint64(step)) | ((then >> np.uint64(left)) & np.uint64((1 << step) - 1))) % m
    for bit in reversed(range(left)):
        rest = _plus(_plus(rest, rest, modulus), (then >> np.uint64(bit)) & np.uint64(1), modulus)
    return rest


def _plus(one: Numbers, other: Numbers, modulus: int) -> Numbers:
    if 2 * modulus <= _WORD:
        return (one + other) % np.uint64(modulus)
    room = np.uint64(modulus) - other
    return np.where(one >= room, one - room, one + other)


def _minus(one: Numbers, other: Numbers, modulus: int) -> Numbers:
    return np.where(one >= other, one - other, one + (np.uint64(modulus) - other))


def _numbers(symbols: Numerals, radix: int) -> Numbers:
    number = np.zeros(symbols.shape[0], dtype=np.uint64)
    for column in symbols.T:
        number *= np.uint64(radix)
        number += column.astype(np.uint64)
    return number


def _write(made: NDArray[np.uint16], number: Numbers, radix: int) -> None:
    for at in reversed(range(made.shape[1])):
        number, made[:, at] = np.divmod(number, np.uint64(radix))


def _one_by_one(symbols: Numerals, radix: int, key: bytes, tweak: bytes, *, decrypting: bool, beside: Numbers | None) -> Numerals:
    ciph, turn = ff1.aes(key), ff1.decrypt if decrypting else ff1.encrypt
    own = [b""] * len(symbols) if beside is None else [int(one).to_bytes(3, "big") for one in beside]
    made = [turn(ciph, radix, tweak + after, row) for row, after in zip(symbols.tolist(), own, strict=True)]
    return np.array(made, dtype=np.uint16).reshape(symbols.shape)
