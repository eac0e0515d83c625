"""Suppression (ISO/IEC 20889): values, or characters of values, are taken away. Also the null case: keeping a value."""

from __future__ import annotations

import math

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Spec, Tools, same_type, text_type
from airflow_privacy.core.mask.canonical import canonical_text, present
from airflow_privacy.core.mask.dtypes import plain
from airflow_privacy.core.model.techniques import Constant, Keep, Null, PartialMask, Redact

SEPARATOR = r"\s\p{Z}\p{P}+$<=>^`|~"
"""Characters that partial masking leaves: white space, punctuation, and ASCII's symbols (the ``+`` of a telephone number).
Whatever else there is (letters, digits, combining marks, emoji, controls) is masked."""

_ASCII_LETTERS = ((0, 8), (14, 31), (48, 57), (65, 90), (97, 122), (127, 127))
"""The ranges of ASCII that are no separators."""

_MOST_KEPT = 64


def keep(column: str, technique: Keep, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """The value as it is. Protects nothing; a policy's rule answers for it."""
    del technique, tools
    return pl.col(column).cast(plain(dtype))


def null(column: str, technique: Null, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """Nothing is left of the values; the column's name and type stay.

    Protects against everything that the values could tell. Does not hide that the source has such a column, nor its type.
    """
    del column, technique, tools
    return pl.lit(None, dtype=plain(dtype))


def redact(column: str, technique: Redact, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """The same text for every value; missing stays missing (blank text counts as missing).

    Protects against everything that the values could tell. Does not hide *which* rows have a value: that alone can be
    sensitive (a filled ``date_of_death``). Use ``null`` or ``drop`` there.
    """
    del tools
    return present(column, dtype, pl.lit(technique.text))


def constant(column: str, technique: Constant, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """The same value in every row, missing ones too: as text, Int64, Float64 or Boolean, as the value is written.

    Protects against everything that the values could tell, and unlike ``redact`` against which rows have one. Does not hide that
    the source has such a column; and whoever does not know the policy takes the constant for data.

    :raises CheckFailed: an integer beyond 64 bits, or a number that is not finite.
    """
    del dtype, tools
    value = technique.value
    if not math.isfinite(value) if isinstance(value, float) else isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise CheckFailed(
            "technique-parameter",
            f"The constant of column {column!r} is no number that a column of 64 bits can hold",
            where=column,
        )
    return pl.lit(value, dtype=constant_type(technique))


def constant_type(technique: Constant) -> pl.DataType:
    """The type that the value is written in."""
    if isinstance(technique.value, bool):
        return pl.Boolean()
    if isinstance(technique.value, int):
        return pl.Int64()
    return pl.Float64() if isinstance(technique.value, float) else pl.String()


def partial_mask(column: str, technique: PartialMask, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """Characters but the first and last few become ``char``; separators and the length stay; blank text becomes missing.

    A value with no more characters than are kept is masked whole. Protects against reading a value over somebody's shoulder.
    Does not protect against linking or guessing: length, separators and the kept characters narrow a value down, and rare ones
    single a record out. It is a part of an identifier, not a pseudonym.

    :raises CheckFailed: more than 64 characters are to be kept at one end.
    """
    del tools
    first, last = technique.keep_first, technique.keep_last
    if max(first, last) > _MOST_KEPT:
        raise CheckFailed(
            "technique-parameter",
            f"partial_mask keeps {max(first, last)} characters of column {column!r}; at most {_MOST_KEPT} can be kept",
            where=column,
        )
    value = canonical_text(column, dtype)
    if first + last == 0:
        return hidden(value, technique.char)
    # Steps as fields of a struct: the engine computes a field once, but an expression as often as it is written.
    letter, gap, piece = f"[^{SEPARATOR}]", f"[{SEPARATOR}]*", pl.field("value")
    more = piece.str.contains(f"^(?:{gap}{letter}){{{first + last + 1}}}")
    steps = pl.struct(value.alias("value")).struct.with_fields(long=pl.when(more).then(piece))
    start, end = pl.lit(0, dtype=pl.UInt32), piece.str.len_bytes()
    if first:
        start = pl.field("long").str.extract(f"^(?:{gap}{letter}){{{first}}}", 0).str.len_bytes().fill_null(0)
    if last:
        end = pl.field("long").str.find(f"(?:{letter}{gap}){{{last}}}$").fill_null(end)
    steps = steps.struct.with_fields(start=start, end=end, bytes=piece.cast(pl.Binary))
    start, end, whole = pl.field("start"), pl.field("end"), pl.field("bytes")
    steps = steps.struct.with_fields(middle=whole.bin.slice(start, end - start).cast(pl.String))
    pieces = [hidden(pl.field("middle"), technique.char)]
    if first:
        pieces.insert(0, whole.bin.slice(0, start).cast(pl.String))
    if last:
        pieces.append(whole.bin.slice(end).cast(pl.String))
    return steps.struct.with_fields(masked=pl.concat_str(pieces)).struct.field("masked")


def hidden(value: pl.Expr, char: str) -> pl.Expr:
    """Text with every character that is no separator replaced by *char*."""
    letter, instead = f"[^{SEPARATOR}]", char.replace("$", "$$")
    if not char.isascii():
        return value.str.replace_all(letter, instead)
    # A byte at a time, ten times faster than matching; bytes of longer characters are 128 and more and stay as they are.
    byte = pl.element()
    letters = [byte.is_between(low, high) for low, high in _ASCII_LETTERS]
    masked = pl.when(pl.any_horizontal(letters)).then(pl.lit(ord(char), dtype=pl.UInt8)).otherwise(byte)
    fast = value.cast(pl.Binary).cast(pl.List(pl.UInt8)).list.eval(masked).cast(pl.Binary).cast(pl.String)
    is_ascii = value.str.len_bytes() == value.str.len_chars()
    longer = pl.when(~is_ascii).then(value).str.replace_all(letter, instead)
    return pl.coalesce(longer, fast)


def head_of(value: pl.Expr, count: int) -> pl.Expr:
    """Text up to and with its first *count* characters that are no separators; null where it has fewer."""
    return value.str.extract(f"^((?:[{SEPARATOR}]*[^{SEPARATOR}]){{{count}}})")


def tail_of(value: pl.Expr, count: int) -> pl.Expr:
    """Text from its last *count* characters on that are no separators; null where it has fewer."""
    return value.str.extract(f"((?:[^{SEPARATOR}][{SEPARATOR}]*){{{count}}})$")


SPECS: dict[type, Spec] = {
    Keep: Spec(keep, same_type),
    Null: Spec(null, same_type),
    Redact: Spec(redact, text_type),
    Constant: Spec(constant, lambda technique, _: constant_type(technique)),
    PartialMask: Spec(partial_mask, text_type),
}
