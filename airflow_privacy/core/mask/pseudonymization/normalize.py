"""Normalisation before a value is tokenised: which ways of writing a value count as one.

========  =====================================================================================================
trim      no white space (Unicode's White_Space) at both ends
nfkc      Unicode NFKC (UAX #15): full-width and ligature forms, composed and decomposed accents become one
casefold  full case folding (Unicode 3.13, default folding): ``STRASSE`` and ``straße`` are one
digits    decimal digits only, of any script as ASCII's
email     an address without white space at both ends, its domain folded and without one trailing dot; what is before
          the last ``@`` stays as written (RFC 5321, section 2.4), and so does a text without ``@``
phone     E.164 where the text is a telephone number (``region`` reads national ones)
========  =====================================================================================================

Steps go in the order given. A text that is blank after them is missing. What ``phone`` cannot read is kept apart from all numbers
by a leading ``?``: digits and plus signs alone where there is nothing else but white space and ``-()./``, else the trimmed
text; so that two such texts are one only where they differ in punctuation. Unicode's tables are those of the running Python.

What normalisation joins is joined for good: the tokens of ``ANN`` and ``Ann`` cannot be told apart afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import ToE164, Tools
from airflow_privacy.core.mask.batches import mapped, over_distinct
from airflow_privacy.core.model.techniques import AesSiv, HmacToken, Step, Surrogate, name_of

CHARACTER_STEPS: tuple[Step, ...] = ("trim", "nfkc", "casefold")
"""Steps that fit any text; the others read one kind of value."""

# str.strip() alone would take four control characters with it that are no white space.
_WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_FORMATTED = re.compile(rf"[\d{_WHITE}+().,/\-\u2010-\u2015]*")


def normalized(value: pl.Expr, technique: HmacToken | AesSiv | Surrogate, tools: Tools, column: str) -> pl.Expr:
    """The text *value* after the technique's steps; without steps the very same expression.

    :raises CheckFailed: there is nothing to read telephone numbers with.
    """
    if not technique.normalize:
        return value
    require_reader(technique, tools, column)
    return mapped(value, lambda texts: normalize(texts, technique.normalize, technique.region, tools.to_e164), column)


def normalize(texts: pl.Series, steps: Sequence[Step], region: str | None, to_e164: ToE164 | None) -> pl.Series:
    """Every text of *texts* after *steps*; null where a text is null or blank after them."""

    def change(distinct: pl.Series) -> pl.Series:
        for step in steps:
            if step == "phone":
                assert to_e164 is not None  # noqa: S101 - require_reader
                distinct = _phone(distinct, to_e164(distinct, region))
            else:
                distinct = _STEPS[step](distinct)
        return pl.select(pl.when(distinct.str.strip_chars() != "").then(distinct)).to_series()

    return over_distinct(texts, change, always="phone" in steps)


def require_reader(technique: HmacToken | AesSiv | Surrogate, tools: Tools, column: str) -> None:
    """The tools can do the technique's steps.

    :raises CheckFailed: they cannot read telephone numbers.
    """
    if "phone" in technique.normalize and tools.to_e164 is None:
        raise CheckFailed(
            "technique-not-available",
            f"{name_of(technique)} of column {column!r} normalises telephone numbers, and there is nothing to read them with",
            where=column,
        )


def _trim(texts: pl.Series) -> pl.Series:
    return texts.str.strip_chars()


def _nfkc(texts: pl.Series) -> pl.Series:
    return _by_script(texts, lambda ascii_text: ascii_text, lambda text: unicodedata.normalize("NFKC", text))


def _casefold(texts: pl.Series) -> pl.Series:
    return _by_script(texts, lambda ascii_text: ascii_text.str.to_lowercase(), str.casefold)


def _digits(texts: pl.Series) -> pl.Series:
    return _by_script(texts, lambda ascii_text: ascii_text.str.replace_all("[^0-9]", ""), _digits_of)


def _email(texts: pl.Series) -> pl.Series:
    def quick(given: pl.Series) -> pl.Series:
        text = pl.lit(given.str.strip_chars())
        local, domain = text.str.extract(r"(?s)^(.*@)"), text.str.extract(r"(?s)@([^@]*)$")
        return pl.select(
            pl.when(local.is_not_null()).then(local + domain.str.to_lowercase().str.strip_suffix(".")).otherwise(text)
        ).to_series()

    return _by_script(texts, quick, _email_of)


def _phone(texts: pl.Series, numbers: pl.Series) -> pl.Series:
    unread = numbers.is_null()
    if not unread.any():
        return numbers
    kept = pl.Series([_unread_phone(text) for text in texts.filter(unread)], dtype=pl.String)
    return numbers.scatter(unread.arg_true(), kept)


_STEPS: dict[Step, Callable[[pl.Series], pl.Series]] = {
    "trim": _trim,
    "nfkc": _nfkc,
    "casefold": _casefold,
    "digits": _digits,
    "email": _email,
}


def _by_script(texts: pl.Series, quick: Callable[[pl.Series], pl.Series], slow: Callable[[str], str]) -> pl.Series:
    """*quick* over ASCII texts, *slow* over each of the others: Polars has no case folding, and its own Unicode tables."""
    other = texts.str.len_bytes() != texts.str.len_chars()
    if not other.any():
        return quick(texts)
    made = quick(texts).rechunk()
    changed = pl.Series([slow(text) for text in texts.filter(other)], dtype=pl.String)
    return made.clone().scatter(other.arg_true(), changed)


def _digits_of(text: str) -> str:
    return "".join(str(unicodedata.decimal(letter)) for letter in text if letter.isdecimal())


def _email_of(text: str) -> str:
    local, at, domain = text.strip(_WHITE).rpartition("@")
    return local + at + (domain.casefold().removesuffix(".") if at else domain)


def _unread_phone(text: str) -> str:
    if not _FORMATTED.fullmatch(text):
        return "?" + text.strip(_WHITE)
    digits = "".join("+" if letter == "+" else _digits_of(letter) for letter in text)
    return "?" + digits if digits.strip("+") else ""
