"""Alphabets by name: those that FF1 encrypts over, and those that tokens are written in."""

from __future__ import annotations

from airflow_privacy.core.errors import CheckFailed

_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

FF1 = {
    "digits": _DIGITS,
    "lower": _LOWER,
    "upper": _UPPER,
    "letters": _UPPER + _LOWER,
    "alphanumeric": _DIGITS + _UPPER + _LOWER,
    "hex": _DIGITS + "abcdef",
}
TOKEN = {
    "hex": _DIGITS + "abcdef",
    "base32": _UPPER + "234567",  # RFC 4648, section 6
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",  # without 0, O, I and l
    "alphanumeric": _DIGITS + _UPPER + _LOWER,
    "digits": _DIGITS,
}
LARGEST = 1 << 16
"""The largest radix of SP 800-38G."""


def letters_of(alphabet: str, column: str) -> str:
    """The characters that ``ff1`` encrypts over, in order: those of a name (a name always means the name), or those given.

    :raises CheckFailed: fewer than 2 or more than 65,536 characters, one of them twice, or one that no text can hold.
    """
    letters = FF1.get(alphabet, alphabet)
    if not 2 <= len(letters) <= LARGEST:
        problem = f"has {len(letters)} characters; it needs 2 to {LARGEST}"
    elif len(set(letters)) < len(letters):
        problem = "has a character twice"
    elif any(0xD800 <= ord(letter) <= 0xDFFF for letter in letters):
        problem = "has half of a surrogate pair, which is no character"
    else:
        return letters
    raise CheckFailed(
        "technique-parameter",
        f"The alphabet that ff1 has for column {column!r} {problem}",
        where=column,
        do=f"Give one of {', '.join(FF1)}, or the characters themselves, each once.",
    )
