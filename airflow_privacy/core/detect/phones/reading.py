"""What runs of digits say when they are read as telephone numbers: abroad, or at home in one of several regions."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from airflow_privacy.core.detect.phones.numbering import keyed, valid_international, valid_national
from airflow_privacy.core.detect.phones.plans import DEFAULT_REGIONS, region_of
from airflow_privacy.core.detect.phones.runs import EXTENSION
from airflow_privacy.core.detect.phones.shortcuts import shortcut

_TRUNK = r"^(\(?[ ]?(?:\+|00)[ ()]*[1-9][0-9]{0,2}[ ()./-]*)\( ?0 ?\)"
_PLUS, _ZERO = r"^\(? ?\+", r"^\(? ?0"
_NORTH_AMERICAN = r"^(?:1[-. ]?)?(?:\([0-9]{3}\) ?|[0-9]{3}[-.])[0-9]{3}[-. ][0-9]{4}$"
_BRACKETED = r"^\( ?0?[0-9]{2,5} ?\)[ ./-]{0,3}[0-9][0-9 ./-]{5,}$"
_PLACED = f"{_NORTH_AMERICAN}|{_BRACKETED}"


def read(runs: pl.Series, regions: Sequence[str] = DEFAULT_REGIONS, *, unfinished: bool = False) -> pl.DataFrame:
    """One row a run (folded, no nulls): ``digits`` without extension, and what they are.

    ``plus``, ``prefixed`` and ``marked``: written with a plus sign, a zero in front, anything but digits. ``placed``: in a form
    that nothing but telephone numbers has. ``abroad``: behind a plus sign or 00. ``valid``: assigned by a numbering plan.
    ``complete``: as it would be dialled in one of *regions* or from abroad, with every prefix that it needs. With *unfinished*,
    national numbers without one are ``valid`` too.
    """
    frame = pl.DataFrame({"core": runs.str.replace(EXTENSION + "$", "")}).with_row_index("at")
    core = pl.col("core")
    frame = frame.with_columns(
        core.str.replace(_TRUNK, "${1}").str.replace_all(r"[^0-9]", "").alias("digits"),
        core.str.replace_all(r"[^0-9]", "").alias("written"),
        core.str.contains(_PLUS).alias("plus"),
        core.str.contains(r"[^0-9]").alias("marked"),
        core.str.contains(_ZERO).alias("prefixed"),
        core.str.contains(_PLACED).alias("placed"),
    )
    zeros = ~pl.col("plus") & pl.col("digits").str.starts_with("00")
    frame = frame.with_columns((pl.col("plus") | zeros).alias("abroad"))
    skip = pl.when(pl.col("plus")).then(0).otherwise(2)
    far = frame.filter("abroad").with_columns(pl.col("digits").str.slice(skip), pl.col("written").str.slice(skip))
    good = valid_international(far["digits"]) if far.height else far["abroad"]
    kept = (far["digits"] != far["written"]) & ~good  # Italy keeps the zero that others put in brackets
    if kept.any():
        good = good | (kept & valid_international(far["written"]))
    valid, complete = [far["at"].filter(good)], [far["at"].filter(good)]
    near = frame.filter(~pl.col("abroad")).select("at", "digits")
    whole = _complete(near, tuple(regions)) if near.height else near["at"]
    valid.append(whole)
    complete.append(whole)
    if unfinished:
        valid.append(_unfinished(near.filter(~pl.col("at").is_in(whole.implode())), regions))
    flags = [
        pl.repeat(False, frame.height, eager=True).scatter(pl.concat(places), True).alias(name)
        for name, places in (("valid", valid), ("complete", complete))
    ]
    return frame.select("digits", "abroad", "plus", "marked", "prefixed", "placed").with_columns(*flags)


def _complete(near: pl.DataFrame, regions: tuple[str, ...]) -> pl.Series:
    short = shortcut(regions)
    near = near.with_columns(keyed(pl.col("digits")).alias("key"))
    sure = pl.col("key").str.contains(short.sure) & ~pl.col("key").str.contains(short.unsure)
    near = near.with_columns(sure.alias("sure"))
    found = [near["at"].filter(near["sure"])]
    near = near.filter(~pl.col("sure")).filter(pl.col("key").str.contains(short.doubtful))
    for region, doubtful in short.regions:
        if near.is_empty():
            break
        some = near.filter(pl.col("key").str.contains(doubtful))
        if some.height:
            found.append(some["at"].filter(valid_national(some["digits"], region)["complete"]))
            near = near.filter(~pl.col("at").is_in(found[-1].implode()))
    return pl.concat(found)


def _unfinished(near: pl.DataFrame, regions: Sequence[str]) -> pl.Series:
    found = [near["at"].clear()]
    for plan in filter(None, map(region_of, regions)):
        some = near.filter(pl.col("digits").str.contains(plan.written))
        if some.height:
            found.append(some["at"].filter(valid_national(some["digits"], plan.name)["valid"]))
            near = near.filter(~pl.col("at").is_in(found[-1].implode()))
    return pl.concat(found)
