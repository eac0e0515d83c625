"""Check digits over rows of digit values: shape (positions, texts), unsigned bytes, the first position on top.

- Luhn: ISO/IEC 7812-1:2017, annex B.
- Verhoeff: J. Verhoeff, "Error Detecting Decimal Codes", Mathematical Centre Tract 29, Amsterdam 1969 (dihedral group D5).
- ISO/IEC 7064:2003: MOD 11,10 (hybrid) and MOD 97-10 (pure).
- Weighted sums modulo n, as most national numbers have.

A value above 9 (:data:`~airflow_privacy.core.detect.validate.letters.NOTHING`) is no digit: callers check shapes first.
A checksum passes one wrong number in ten (Luhn, Verhoeff), 11 or 97: it confirms a shape, it does not prove an entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from airflow_privacy.core.detect.validate.letters import Bytes, Flags


def weighted(digits: Bytes, weights: Sequence[int]) -> npt.NDArray[np.int32]:
    """The sum of each text's first digits by *weights*."""
    total = np.zeros(digits.shape[1], np.int32)
    for row, weight in zip(digits, weights, strict=False):
        total += row if weight == 1 else np.multiply(row, weight, dtype=np.int32)
    return total


def crossed(digits: Bytes, factors: Iterable[int]) -> npt.NDArray[np.int32]:
    """Like :func:`weighted`, with the digits of each product added instead of the product."""
    total = np.zeros(digits.shape[1], np.int32)
    for row, factor in zip(digits, factors, strict=False):
        product = np.multiply(row, factor, dtype=np.int32)
        total += product // 10 + product % 10
    return total


def luhn_sum(digits: Bytes) -> Bytes:
    """The Luhn sum with the last position as check digit; up to 28 positions, zeros on the left do no harm."""
    total = np.zeros(digits.shape[1], np.uint8)
    for row in digits[::-1][::2]:
        total += row
    for row in digits[::-1][1::2]:
        total += row
        total += row
        total -= (row > 4).view(np.uint8) * np.uint8(9)
    return total


def luhn(digits: Bytes) -> Flags:
    """Whether the last digit is the Luhn check digit of the others."""
    holds: Flags = luhn_sum(digits) % np.uint8(10) == 0
    return holds


def verhoeff(digits: Bytes) -> Flags:
    """Whether the last digit is the Verhoeff check digit of the others."""
    state = np.zeros(digits.shape[1], np.uint8)
    for place, row in enumerate(digits[::-1]):
        state = _VERHOEFF[place % 8][state * np.uint8(10) + row]
    holds: Flags = state == 0
    return holds


def mod11_10(digits: Bytes) -> Bytes:
    """The check digit by ISO 7064 MOD 11,10 that belongs behind *digits*."""
    product = np.full(digits.shape[1], 10, np.uint8)
    for row in digits:
        total = (row + product) % np.uint8(10)
        total[total == 0] = 10
        product = total * np.uint8(2) % np.uint8(11)
    return (np.uint8(11) - product) % np.uint8(10)


def mod97(worth: Bytes) -> npt.NDArray[np.uint32]:
    """The remainder by 97 of texts whose characters count 0 to 35, two decimal digits from 10 on."""
    rest = np.zeros(worth.shape[1], np.uint32)
    for first in range(0, len(worth), 3):  # three letters make it no more than 97 million
        for row in worth[first : first + 3]:
            rest *= np.where(row > 9, np.uint32(100), np.uint32(10))
            rest += row
        rest -= rest // np.uint32(97) * np.uint32(97)
    return rest


def two(rows: npt.NDArray[Any], first: int) -> npt.NDArray[np.int32]:
    """The number that the digits at *first* and after it make."""
    number: npt.NDArray[np.int32] = rows[first].astype(np.int32) * 10 + rows[first + 1]
    return number


def _dihedral(left: int, right: int) -> int:
    """The product of two elements of the dihedral group D5: 0 to 4 turn, 5 to 9 turn over."""
    if left < 5:
        return (left + right) % 5 if right < 5 else (left + right) % 5 + 5
    return (left - right) % 5 + 5 if right < 5 else (left - right) % 5


def _verhoeff_tables() -> list[Bytes]:
    """For each place modulo 8, what state * 10 + digit turns into."""
    step = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    turned = list(range(10))
    tables = []
    for _ in range(8):
        table = np.zeros(256, np.uint8)
        table[:100] = [_dihedral(state, turned[digit]) for state in range(10) for digit in range(10)]
        tables.append(table)
        turned = [step[digit] for digit in turned]
    return tables


_VERHOEFF = _verhoeff_tables()
