"""Indian numbers: Aadhaar, GSTIN, vehicle registration."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from airflow_privacy.core.detect.validate import from_presidio
from airflow_privacy.core.detect.validate.letters import DIGIT_VALUES, DIGITS, LETTER_VALUES, Flags, answer, letters
from airflow_privacy.core.detect.validate.sums import two, verhoeff

_STATES = 37


def aadhaar(texts: pl.Series) -> pl.Series:
    """InAadhaarRecognizer: first digit 2 to 9, no palindrome, Verhoeff over twelve digits (UIDAI)."""
    digits = DIGIT_VALUES[letters(texts).only(DIGITS).rows(12)]
    palindrome = (digits[:6] == digits[:5:-1]).all(axis=0)
    return answer((digits[0] >= 2) & ~palindrome & verhoeff(digits))


def goods_and_services_tax(texts: pl.Series) -> pl.Series:
    """InGstinRecognizer: state 01 to 37, then a PAN with at least three letters in its first five, Z in place 14.

    Its check character (modulo 36) is not looked at, as Presidio does not.
    """
    rows = letters(texts).upper().rows(15)
    digits, letter = DIGIT_VALUES[rows], LETTER_VALUES[rows] < 26
    state = two(digits, 0)
    stated = (digits[:2] < 10).all(axis=0) & (state >= 1) & (state <= _STATES)
    pan = (letter[2:7].sum(axis=0) >= 3) & (digits[7:11] < 10).all(axis=0) & letter[11]
    return answer(stated & pan & (rows[13] == ord("Z")))


def vehicle(texts: pl.Series) -> pl.Series:
    """InVehicleRegistrationRecognizer: true for a known district of a state, from eight characters on; null for all others.

    Numbers of missions stay null: Presidio looks for them only in texts that begin with a state, where none can be.
    """
    text = pl.col("text")
    head = text.str.slice(0, 4).str.to_uppercase()
    place = pl.when(head.str.contains("[0-9]{2}$")).then(head).otherwise(head.str.slice(0, 3))
    registered = place.is_in(_districts().implode()) & text.str.contains("[0-9]{4}$") & ~text.str.ends_with("0000")
    known = (text.str.len_bytes() >= 8) & registered
    held: Flags = texts.to_frame("text").select(known.alias("known"))["known"].to_numpy().astype(np.bool_)
    return answer(held, ~held)


@cache
def _districts() -> pl.Series:
    """States with each spelling of their districts that Presidio takes."""
    recognizer = from_presidio.recognizer("InVehicleRegistrationRecognizer")
    codes = [str(code) for code in range(10)] + [f"{code:02}" for code in range(100)]
    known = recognizer.state_rto_district_map
    prefixes = recognizer.two_factor_registration_prefix
    return pl.Series(
        [
            f"{state}{code}"
            for state in sorted(prefixes & set(known))
            for code in codes
            if code in known[state] or str(int(code)) in known[state]
        ]
    )
