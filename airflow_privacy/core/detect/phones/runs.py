"""Where runs of digits stand in texts that can be telephone numbers, and what is written around them.

Rust's engine gives no places of matches: matches are set between marks, the text is cut there, and lengths are added up.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import polars as pl

_MARK = "\x1f"
_SEPARATORS = r"[ ().\-/]"
EXTENSION = (
    r"(?i:[ ,;]{0,3}(?:extension|extn?\.?|x|#|durchwahl|dw\.?|poste|ramal|int(?:erno)?\.|toestel|wew\.|\x{434}\x{43e}\x{431}\.?)"
    r"[ .:]{0,2}[0-9]{1,7})"
)
#: At least six digits with up to four separators between two of them; a plus sign at the very front only.
RUN = rf"(?:(?:\( ?)?\+ ?)?(?:\( ?)?[0-9](?:{_SEPARATORS}{{0,4}}[0-9]){{5,}}{EXTENSION}?"
_GATE = r"[0-9](?:[^0-9\p{L}]{0,4}[0-9]){5}"
_AROUND = 45  # code points of text before a run in which words are looked for


def folded(texts: pl.Series) -> pl.Series:
    """ASCII digits, blanks, dashes and brackets instead of their many relatives in Unicode, code point by code point."""
    wide = texts.str.len_bytes() != texts.str.len_chars()
    plain = texts.str.replace_all(_MARK, " ", literal=True)
    if not wide.any():
        return plain
    return plain.str.replace_many(*_relatives()).zip_with(wide, plain)


def find_runs(texts: pl.Series) -> pl.DataFrame:
    """Runs of six digits and more in *texts* (folded, no nulls).

    Columns: ``at``, ``run``, ``start`` (code points), ``before`` and ``behind``: up to 45 code points around it.
    """
    holders = texts.to_frame("text").with_row_index("at").filter(pl.col("text").str.contains(_GATE))
    cut = pieces(holders, "text", RUN)
    inside = pl.col("at") == pl.col("at").shift(3)
    earlier = pl.when(inside).then(pl.col("piece").shift(3) + pl.col("piece").shift(2)).otherwise(pl.lit(""))
    found = cut.with_columns(
        (earlier.fill_null("").str.tail(_AROUND) + pl.col("piece").shift(1).fill_null("").str.tail(_AROUND))
        .str.tail(_AROUND)
        .alias("before"),
        pl.col("piece").shift(-1).fill_null("").str.head(_AROUND).alias("behind"),
    )
    return found.filter(pl.col("matched")).select("at", pl.col("piece").alias("run"), "start", "before", "behind")


def pieces(frame: pl.DataFrame, column: str, pattern: str) -> pl.DataFrame:
    """Every text of *column* cut into what *pattern* matches and what stands between, each row of *frame* many times over.

    Adds ``piece``, ``matched`` and ``start`` (code points); the pieces of one text alternate and begin with an unmatched one.
    """
    marked = pl.col(column).str.replace_all(pattern, _MARK + "${0}" + _MARK).str.split(_MARK)
    cut = frame.with_columns(marked.alias("piece"))
    cut = cut.with_columns(pl.int_ranges(0, pl.col("piece").list.len()).alias("place")).explode("piece", "place")
    cut = cut.with_columns(pl.col("piece").str.len_chars().cast(pl.Int64).alias("chars"))
    cut = cut.with_columns((pl.col("chars").cum_sum() - pl.col("chars")).alias("start"))
    first = pl.when(pl.col("place") == 0).then(pl.col("start")).forward_fill()
    cut = cut.with_columns((pl.col("start") - first).alias("start"), (pl.col("place") % 2 == 1).alias("matched"))
    return cut.drop("place", "chars")


@cache
def _relatives() -> tuple[list[str], list[str]]:
    """Characters beyond ASCII that people write numbers with, and their ASCII forms: Unicode's own properties."""
    pairs = {}
    for code in range(0x80, 0x1FBFA):
        char = chr(code)
        kind = unicodedata.category(char)
        if kind == "Nd":
            pairs[char] = str(unicodedata.digit(char))
        elif kind == "Pd" or char in "\u2212\u00ad":
            pairs[char] = "-"
        elif kind == "Zs" or char in "\u200b\u2060\ufeff\u200e\u200f\u202a\u202c":
            pairs[char] = " "
    pairs |= {"\uff0b": "+", "\ufe62": "+", "\uff08": "(", "\uff09": ")", "\uff0e": ".", "\uff0f": "/", "\u2044": "/"}
    pairs |= {"\u2024": ".", "\u00b7": ".", "\u2022": ".", "\u2215": "/"}
    return list(pairs), list(pairs.values())
