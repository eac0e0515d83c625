"""Tokens that may look like the values they stand for: by which form, and out of how many."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from airflow_privacy.core.mask.pseudonymization.alphabets import TOKEN, letters_of
from airflow_privacy.core.mask.pseudonymization.card import kept_digits, shortest_number
from airflow_privacy.core.mask.pseudonymization.ff1 import shortest
from airflow_privacy.core.mask.rules.chance import is_chance
from airflow_privacy.core.model.techniques import AesSiv, Card, Ff1, HmacToken, Technique

_BASE64 = "[A-Za-z0-9_-]"


class TokenForm(NamedTuple):
    """``letter``: the pattern of one character that can be any of ``radix``; ``least``: a token has so many of them; ``fixed``:
    so many of these tell nothing by chance; ``whole``: a token has no other characters, and ``most`` of these at the most."""

    letter: str
    radix: int
    least: int
    fixed: int = 0
    whole: bool = False
    most: int | None = None

    def pattern(self) -> str:
        """The pattern of a token; for a form with other characters between, of a text that has enough of them."""
        if not self.whole:
            return f"(?s)^(?:.*?{self.letter}){{{self.least}}}"
        return f"^{self.letter}{{{self.least},{'' if self.most is None else self.most}}}$"


def form_of(technique: Technique, column: str) -> TokenForm | None:
    """The form of a technique's tokens; ``None`` where it has none that a value could be told from."""
    if isinstance(technique, HmacToken):
        letters = TOKEN[technique.alphabet]
        return TokenForm(f"[{letters}]", len(letters), technique.length, whole=True, most=technique.length)
    if isinstance(technique, AesSiv):
        return TokenForm(_BASE64, 64, 23, whole=True)
    if isinstance(technique, Ff1):
        letters = letters_of(technique.alphabet, column)
        return TokenForm(letter_class(letters), len(letters), shortest(len(letters)))
    if isinstance(technique, Card):
        return TokenForm("[0-9]", 10, shortest_number(technique), fixed=kept_digits(technique) + 1)
    return None


def letter_class(letters: str) -> str:
    """A pattern for one character of an alphabet."""
    runs: list[list[int]] = []
    for point in sorted(map(ord, letters)):
        if runs and point == runs[-1][1] + 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    return "[" + "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in runs) + "]"


def without_tokens(technique: Technique, column: str) -> pl.Expr:
    """A masked column without the characters that were encrypted in their place: what is left was never masked."""
    if isinstance(technique, Ff1 | Card):
        form = form_of(technique, column)
        assert form is not None  # noqa: S101 - narrows the type
        return pl.col(column).str.replace_all(form.letter, "#")
    return pl.col(column)


class Seen:
    """Distinct values that have a token's form, as hashes, frame by frame."""

    def __init__(self, form: TokenForm) -> None:
        self._form = form
        self._seen = pl.DataFrame(schema={"hash": pl.UInt64, "letters": pl.UInt32})

    def add(self, texts: pl.Series) -> None:
        """Take in the texts of a frame; those of another form, and missing ones, are passed over."""
        alike = texts.filter(texts.str.contains(self._form.pattern()).fill_null(False)).unique()
        if alike.len():
            new = pl.DataFrame({"hash": alike.hash(), "letters": alike.str.count_matches(self._form.letter)})
            self._seen = pl.concat([self._seen, new]).unique()

    def __len__(self) -> int:
        return self._seen.height

    def holds_more_than_chance(self, others: Seen) -> bool:
        """Whether more values are in both than independent tokens would share with values of their form."""
        both = self._seen.join(others._seen, on="hash", how="semi").height
        counts = [one._seen.group_by("letters").len() for one in (self, others)]
        pairs = counts[0].join(counts[1], on="letters")
        likely = pl.lit(float(self._form.radix)).pow(self._form.fixed - pl.col("letters").cast(pl.Float64))
        mean = pairs.select((pl.col("len").cast(pl.Float64) * pl.col("len_right") * likely).sum()).item()
        return both > 0 and not is_chance(both, float(mean))
