"""Check digits over Polars columns: Luhn (ISO/IEC 7812-1, annex B) and ISO 7064 MOD 97-10 (IBAN, ISO 13616-1).

A checksum passes one in ten (Luhn) or one in 97 wrong values: it confirms a shape, it does not prove an entity.
"""

from __future__ import annotations

import string
from functools import cache

import polars as pl

_WIDTH = 19
_LETTERS = list(string.ascii_uppercase)
_NUMBERS = [str(value) for value in range(10, 36)]
_LANDS = [first + second for first in _LETTERS for second in _LETTERS]
_LAND_NUMBERS = [int(first + second) for first in _NUMBERS for second in _NUMBERS]

# Issuer ranges that are in use, with the lengths of their numbers: (first prefix, last prefix, digits of prefix, lengths).
_ISSUERS: tuple[tuple[int, int, int, tuple[int, ...]], ...] = (
    (4, 4, 1, (13, 16, 19)),
    (51, 55, 2, (16,)),
    (2221, 2720, 4, (16,)),
    (34, 34, 2, (15,)),
    (37, 37, 2, (15,)),
    (300, 305, 3, (14, 16)),
    (36, 36, 2, (14,)),
    (38, 39, 2, (14, 16)),
    (6011, 6011, 4, (16, 19)),
    (644, 649, 3, (16, 19)),
    (65, 65, 2, (16, 19)),
    (3528, 3589, 4, (16, 19)),
    (62, 62, 2, (16, 17, 18, 19)),
    (50, 50, 2, (16, 18, 19)),
    (56, 58, 2, (16, 18, 19)),
    (63, 63, 2, (16, 18, 19)),
    (67, 67, 2, (16, 18, 19)),
    (2200, 2204, 4, (16, 17, 18, 19)),
)

# Length of the IBAN by country: the SWIFT registry.
IBAN_LENGTHS: dict[str, int] = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28,
    "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
    "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26,
    "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
    # Not in the registry, used all the same.
    "AO": 25, "BF": 28, "BJ": 28, "CF": 27, "CG": 27, "CI": 28, "CM": 27, "CV": 25, "DZ": 26, "GA": 27, "GQ": 27, "GW": 25,
    "IR": 26, "KM": 27, "MA": 28, "MG": 27, "ML": 28, "MZ": 25, "NE": 28, "SN": 28, "TD": 27, "TG": 28,
}  # fmt: skip


def luhn(digits: pl.Series) -> pl.Series:
    """Whether texts of 1 to 19 digits pass the Luhn check; null stays null."""
    number = digits.cast(pl.UInt64, strict=False)
    total = pl.zeros(len(digits), dtype=pl.UInt32, eager=True)
    for start in range(0, _WIDTH, 4):
        total = total + _luhn_sums().gather((number // 10**start % 10_000).cast(pl.UInt32))
    return total % 10 == 0


@cache
def _luhn_sums() -> pl.Series:
    """What four digits add to the sum of Luhn, by their number."""
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    pairs = [doubled[pair // 10] + pair % 10 for pair in range(100)]
    return pl.Series([pairs[four // 100] + pairs[four % 100] for four in range(10_000)], dtype=pl.UInt32)


def issued(digits: pl.Series) -> pl.Series:
    """Whether texts of digits have a card issuer's prefix and one of its lengths."""
    first = digits.str.slice(0, 4).cast(pl.UInt32, strict=False)
    bits = pl.Series([1 << places for places in range(_WIDTH + 1)], dtype=pl.UInt32)
    length = bits.gather(digits.str.len_bytes().clip(0, _WIDTH))
    return (_issued_lengths().gather(first) & length) > 0


@cache
def _issued_lengths() -> pl.Series:
    """The lengths that cards with four first digits have, as bits."""
    bits = [0] * 10_000
    for first, last, width, lengths in _ISSUERS:
        scale = 10 ** (4 - width)
        for prefix in range(first * scale, (last + 1) * scale):
            bits[prefix] |= sum(1 << length for length in lengths)
    return pl.Series(bits, dtype=pl.UInt32)


def card(digits: pl.Series) -> pl.Series:
    """Whether texts of digits are card numbers by issuer, length and Luhn; one repeated digit is none."""
    known = issued(digits).fill_null(value=False)
    some = digits.filter(known)
    holds = luhn(some) & (some.str.slice(1) != some.str.head(-1))
    return pl.repeat(False, len(digits), dtype=pl.Boolean, eager=True).scatter(known.arg_true().filter(holds), True)


def iban_length(texts: pl.Series) -> pl.Series:
    """The length that an IBAN of the text's country has; null for no such country."""
    return texts.str.slice(0, 2).replace_strict(
        list(IBAN_LENGTHS), list(IBAN_LENGTHS.values()), default=None, return_dtype=pl.Int64
    )


def mod97(texts: pl.Series) -> pl.Series:
    """Whether compact upper-case IBANs have remainder 1 (ISO 7064 MOD 97-10). Lengths and countries are not looked at."""
    # Most account numbers are digits and need no letter spelt out, which takes most of the time.
    digits = texts.str.contains(r"^[A-Z]{2}[0-9]{3,34}$").fill_null(value=False)
    if digits.all():
        return _mod97_of_digits(texts)
    if not digits.any():
        return _mod97_of_any(texts)
    at = digits.arg_true(), (~digits).arg_true()
    parts = _mod97_of_digits(texts.gather(at[0])), _mod97_of_any(texts.gather(at[1]))
    return pl.DataFrame({"at": pl.concat(at), "holds": pl.concat(parts)}).sort("at")["holds"]


def _mod97_of_digits(texts: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"text": texts, "body": texts.str.slice(4).str.zfill(36)})
    high, low = (pl.col("body").str.slice(start, 18).cast(pl.Int64) % 97 for start in (0, 18))
    land = pl.col("text").str.slice(0, 2).replace_strict(_LANDS, _LAND_NUMBERS, return_dtype=pl.Int64)
    check = pl.col("text").str.slice(2, 2).cast(pl.Int64)
    body = high * (10**18 % 97) + low
    return frame.select(((body * 10**6 + land * 100 + check) % 97 == 1).alias("holds"))["holds"]


def _mod97_of_any(texts: pl.Series) -> pl.Series:
    turned = texts.str.slice(4) + texts.str.slice(0, 4)
    number = turned.str.replace_many(_LETTERS, _NUMBERS).str.zfill(72)
    rest = pl.zeros(len(texts), dtype=pl.Int64, eager=True)
    for start in range(0, 72, 9):
        rest = (rest * 10**9 + number.str.slice(start, 9).cast(pl.Int64, strict=False)) % 97
    return rest == 1


def iban(texts: pl.Series) -> pl.Series:
    """Whether compact upper-case texts are IBANs by country, length and check digits."""
    return (texts.str.len_chars() == iban_length(texts)).fill_null(False) & mod97(texts)
