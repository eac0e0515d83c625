"""Cards, IBANs and bank routing numbers."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from airflow_privacy.core.detect.validate import from_presidio
from airflow_privacy.core.detect.validate.letters import (
    DIGIT_VALUES,
    DIGITS,
    LETTER_OR_DIGIT_VALUES,
    Bytes,
    Flags,
    Letters,
    answer,
    dropped,
    letters,
)
from airflow_privacy.core.detect.validate.sums import luhn, mod97, two, weighted

_ROUTING_WEIGHTS = (3, 7, 1) * 3
_SEPARATORS = dropped("- ")


def card(texts: pl.Series) -> pl.Series:
    """CreditCardRecognizer: Luhn (ISO/IEC 7812-1, annex B) over all digits, at most 28."""
    digits = letters(texts).only(DIGITS)
    rows = digits.rows(int(digits.lengths.max(initial=0)), right=True)
    return answer(luhn(rows & np.uint8(15)))


def iban(texts: pl.Series) -> pl.Series:
    """IbanRecognizer: check digits by ISO 7064 MOD 97-10 (ISO 13616-1), then the beginning of Presidio's format of the country.

    True or False for upper-case texts. A text with lower case is null where only its upper-case form would do.
    """
    compact = letters(texts).only(_SEPARATORS)
    good = _iban_digits_hold(compact.upper())
    if not good.any():
        return answer(good)
    place = np.flatnonzero(good)
    written = compact.series() if len(place) == len(texts) else compact.series().gather(place)
    formatted = _has_iban_format(written).to_numpy()
    true, unknown = good.copy(), np.zeros(len(texts), np.bool_)
    true[place] = formatted
    other = np.flatnonzero(~formatted)
    if len(other):
        unknown[place[other]] = _has_iban_format(written.gather(other).str.to_uppercase()).to_numpy()
    return answer(true, unknown)


def _iban_digits_hold(compact: Letters) -> Flags:
    body, head = body_and_head(compact)
    rest = mod97(np.vstack([body, head[:2], np.zeros((2, len(compact)), np.uint8)]))
    holds: Flags = (98 - rest == two(head, 2)) & (head[2:] < 10).all(axis=0)
    return holds


def body_and_head(compact: Letters) -> tuple[Bytes, Bytes]:
    """What characters of upper-case IBANs count: from the fifth on, flush right behind zeros; and the first four."""
    lengths = compact.lengths
    whole = compact.rows(max(int(lengths.max(initial=4)), 4), right=True)
    body = LETTER_OR_DIGIT_VALUES[whole[4:]]
    if (lengths != len(whole)).any():  # the head of a shorter text stands among these rows
        for row in range(len(body)):
            body[row] *= lengths - 4 >= len(body) - row
    return body, LETTER_OR_DIGIT_VALUES[compact.rows(4)]


def _has_iban_format(compact: pl.Series) -> pl.Series:
    """Whether each text begins as an IBAN of its country does by Presidio's table; no country, no format."""
    return compact.str.contains(_iban_formats())


@cache
def _iban_formats() -> str:
    """All countries' formats as one: each begins with its country's two letters, so that no other can match instead."""
    return f"^(?:{'|'.join(from_presidio.iban_formats().values())})"


def routing(texts: pl.Series) -> pl.Series:
    """AbaRoutingRecognizer: nine digits by weights 3, 7, 1 modulo 10 (ABA routing number policy)."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(9)]
    return answer(weighted(digits, _ROUTING_WEIGHTS) % 10 == 0)
