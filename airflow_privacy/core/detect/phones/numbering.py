"""Whether digits are telephone numbers that a numbering plan assigns, over whole columns.

The same answers as ``phonenumbers.is_valid_number(phonenumbers.parse(…))`` gives for digits alone, with or without a plus sign,
step by step: international prefix, calling code, national prefix, length, assigned ranges.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from airflow_privacy.core.detect.phones.plans import Region, calling_codes, length_mark, region_of

_SHORTEST, _LONGEST = 2, 17  # of a national number, as phonenumbers has it
_MARKS = "".join(length_mark(length) for length in range(22))


def valid_international(digits: pl.Series) -> pl.Series:
    """Whether *digits* (ASCII, what stands behind a plus sign) are a calling code and a number that its plan assigns."""
    return _international(digits)


def valid_national(digits: pl.Series, region: str) -> pl.DataFrame:
    """Whether *digits* (ASCII) dialled in *region* are an assigned number there or, behind an international prefix, anywhere.

    Columns ``valid`` and ``complete``: false where the national prefix is missing that the region always writes (Germany's 0).
    """
    plan = region_of(region)
    if plan is None:
        nothing = pl.repeat(False, len(digits), eager=True)
        return pl.DataFrame({"valid": nothing, "complete": nothing})
    return _national(digits.fill_null(""), plan)


def _international(digits: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"digits": digits}).with_row_index("at")
    frame = frame.filter(pl.col("digits").str.len_bytes().is_between(_SHORTEST + 1, _LONGEST + 3))
    frame = frame.with_columns(_code(frame["digits"])).drop_nulls("code")
    good = []
    for (code,), part in frame.partition_by("code", as_dict=True).items():
        number = part["digits"].str.slice(len(str(code)))
        good.append(part["at"].filter(_assigned(_stripped(number, _main(str(code))), str(code))))
    return _at(good, len(digits))


def _national(digits: pl.Series, plan: Region) -> pl.DataFrame:
    frame = pl.DataFrame({"n": digits}).with_row_index("at")
    frame = frame.filter(pl.col("n").str.len_bytes().is_between(_SHORTEST, _LONGEST + 6))
    abroad, valid, complete = frame.clear(), [], []
    if plan.international_prefix is not None:
        behind = frame["n"].str.slice(0).str.replace(plan.international_prefix, "")
        dialled = (behind.str.len_bytes() < frame["n"].str.len_bytes()) & ~behind.str.starts_with("0")
        abroad = frame.with_columns(behind.alias("n")).filter(dialled)
        frame = frame.filter(~dialled)
        if abroad.height:
            good = abroad["at"].filter(_international(abroad["n"]))
            valid.append(good)
            complete.append(good)
    if frame.height:
        number = _without_code(frame["n"], plan)
        own = number.is_null()
        main = _main(plan.calling_code)
        known = _stripped(number.filter(~own), main)
        home = _stripped(frame["n"].filter(own), plan)
        at = pl.concat([frame["at"].filter(~own), frame["at"].filter(own)])
        final = pl.concat([known, home])
        written = pl.concat([pl.repeat("", len(known), eager=True), frame["n"].filter(own)])
        fits = _assigned(final, plan.calling_code)
        valid.append(at.filter(fits))
        whole = fits & ((final != written) | _is_bare(final, plan))
        complete.append(at.filter(whole))
    return pl.DataFrame({"valid": _at(valid, len(digits)), "complete": _at(complete, len(digits))})


def _is_bare(number: pl.Series, plan: Region) -> pl.Series:
    return pl.repeat(True, len(number), eager=True) if plan.bare is None else _keyed(number).str.contains(plan.bare)


def _without_code(number: pl.Series, plan: Region) -> pl.Series:
    """The number behind the region's own calling code, written without a plus; null where it is no such number."""
    behind = _prefix_off(number.str.slice(len(plan.calling_code)), plan)
    length = number.str.len_bytes()
    long = (length > plan.lengths[-1]) & ~length.is_in(plan.local_lengths)
    better = ~_fits_outline(number, plan) & _fits_outline(behind, plan)
    return behind.set(~(number.str.starts_with(plan.calling_code) & (better | long)), None)


def _stripped(number: pl.Series, plan: Region) -> pl.Series:
    """Without the national prefix, if what is left can be a number; null where it has too few or too many digits."""
    short = _prefix_off(number, plan)
    length = short.str.len_bytes()
    possible = (length.is_in(plan.lengths) | (length > plan.lengths[-1])) & ~length.is_in(plan.local_lengths)
    chosen = short.zip_with(possible, number)
    return chosen.set(~chosen.str.len_bytes().is_between(_SHORTEST, _LONGEST), None)


def _prefix_off(number: pl.Series, plan: Region) -> pl.Series:
    if plan.national_prefix is None or number.is_empty():
        return number
    prefix = number.str.extract(plan.national_prefix, 0)
    rest = number.to_frame("n").select(pl.col("n").str.slice(prefix.str.len_bytes().fill_null(0))).to_series()
    if plan.transform is not None:
        before, group, behind = plan.transform
        last = number.str.extract(plan.national_prefix, plan.prefix_groups)
        middle = last if group == plan.prefix_groups else number.str.extract(plan.national_prefix, group).fill_null("")
        rest = (before + middle + behind + rest).zip_with(last.is_not_null(), rest)
    stay = prefix.is_null() | (_fits_outline(number, plan) & ~_fits_outline(rest, plan))
    return number.zip_with(stay, rest)


def _fits_outline(number: pl.Series, plan: Region) -> pl.Series:
    return _keyed(number).str.contains(plan.general)


def _assigned(number: pl.Series, code: str) -> pl.Series:
    """Whether national numbers are assigned under a calling code: by the first region that claims them."""
    open_ = pl.DataFrame({"key": _keyed(number)}).with_row_index("at").drop_nulls("key")
    good = []
    for plan in _plans(code):
        if open_.is_empty():
            break
        key = open_["key"]
        claimed = pl.repeat(True, len(key), eager=True) if plan.leading is None else key.str.contains(plan.leading)
        fits = claimed & key.str.contains(plan.general)
        fits = fits & key.str.contains(plan.assigned) if fits.any() else fits
        good.append(open_["at"].filter(fits))
        open_ = open_.filter(~(fits if plan.leading is None else claimed))
    return _at(good, len(number))


def _keyed(number: pl.Series) -> pl.Series:
    mark = pl.lit(_MARKS).str.slice(pl.col("n").str.len_bytes().clip(0, 21), 1)
    return number.to_frame("n").select(mark + pl.col("n")).to_series()


def _code(digits: pl.Series) -> pl.Series:
    by_length = [[code for code in calling_codes() if len(code) == length] for length in (1, 2, 3)]
    expr = pl.lit(None, dtype=pl.String)
    for length, codes in zip((3, 2, 1), reversed(by_length), strict=True):
        start = pl.col("d").str.slice(0, length)
        expr = pl.when(start.is_in(codes)).then(start).otherwise(expr)
    return digits.to_frame("d").select(expr.alias("code")).to_series()


def _at(places: list[pl.Series], length: int) -> pl.Series:
    flags = pl.repeat(False, length, eager=True)
    for some in places:
        flags = flags.scatter(some, True)
    return flags


@cache
def _plans(code: str) -> tuple[Region, ...]:
    return tuple(plan for name in calling_codes()[code] if (plan := region_of(name, code)) is not None)


def _main(code: str) -> Region:
    return _plans(code)[0]
