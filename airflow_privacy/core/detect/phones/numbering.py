"""Whether digits are telephone numbers that a numbering plan assigns, over whole columns.

The same answers as ``phonenumbers.is_valid_number(phonenumbers.parse(…))`` gives for digits alone, with or without a plus sign,
step by step: international prefix, calling code, national prefix, length, assigned ranges.
"""

from __future__ import annotations

import re

import polars as pl

from airflow_privacy.core.detect.phones.plans import NOTHING, Region, calling_codes, length_mark, plans_of, region_of
from airflow_privacy.core.detect.phones.spelling import is_assigned

FEW = 200
"""Up to so many numbers phonenumbers itself is faster than patterns that must be compiled first."""

_SHORTEST, _LONGEST = 2, 17  # of a national number, as phonenumbers has it
_MARKS = "".join(length_mark(length) for length in range(22))


def valid_international(digits: pl.Series) -> pl.Series:
    """Whether *digits* (ASCII, what stands behind a plus sign) are a calling code and a number that its plan assigns."""
    frame = pl.DataFrame({"n": digits}).with_row_index("at")
    frame = frame.filter(_N.str.len_bytes().is_between(_SHORTEST + 1, _LONGEST + 3))
    frame = frame.with_columns(_code(_N).alias("code")).drop_nulls("code")
    good = []
    few = frame.filter(pl.len().over("code") <= FEW)
    if few.height:
        good.append(few["at"].filter(pl.Series([is_assigned(f"+{number}", None)[0] for number in few["n"]])))
        frame = frame.filter(pl.len().over("code") > FEW)
    for (found,), part in frame.partition_by("code", as_dict=True).items():
        code = str(found)
        part = part.select("at", _N.str.slice(len(code)))
        good.append(_assigned(_stripped(part.lazy(), plans_of(code)[0]), code)[0])
    return _flags(good, len(digits))


def valid_national(digits: pl.Series, region: str) -> pl.DataFrame:
    """Whether *digits* (ASCII) dialled in *region* are an assigned number there or, behind an international prefix, anywhere.

    Columns ``valid`` and ``complete``: false where the national prefix is missing that the region always writes (Germany's 0).
    """
    plan = region_of(region)
    if plan is not None and len(digits) <= FEW:
        return _one_by_one(digits, plan)
    valid: list[pl.Series] = []
    complete: list[pl.Series] = []
    if plan is not None:
        frame = pl.DataFrame({"n": digits}).with_row_index("at")
        frame = frame.filter(_N.str.len_bytes().is_between(_SHORTEST, _LONGEST + 6))
        frame, abroad = _dialled_abroad(frame, plan)
        frame, coded = _with_own_code(frame, plan)
        home = _stripped(frame.lazy().with_columns(_N.alias("written")), plan)
        bare = pl.col("key").str.contains(_bare_pattern(plan))
        whole = (pl.col("written") != _N) | bare
        own, own_whole = _assigned(home.with_columns(whole.alias("whole")), plan.calling_code, "whole")
        valid = [abroad, coded, own]
        complete = [abroad, coded, own_whole]
    return pl.DataFrame({"valid": _flags(valid, len(digits)), "complete": _flags(complete, len(digits))})


def _one_by_one(digits: pl.Series, plan: Region) -> pl.DataFrame:
    answers = [(number, *is_assigned(number, plan.name)) for number in digits.fill_null("")]
    bare = re.compile(_bare_pattern(plan))
    whole = [good and (rest != number or bare.match(_key(rest)) is not None) for number, good, rest in answers]
    schema = {"valid": pl.Boolean, "complete": pl.Boolean}
    return pl.DataFrame({"valid": [good for _, good, _ in answers], "complete": whole}, schema=schema)


def _bare_pattern(plan: Region) -> str:
    return "^[A-Z]" if plan.bare is None else f"^(?:{'|'.join(plan.bare)})" if plan.bare else NOTHING


def _key(digits: str) -> str:
    return length_mark(len(digits)) + digits


_N = pl.col("n")


def _dialled_abroad(frame: pl.DataFrame, plan: Region) -> tuple[pl.DataFrame, pl.Series]:
    """The rows without an international prefix, and the places of those with one that are assigned."""
    if plan.international_prefix is None:
        return frame, frame["at"].clear()
    frame = frame.with_columns(_N.str.replace(plan.international_prefix, "").alias("behind"))
    dialled = (pl.col("behind") != _N) & ~pl.col("behind").str.starts_with("0")
    abroad = frame.filter(dialled)
    good = abroad["at"].filter(valid_international(abroad["behind"])) if abroad.height else abroad["at"]
    return frame.filter(~dialled).drop("behind"), good


