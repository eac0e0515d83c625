"""What randomized values must look like."""

from __future__ import annotations

import hashlib
import hmac
import math
from itertools import repeat
from statistics import NormalDist

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import text_of_any
from airflow_privacy.core.mask.learned.groups import Groups
from airflow_privacy.core.mask.learned.histogram import ROWS, VALUE
from airflow_privacy.core.mask.randomization.randomize import most_noise, noise_bounds
from airflow_privacy.core.mask.rules.base import MASKED, ROW, SOURCE, TRUE, ColumnRule, Rule, other
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import DateShift, Microaggregate, Noise, Permute, name_of

_source, _masked = pl.col(SOURCE), pl.col(MASKED)
_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def _noise(technique: Noise, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    most = most_noise(decision.column, technique, dtype)
    lower, upper = noise_bounds(decision.column, technique, dtype)
    key = tools.keys.get(name_of(technique))

    def again(rows: pl.DataFrame) -> list[object]:
        assert key is not None  # noqa: S101 - narrows the type
        found: list[object] = []
        for value, masked, text in zip(rows[SOURCE], rows[MASKED], _drawn_by(technique, decision.column, rows), strict=True):
            if text is None:
                found.append(masked)
                continue
            moved = _moved(value, _draw(technique, most, key, text), technique, integer=dtype.is_integer())
            bound = min(max(moved, -math.inf if lower is None else lower), math.inf if upper is None else upper)
            # Two libraries' logarithms may differ in the last place, and so may what is rounded from them.
            close = not dtype.is_integer() and math.isclose(bound, masked, rel_tol=_spacing(dtype), abs_tol=1e-12)
            found.append(masked if close else bound)
        return found

    inside = (TRUE if lower is None else _masked >= lower) & (TRUE if upper is None else _masked <= upper)
    if dtype.is_integer():
        distance = (_masked.cast(pl.Int128) - _source.cast(pl.Int128)).abs().cast(pl.Float64)
        near = distance <= most + 0.5
    else:
        number, masked = _source.cast(pl.Float64), _masked.cast(pl.Float64)
        allowed = most + 10.0**-technique.decimals / 2 + number.abs() * _spacing(dtype)
        near = ((masked - number).abs() <= allowed) | (number.is_infinite() & (masked == number))
    bounded = pl.lit(False)
    if lower is not None:
        bounded = bounded | (_masked == lower) & (_source <= lower)
    if upper is not None:
        bounded = bounded | (_masked == upper) & (_source >= upper)
    needs = () if technique.subject is None else (technique.subject,)
    return ColumnRule(inside, near | bounded, needs=needs, again=None if key is None else again)


def _spacing(dtype: pl.DataType) -> float:
    return 2.0**-22 if dtype == pl.Float32 else 2.0**-48


def _drawn_by(technique: Noise, column: str, rows: pl.DataFrame) -> list[str | None]:
    numbers = rows[ROW] if ROW in rows.columns else repeat(None, rows.height)
    subjects = repeat(None, rows.height) if technique.subject is None else _subjects(technique.subject, rows)
    start = f"{len(column)}:{column}:"
    return [
        f"{start}subject:{subject}" if subject is not None else None if number is None else f"{start}row:{number}"
        for subject, number in zip(subjects, numbers, strict=True)
    ]


def _subjects(subject: str, rows: pl.DataFrame) -> list[str | None]:
    return rows.select(text_of_any(other(subject))).to_series().to_list()


def _draw(technique: Noise, most: float, key: str, text: str) -> float:
    bits = int.from_bytes(hmac.digest(key.encode(), text.encode(), hashlib.sha256)) >> (256 - 52)
    uniform = (2 * bits + 1) / 2**53
    if technique.distribution == "gaussian":
        low = NormalDist().cdf(-most / technique.scale)
        # From the nearer end: close to 1 a float has no room for the tail.
        tail = low + min(uniform, 1 - uniform) * (1 - 2 * low)
        drawn = NormalDist().inv_cdf(tail) if tail < 0.5 else 0.0
        return math.copysign(drawn, uniform - 0.5) * technique.scale
    inside = 1 - math.exp(-most / technique.scale)
    size = -technique.scale * math.log(1 - abs(2 * uniform - 1) * inside)
    return math.copysign(size, uniform - 0.5)


def _moved(value: float, drawn: float, technique: Noise, *, integer: bool) -> float:
    return int(value) + round(drawn) if integer else round(float(value) + drawn, technique.decimals)


def _date_shift(technique: DateShift, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del decision
    key = tools.keys.get(name_of(technique))
    form = technique.format if dtype == pl.String else None
    day = 1 if dtype == pl.Date() else _DAY[dtype.time_unit] if isinstance(dtype, pl.Datetime) else _DAY["us"]

    def ticks(value: pl.Expr) -> pl.Expr:
        value = value if form is None else value.str.strip_chars().str.to_datetime(form, strict=False, time_unit="us")
        return value.to_physical().cast(pl.Int64)

    def again(rows: pl.DataFrame) -> list[object]:
        assert key is not None  # noqa: S101 - narrows the type
        moved: list[int | None] = []
        before = rows.select(ticks(_source)).to_series()
        for tick, subject in zip(before, _subjects(technique.subject, rows), strict=True):
            moved.append(None if tick is None or subject is None else tick + _shift(subject, key, technique.days) * day)
        physical = pl.Series(moved, dtype=pl.Int64)
        if form is not None:
            return physical.cast(pl.Datetime("us")).dt.strftime(form).to_list()
        return (physical.cast(pl.Int32).cast(dtype) if dtype == pl.Date() else physical.cast(dtype)).to_list()

    days = ticks(_masked) - ticks(_source)
    moved = (days % day == 0) & ((days // day).abs() >= 1) & ((days // day).abs() <= technique.days)
    nobody = text_of_any(other(technique.subject)).is_null()
    return ColumnRule(
        TRUE if form is None else ticks(_masked).is_not_null(),
        pl.when(nobody).then(_masked.is_null()).otherwise(moved),
        needs=(technique.subject,),
        again=None if key is None else again,
    )


def _shift(subject: str, key: str, days: int) -> int:
    drawn = int(hmac.new(key.encode(), subject.encode(), "sha256").hexdigest()[:15], 16) % (2 * days)
    return drawn - days if drawn < days else drawn - days + 1


def _permute(technique: Permute, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del technique, decision, dtype, tools
    return ColumnRule(TRUE, TRUE, fills=True, moves=True)


def _microaggregate(technique: Microaggregate, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    histogram = tools.learned_of(name_of(technique), decision.column, Groups).histogram
    if not histogram.height:
        return ColumnRule(TRUE, TRUE)
    rows, ahead = pl.col(ROWS).cast(pl.Int64), pl.col("ahead")
    grouped = histogram.with_columns(pl.Series("group", _group_numbers(histogram[ROWS].to_list(), technique.k)))
    size = rows.sum().over("group")
    counted = grouped.with_columns(ahead=rows.cum_sum().over("group"), size=size)
    number = pl.col(VALUE).cast(pl.Float64)
    middle = [number.filter(ahead > place).first() for place in ((pl.col("size") - 1) // 2, pl.col("size") // 2)]
    centre = (number * rows).sum() / rows.sum() if technique.to == "mean" else middle[0] / 2 + middle[1] / 2
    centres = counted.group_by("group").agg(centre=centre)
    expected = counted.join(centres, on="group", how="left", maintain_order="left")
    right = _source.replace_strict(expected[VALUE], expected["centre"], default=None, return_dtype=pl.Float64)
    step = 1.0 if dtype.is_integer() and not technique.decimals else 10.0**-technique.decimals
    off = (_masked.cast(pl.Float64) - right).abs()
    return ColumnRule(TRUE, off <= step / 2 + right.abs() * _spacing(dtype) + 1e-12)


def _group_numbers(rows: list[int], k: int) -> list[int]:
    """For each value the number of its group: the next one begins where this one has k rows and as many are still to come."""
    numbers, group, size, left = [], 0, 0, sum(rows)
    for count in rows:
        numbers.append(group)
        size, left = size + count, left - count
        if size >= k and left >= k:
            group, size = group + 1, 0
    return numbers


RULES: dict[type, Rule] = {
    Noise: _noise,
    DateShift: _date_shift,
    Permute: _permute,
    Microaggregate: _microaggregate,
}
