"""What a token stands for, once more and one value at a time: normalised texts and composite keys."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, other
from airflow_privacy.core.mask.rules.judged import judged
from airflow_privacy.core.model.techniques import AesSiv, HmacToken, Step, Surrogate

_SPACES = {9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
_PUNCTUATION = set("+().,/-\u2010\u2011\u2012\u2013\u2014\u2015")
Texts = Sequence[str | None]


def stands_for(rows: pl.DataFrame, technique: HmacToken | AesSiv | Surrogate, tools: Tools) -> list[str | None]:
    """The text that each row's token must be of, from the columns ``source`` and ``source.<name>`` for each column beside."""
    own = _texts(rows, SOURCE, technique.normalize, technique.region, tools)
    beside = technique.beside if isinstance(technique, HmacToken) else ()
    if not beside:
        return own
    parts = [own]
    for name in beside:
        steps = tuple(step for step in technique.normalize if step in ("trim", "nfkc", "casefold"))
        is_text = family(rows.schema[other(name)]) == "string"
        parts.append(_texts(rows, other(name), steps if is_text else (), None, tools))
    return [_together(row) for row in zip(*parts, strict=True)]


def one_for_one(technique: HmacToken | AesSiv | Surrogate, tools: Tools) -> pl.Expr:
    """True where a row's token is missing as its text is, and no other text has that token, nor the text another token."""
    beside = technique.beside if isinstance(technique, HmacToken) else ()

    def judge(frame: pl.DataFrame) -> pl.Series:
        pairs = pl.DataFrame(
            {
                "text": pl.Series(stands_for(frame.drop(MASKED), technique, tools), dtype=pl.String),
                "token": frame[MASKED],
            }
        )
        return pairs.select(
            pl.when(pl.col("text").is_null() | pl.col("token").is_null())
            .then(pl.col("text").is_null() & pl.col("token").is_null())
            .otherwise((pl.col("token").n_unique().over("text") == 1) & (pl.col("text").n_unique().over("token") == 1))
        ).to_series()

    return judged({name: pl.col(name) for name in (SOURCE, *map(other, beside), MASKED)}, judge)


def _texts(rows: pl.DataFrame, column: str, steps: Sequence[Step], region: str | None, tools: Tools) -> list[str | None]:
    dtype = rows.schema[column]
    if family(dtype) == "null":
        return [None] * rows.height
    given = rows.select(canonical_text(column, dtype)).to_series()
    distinct = given.drop_nulls().unique()
    texts: Texts = distinct.to_list()
    for step in steps:
        texts = _phone(texts, region, tools) if step == "phone" else [_ONE[step](text or "") for text in texts]
    made = dict(zip(distinct.to_list(), texts, strict=True))
    return [(made[text] if (made[text] or "").strip(_white()) else None) if text is not None else None for text in given]


def _phone(texts: Texts, region: str | None, tools: Tools) -> list[str | None]:
    if tools.to_e164 is None:
        return [None] * len(texts)
    numbers = tools.to_e164(pl.Series(texts, dtype=pl.String), region).to_list()
    return [_unread(text or "") if number is None else number for text, number in zip(texts, numbers, strict=True)]


def _unread(text: str) -> str:
    if all(ord(one) in _SPACES or one in _PUNCTUATION or one.isdecimal() for one in text):
        digits = "".join(one if one == "+" else _digits(one) for one in text)
        return f"?{digits}" if any(one.isdecimal() for one in text) else ""
    return f"?{text.strip(_white())}"


def _digits(text: str) -> str:
    return "".join(str(int(one)) for one in text if one.isdecimal())


def _email(text: str) -> str:
    text = text.strip(_white())
    if "@" not in text:
        return text
    local, domain = text[: text.rindex("@")], text[text.rindex("@") + 1 :].casefold()
    return f"{local}@{domain[:-1] if domain.endswith('.') else domain}"


def _together(parts: Texts) -> str | None:
    if all(part is None for part in parts):
        return None
    return "".join("-," if part is None else f"{len(part.encode())}:{part}," for part in parts)


def _white() -> str:
    return "".join(map(chr, sorted(_SPACES)))


_ONE: dict[Step, Callable[[str], str]] = {
    "trim": lambda text: text.strip(_white()),
    "nfkc": lambda text: unicodedata.normalize("NFKC", text),
    "casefold": str.casefold,
    "digits": _digits,
    "email": _email,
}
