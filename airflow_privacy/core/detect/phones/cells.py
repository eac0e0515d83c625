"""Which whole cells of a column are telephone numbers."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from airflow_privacy.core.detect.phones import others
from airflow_privacy.core.detect.phones.numbering import valid_international
from airflow_privacy.core.detect.phones.plans import DEFAULT_REGIONS
from airflow_privacy.core.detect.phones.reading import read
from airflow_privacy.core.detect.phones.runs import RUN, folded

_LABEL = r"^(?i:(?:tele?(?:ph|f)on\p{L}*|phone|tel|mobile?|mob|cell|fax|ph)[.:]{0,2} ?)"
_CELL = f"^(?:{RUN})$"
_PREFIXED = r"^\(? ?(?:\+|0)"
_FEWEST, _FEWEST_TOLD, _BARE = 7, 6, (10, 12)


def are_phones(values: pl.Series, *, regions: Sequence[str] = DEFAULT_REGIONS, told: bool = False) -> pl.Series:
    """Which cells are telephone numbers, as a whole, by a numbering plan. ``Boolean``; null stays null.

    A number must stand as it is dialled from abroad (+, 00) or in one of *regions*, seven digits at least; digits without any
    separator, plus or leading zero must be 10 to 12. IP addresses, dates, cards and the like are none. Any plan takes a share of
    random digits for numbers: a column is one of telephones when most of its cells are.

    :param values: strings, one number a cell; blanks around it are left out.
    :param regions: where national numbers are read (ISO 3166-1 alpha-2).
    :param told: something else says that these are telephone numbers, the column's name for one: the prefix may be missing
        (``1718423977``, ``49171…``), as it is where numbers were stored as integers.
    """
    distinct = values.drop_nulls().unique()
    cells = folded(distinct).str.strip_chars().str.replace(_LABEL, "")
    frame = pl.DataFrame({"value": distinct, "run": cells}).filter(pl.col("run").str.contains(_CELL))
    if frame.height:
        nothing = pl.lit("")
        frame = frame.filter(~others.never(pl.col("run"), nothing, nothing))
        frame = frame.filter(~others.is_card(frame["run"]) & (told | ~others.unlikely(pl.col("run"), nothing)))
    good = frame["value"].filter(_good(frame["run"], regions, told)) if frame.height else frame["value"]
    return values.is_in(good.implode())


def _good(run: pl.Series, regions: Sequence[str], told: bool) -> pl.Series:
    known = read(run, regions, unfinished=told).with_columns(run)
    length = pl.col("digits").str.len_bytes()
    if told:
        known = known.with_columns(valid_international(known["digits"]).alias("world"))
        return known.select((pl.col("valid") | (pl.col("world") & (length >= 11))) & (length >= _FEWEST_TOLD)).to_series()
    solid = ~pl.col("run").str.contains("[^0-9]") & ~pl.col("run").str.contains(_PREFIXED)
    return known.select(pl.col("complete") & (length >= _FEWEST) & (~solid | length.is_between(*_BARE))).to_series()
