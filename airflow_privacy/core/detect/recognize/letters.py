"""Sets of characters as bits, the way the ``regex`` module sees them.

ASCII characters are bits 0 to 127. Texts with other characters are *folded* before a gate sees them: each such character becomes
one of five control characters by what classes it belongs to, so that offsets stay and a gate needs to know ASCII only.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import regex

from airflow_privacy.core.detect.buffers import bytes_of, texts_of
from airflow_privacy.core.detect.recognize.shape import blocks

ASCII = (1 << 128) - 1

#: What stands for a character beyond ASCII: a digit, a letter or other word character, a blank, one that ASCII letters match when
#: case is ignored (long s, Kelvin sign, i with and without dot), anything else.
DIGIT, WORD, BLANK, CASED, OTHER = "\x01", "\x02", "\x03", "\x04", "\x05"
FOLDED = sum(1 << ord(mark) for mark in (DIGIT, WORD, BLANK, CASED, OTHER))


class Letters(NamedTuple):
    """``ascii``: exact bits. ``may`` and ``sure``: bits of the folded marks that may stand for a member, that always do."""

    ascii: int
    may: int = 0
    sure: int = 0

    def union(self, other: Letters) -> Letters:
        return Letters(self.ascii | other.ascii, self.may | other.may, self.sure | other.sure)

    def negated(self) -> Letters:
        return Letters(ASCII & ~self.ascii, FOLDED & ~self.sure, FOLDED & ~self.may)


ANY = Letters(ASCII, FOLDED, FOLDED)
NOTHING = Letters(0)


@cache
def category(letter: str) -> Letters:
    r"""``d``, ``w`` or ``s`` for ``\d``, ``\w``, ``\s``."""
    matches = regex.compile(f"\\{letter}").match
    bits = sum(1 << code for code in range(128) if matches(chr(code)))
    marks = {"d": (DIGIT,), "w": (DIGIT, WORD, CASED), "s": (BLANK,)}[letter]
    folded = sum(1 << ord(mark) for mark in marks)
    return Letters(bits, folded, folded)


@cache
def between(low: int, high: int, ignore_case: bool) -> Letters:
    """The characters with code points from *low* to *high*."""
    bits = sum(1 << code for code in range(low, min(high, 127) + 1))
    may = FOLDED if high > 127 else 0
    if ignore_case:
        for code in [*range(65, 91), *range(97, 123)]:
            if bits >> code & 1:
                bits |= 1 << (code ^ 32)
                may |= 1 << ord(CASED)
        if high > 127:
            # A character beyond ASCII may be the other case of an ASCII letter.
            for mark in cased():
                if low <= ord(mark) <= high:
                    like = regex.compile(regex.escape(mark), regex.IGNORECASE)
                    bits |= sum(1 << code for code in range(128) if like.match(chr(code)))
    return Letters(bits, may)


@cache
def cased() -> str:
    """The characters beyond ASCII that an ASCII letter matches when case is ignored."""
    return "".join(regex.findall("(?i)[a-zA-Z]|i|I", _beyond()))


@cache
def _beyond() -> str:
    return "".join(map(chr, [*range(128, 0xD800), *range(0xE000, 0x110000)]))


@cache
def _marks() -> npt.NDArray[np.uint8]:
    """What each code point becomes."""
    table = np.full(0x110000, ord(OTHER), np.uint8)
    table[:128] = np.arange(128)
    for name, mark in (("w", WORD), ("s", BLANK), ("d", DIGIT)):
        table[_codes("".join(regex.findall(f"\\{name}", _beyond())))] = ord(mark)
    table[_codes(cased())] = ord(CASED)
    return table


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def fold(texts: pl.Series) -> pl.Series:
    """*texts* with every character beyond ASCII replaced by its mark: one for one, so that offsets stay."""
    codes, offsets = bytes_of(texts)
    parts = (_codes(bytes(codes[offsets[first] : offsets[last]]).decode()) for first, last in blocks(offsets))
    folded = np.concatenate([np.empty(0, np.uint8), *(_marks()[part] for part in parts)])
    ends = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(texts.str.len_chars().to_numpy(), out=ends[1:])
    return texts_of(folded, ends)


def in_rust(bits: int) -> str:
    """A class of Rust's regular expressions with these ASCII characters."""
    if bits == 0:
        return r"[^\s\S]"
    parts, code = [], 0
    while code < 128:
        if not bits >> code & 1:
            code += 1
            continue
        end = code
        while end < 127 and bits >> (end + 1) & 1:
            end += 1
        parts.append(f"\\x{code:02x}" if end == code else f"\\x{code:02x}-\\x{end:02x}")
        code = end + 1
    if len(parts) == 1 and "-" not in parts[0]:
        only = chr(bits.bit_length() - 1)
        return only if only.isalnum() else parts[0]
    return f"[{''.join(parts)}]"