def _with_own_code(frame: pl.DataFrame, plan: Region) -> tuple[pl.DataFrame, pl.Series]:
    """The rows that are not written with the region's own calling code, and the places of assigned numbers that are."""
    starts = _N.str.starts_with(plan.calling_code)
    some = frame.filter(starts)
    if some.is_empty():
        return frame, some["at"]
    behind = some.lazy().select("at", _N.alias("written"), _N.str.slice(len(plan.calling_code)))
    behind = _prefix_off(behind, plan).with_columns(keyed(pl.col("written")).alias("key"), keyed(_N).alias("short"))
    length = pl.col("written").str.len_bytes()
    long = (length > plan.lengths[-1]) & ~length.is_in(plan.local_lengths)
    better = ~pl.col("key").str.contains(plan.general) & pl.col("short").str.contains(plan.general)
    split = behind.select("at", "n", "written", (better | long).alias("coded")).collect()
    coded = split.filter("coded").select("at", "n")
    rest = pl.concat([frame.filter(~starts), split.filter(~pl.col("coded")).select("at", n="written")])
    if coded.is_empty():
        return rest, coded["at"]
    return rest, _assigned(_stripped(coded.lazy(), plans_of(plan.calling_code)[0]), plan.calling_code)[0]


def _stripped(frame: pl.LazyFrame, plan: Region) -> pl.LazyFrame:
    """Numbers ``n`` without the national prefix, if what is left can be one; gone where it has too few or too many digits.

    Adds ``key``.
    """
    length = pl.col("short").str.len_bytes()
    possible = (length.is_in(plan.lengths) | (length > plan.lengths[-1])) & ~length.is_in(plan.local_lengths)
    if plan.national_prefix is not None:
        frame = _prefix_off(frame.with_columns(_N.alias("whole_n")), plan).with_columns(_N.alias("short"))
        frame = frame.with_columns(pl.when(possible).then(_N).otherwise(pl.col("whole_n")).alias("n")).drop("whole_n", "short")
    return frame.filter(_N.str.len_bytes().is_between(_SHORTEST, _LONGEST)).with_columns(keyed(_N).alias("key"))


def _prefix_off(frame: pl.LazyFrame, plan: Region) -> pl.LazyFrame:
    """Numbers ``n`` without the national prefix, unless only with it they fit the plan's outline."""
    if plan.national_prefix is None:
        return frame
    rest = _N.str.replace(plan.national_prefix, "")
    if plan.transform is not None:
        before, group, behind = plan.transform
        last = _N.str.extract(plan.national_prefix, plan.prefix_groups)
        middle = last if group == plan.prefix_groups else _N.str.extract(plan.national_prefix, group).fill_null("")
        rest = pl.when(last.is_null()).then(rest).otherwise(before + middle + behind + rest)
    frame = frame.with_columns(rest.alias("rest")).with_columns(keyed(_N).alias("key"), keyed(pl.col("rest")).alias("short"))
    stay = pl.col("key").str.contains(plan.general) & ~pl.col("short").str.contains(plan.general)
    return frame.with_columns(pl.when(stay).then(_N).otherwise(pl.col("rest")).alias("n")).drop("rest", "key", "short")


def _assigned(frame: pl.LazyFrame, code: str, flag: str | None = None) -> tuple[pl.Series, pl.Series]:
    """Where national numbers (``key``) are assigned under a calling code, the first region that claims one deciding; and where
    *flag* holds besides."""
    plans = plans_of(code)
    flag = flag or "at"
    columns = list(dict.fromkeys(("at", "key", flag)))
    rest, good = frame.select(columns), []
    for place, plan in enumerate(plans):
        if place == 1:
            rest = rest.filter(pl.col("key").str.contains("|".join(plan.assigned for plan in plans)))
        fits = pl.col("key").str.contains(plan.assigned) & pl.col("key").str.contains(plan.general)
        done = fits if plan.leading is None else pl.col("key").str.contains(plan.leading)
        judged = rest.with_columns(fits.alias("fits"), done.alias("done")).collect()
        good.append(judged.filter(pl.col("fits") & pl.col("done")))
        rest = judged.filter(~pl.col("done")).select(columns).lazy()
        if judged.height == good[-1].height:
            break
    found = pl.concat(good)
    return found["at"], found["at"] if flag == "at" else found["at"].filter(found[flag])


def keyed(number: pl.Expr) -> pl.Expr:
    """Digits with the mark of their length in front, as the patterns of :mod:`plans` want them."""
    return pl.lit(_MARKS).str.slice(number.str.len_bytes().clip(0, 21), 1) + number


def _code(digits: pl.Expr) -> pl.Expr:
    expr = pl.lit(None, dtype=pl.String)
    for length in (3, 2, 1):
        start = digits.str.slice(0, length)
        expr = pl.when(start.is_in([code for code in calling_codes() if len(code) == length])).then(start).otherwise(expr)
    return expr


def _flags(places: list[pl.Series], length: int) -> pl.Series:
    flags = pl.repeat(False, length, eager=True)
    for some in places:
        flags = flags.scatter(some, True)
    return flags
