"""Check digits over Polars columns: Luhn (ISO/IEC 7812-1, annex B) and ISO 7064 MOD 97-10 (IBAN, ISO 13616-1).

A checksum passes one in ten (Luhn) or one in 97 wrong values: it confirms a shape, it does not prove an entity.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from airflow_privacy.core.detect.validate import sums
from airflow_privacy.core.detect.validate.letters import answer, in_blocks, letters
from airflow_privacy.core.detect.validate.payment import body_and_head

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
    """Whether texts of 1 to 28 digits pass the Luhn check; null stays null, and any other text becomes null."""
    return _told(_luhn, digits, "^[0-9]{1,28}$")


@in_blocks
def _luhn(digits: pl.Series) -> pl.Series:
    written = letters(digits)
    rows = written.rows(int(written.lengths.max(initial=0)), right=True)
    return answer(sums.luhn(rows & np.uint8(15)))


def _told(check: Callable[[pl.Series], pl.Series], texts: pl.Series, shape: str) -> pl.Series:
    """What *check* says of texts of a shape; null for all others."""
    fits = texts.str.contains(shape).fill_null(False)
    if fits.all():
        return check(texts)
    told = pl.Series([None], dtype=pl.Boolean).new_from_index(0, len(texts))
    return told.scatter(fits.arg_true(), check(texts.filter(fits)))


def issued(digits: pl.Series) -> pl.Series:
    """Whether texts of digits have a card issuer's prefix and one of its lengths."""
    frame = pl.DataFrame({"length": digits.str.len_bytes(), "first": digits.str.slice(0, 4).cast(pl.Int64, strict=False)})
    fits = pl.lit(False)
    for first, last, width, lengths in _ISSUERS:
        prefix = pl.col("first") // 10 ** (4 - width)
        fits = fits | (prefix.is_between(first, last) & pl.col("length").is_in(lengths))
    return frame.select(fits.alias("issued")).to_series()


def card(digits: pl.Series) -> pl.Series:
    """Whether texts of digits are card numbers by issuer, length and Luhn; one repeated digit is none."""
    varied = digits.str.slice(1) != digits.str.head(-1)
    return issued(digits) & luhn(digits) & varied


def iban_length(texts: pl.Series) -> pl.Series:
    """The length that an IBAN of the text's country has; null for no such country."""
    return texts.str.slice(0, 2).replace_strict(
        list(IBAN_LENGTHS), list(IBAN_LENGTHS.values()), default=None, return_dtype=pl.Int64
    )


def mod97(texts: pl.Series) -> pl.Series:
    """Whether compact upper-case IBANs have remainder 1 (ISO 7064 MOD 97-10). Lengths and countries are not looked at."""
    return _told(_mod97, texts, "^[A-Z0-9]{5,}$")


@in_blocks
def _mod97(texts: pl.Series) -> pl.Series:
    return answer(sums.mod97(np.vstack(body_and_head(letters(texts)))) == 1)


def iban(texts: pl.Series) -> pl.Series:
    """Whether compact upper-case texts are IBANs by country, length and check digits."""
    return (texts.str.len_chars() == iban_length(texts)).fill_null(False) & mod97(texts)
