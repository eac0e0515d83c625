"""What reversible tokens must look like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.pseudonymization import ff1
from airflow_privacy.core.mask.pseudonymization.aes_siv import ASSOCIATED, siv_key
from airflow_privacy.core.mask.pseudonymization.alphabets import letters_of
from airflow_privacy.core.mask.pseudonymization.card import card_tweak, kept_digits, shortest_number
from airflow_privacy.core.mask.pseudonymization.ciphers import ff1_tweak
from airflow_privacy.core.mask.pseudonymization.keys import cipher_key
from airflow_privacy.core.mask.rules import siv
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, ColumnRule, Rule
from airflow_privacy.core.mask.rules.chance import unchanged
from airflow_privacy.core.mask.rules.normalized import one_for_one, stands_for
from airflow_privacy.core.mask.rules.token_forms import letter_class
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import AesSiv, Card, Ff1, Technique, name_of

_masked = pl.col(MASKED)
_DIGITS = "0123456789"


def _aes_siv(technique: AesSiv, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    key = tools.keys.get(name_of(technique))
    value = canonical_text(SOURCE, dtype)

    def again(rows: pl.DataFrame) -> list[object]:
        secret = siv_key(key or "", decision.column)
        texts = stands_for(rows, technique, tools)
        return [None if text is None else siv.token(secret, ASSOCIATED, text) for text in texts]

    # Sixteen octets and the text's own, four characters for three octets.
    length = (4 * (16 + value.str.len_bytes()) + 2) // 3
    plainly = not technique.normalize
    form = _masked.is_not_null() & (_masked.str.len_bytes() == length)
    return ColumnRule(
        _masked.is_null() | _masked.str.contains(r"^[A-Za-z0-9_-]{23,}$"),
        (_masked != value).fill_null(True) & (form if plainly else one_for_one(technique, tools)),
        one_to_one=plainly,
        again=None if key is None else again,
    )


def _ff1(technique: Ff1, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    key, letters = _key(technique, decision, tools), letters_of(technique.alphabet, decision.column)
    radix, shortest = len(letters), ff1.shortest(len(letters))
    value = canonical_text(SOURCE, dtype)
    one = letter_class(letters)
    number = {letter: at for at, letter in enumerate(letters)}

    def encrypted(texts: list[str]) -> list[str]:
        ciph, tweak = ff1.aes(key or b""), ff1_tweak(letters)
        return [_in_place(text, number, lambda numerals: ff1.encrypt(ciph, radix, tweak, numerals)) for text in texts]

    def again(rows: pl.DataFrame) -> list[object]:
        texts = rows.select(canonical_text(SOURCE, dtype)).to_series().to_list()
        long = [text for text in texts if sum(letter in number for letter in text) >= shortest]
        made = dict(zip(long, encrypted(long), strict=True))
        return [made.get(text) for text in texts]

    def chance(values: pl.Series) -> pl.Series:
        counts = values.str.count_matches(one).cast(pl.Float64)
        return pl.select(pl.when(counts >= shortest).then(pl.lit(float(radix)).pow(-counts)).otherwise(0.0)).to_series()

    enough = value.str.count_matches(one) >= shortest
    right = _same_but(one, value, _masked) & unchanged(value, _masked, chance, encrypted if key is not None else None)
    return ColumnRule(
        _masked.str.count_matches(one) >= shortest,
        pl.when(enough).then(right).otherwise(_masked.is_null() & pl.lit(technique.short == "null")),
        one_to_one=True,
        again=None if key is None else again,
    )


def _card(technique: Card, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    key, kept, shortest = _key(technique, decision, tools), kept_digits(technique), shortest_number(technique)
    value = canonical_text(SOURCE, dtype)
    number = {digit: at for at, digit in enumerate(_DIGITS)}

    def encrypted(texts: list[str]) -> list[str]:
        ciph = ff1.aes(key or b"")

        def change(digits: list[int]) -> list[int]:
            own = int("".join(map(str, digits[:kept]))).to_bytes(3, "big") if kept else b""
            body = ff1.encrypt(ciph, 10, card_tweak(technique) + own, digits[kept:-1])
            made = [*digits[:kept], *body]
            return [*made, next(last for last in range(10) if _luhn([*made, last]) == _luhn(digits))]

        return [_in_place(text, number, change) for text in texts]

    def again(rows: pl.DataFrame) -> list[object]:
        return list(encrypted(rows.select(canonical_text(SOURCE, dtype)).to_series().to_list()))

    def chance(values: pl.Series) -> pl.Series:
        digits = values.str.count_matches("[0-9]").cast(pl.Float64)
        return pl.select(pl.lit(10.0).pow(kept + 1 - digits)).to_series()

    issuer = _digits(value).str.slice(0, kept) == _digits(_masked).str.slice(0, kept)
    sums = _luhn_sums(value) == _luhn_sums(_masked)
    stayed = unchanged(value, _masked, chance, encrypted if key is not None else None)
    return ColumnRule(
        _masked.str.count_matches("[0-9]") >= shortest,
        _same_but("[0-9]", value, _masked) & issuer & sums & stayed,
        one_to_one=True,
        again=None if key is None else again,
    )


def _key(technique: Technique, decision: Decision, tools: Tools) -> bytes | None:
    key = tools.keys.get(name_of(technique))
    return None if key is None else cipher_key(key, decision.column)


def _same_but(one: str, value: pl.Expr, masked: pl.Expr) -> pl.Expr:
    return value.str.replace_all(one, "\0") == masked.str.replace_all(one, "\0")


def _in_place(text: str, number: dict[str, int], change: Callable[[list[int]], list[int]]) -> str:
    letters = list(number)
    made = iter(change([number[letter] for letter in text if letter in number]))
    return "".join(letters[next(made)] if letter in number else letter for letter in text)


def _digits(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all("[^0-9]", "")


def _luhn(digits: list[int]) -> int:
    return sum(sum(divmod(digit * (1 + at % 2), 10)) for at, digit in enumerate(reversed(digits))) % 10


def _luhn_sums(text: pl.Expr) -> pl.Expr:
    def sums(texts: pl.Series) -> pl.Series:
        digits = np.frombuffer("".join(texts.fill_null("")).encode(), dtype=np.uint8).astype(np.int64) - 48
        lengths = texts.fill_null("").str.len_bytes().to_numpy().astype(np.int64)
        ends = np.cumsum(lengths)
        doubled = digits * (1 + (np.repeat(ends, lengths) - np.arange(len(digits)) - 1) % 2)
        before = np.concatenate(([0], np.cumsum(doubled // 10 + doubled % 10)))
        return pl.Series((before[ends] - before[ends - lengths]) % 10)

    return _digits(text).map_batches(sums, return_dtype=pl.Int64())


RULES: dict[type, Rule] = {AesSiv: _aes_siv, Card: _card, Ff1: _ff1}
