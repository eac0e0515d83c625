"""What coded extremes, ages, networks and domains must look like."""

from __future__ import annotations

import datetime as dt
import ipaddress
from bisect import bisect_left
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

import polars as pl

from airflow_privacy.core.mask.base import Tools, once
from airflow_privacy.core.mask.canonical import text
from airflow_privacy.core.mask.generalization.coarsen import bounds_of
from airflow_privacy.core.mask.learned.histogram import ROWS, VALUE
from airflow_privacy.core.mask.learned.quantiles import Quantiles
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, TRUE, ColumnRule, Rule
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Age, EmailDomain, IpPrefix, QuantileBins, TopBottomCode, name_of

_source, _masked = pl.col(SOURCE), pl.col(MASKED)


def _top_bottom_code(technique: TopBottomCode, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del tools
    lower, upper = (None if one is None else pl.lit(one, dtype=dtype) for one in bounds_of(decision.column, technique, dtype))
    above = TRUE if lower is None else _masked >= lower
    below = TRUE if upper is None else _masked <= upper
    coded = _masked == _source
    if lower is not None:
        coded = coded | (_masked == lower) & (_source < lower)
    if upper is not None:
        coded = coded | (_masked == upper) & (_source > upper)
    return ColumnRule(above & below, coded)


def _age(technique: Age, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del decision, tools
    born = _source
    if technique.format is not None and dtype == pl.String:
        born = _source.str.strip_chars().str.to_date(technique.format, strict=False)
    # Days written as 20240229 order like dates, and their difference has the whole years in front.
    on = int(dt.date.fromisoformat(technique.at).strftime("%Y%m%d"))
    days = pl.lit(on) - (born.dt.year().cast(pl.Int64) * 10_000 + born.dt.month().cast(pl.Int64) * 100 + born.dt.day())
    years = days // 10_000
    right = pl.when(years > technique.top).then(_masked == technique.top).otherwise(_masked == years)
    return ColumnRule(_masked.is_between(0, technique.top), pl.when(days < 0).then(_masked.is_null()).otherwise(right))


def _ip_prefix(technique: IpPrefix, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del decision, dtype, tools
    address = text(SOURCE).str.strip_chars()
    v6 = address.str.contains(":", literal=True)
    size = 2 ** (32 - technique.v4)
    network = _masked.str.strip_suffix(f"/{technique.v4}")
    # What has no number is no address; a network is its own smallest number.
    v4 = (_number(address) // size * size).eq_missing(_number(network))
    long = _masked.str.contains(":", literal=True)

    def again(rows: pl.DataFrame) -> list[object]:
        return [_network(value, technique) for value in rows.select(text(SOURCE).str.strip_chars()).to_series()]

    return ColumnRule(
        _masked.str.ends_with(f"/{technique.v4}") & ~long & _number(network).is_not_null()
        | _masked.str.ends_with(f"/{technique.v6}") & long,
        pl.when(v6).then(_masked.is_null() | long).otherwise(v4),
        again=again,
    )


def _number(address: pl.Expr) -> pl.Expr:
    """The 32 bits of a dotted IPv4 address; null where it is none."""

    def bits(parts: pl.Expr) -> pl.Expr:
        first, second, third, fourth = (parts.struct[f"field_{n}"].cast(pl.Int64) for n in range(4))
        return ((first * 256 + second) * 256 + third) * 256 + fourth

    def written(one: pl.Expr) -> pl.Expr:
        fields = one.str.splitn(".", 4)
        octets = [fields.struct[f"field_{n}"].cast(pl.UInt8, strict=False).alias(f"field_{n}") for n in range(4)]
        # Written again it is the same text: no sign, no leading zero, no space.
        return pl.when(pl.format("{}.{}.{}.{}", *octets) == one).then(pl.struct(octets))

    return once(once(address, written, pl.Struct({f"field_{n}": pl.UInt8 for n in range(4)})), bits, pl.Int64())


def _network(value: str, technique: IpPrefix) -> str | None:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(ipaddress.ip_network((value, technique.v4), strict=False))
    if address.ipv4_mapped or address.sixtofour or address.scope_id is not None:
        return None
    return str(ipaddress.ip_network((value, technique.v6), strict=False))


def _email_domain(technique: EmailDomain, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del technique, decision, dtype, tools
    address = text(SOURCE).str.strip_chars()
    domain = address.str.split("@").list.last().str.strip_suffix(".").str.to_lowercase()
    # An address of the plainest kind must not have become missing.
    plain = address.str.contains(r"^[A-Za-z0-9._+]{1,32}@[A-Za-z0-9]{1,32}(\.[A-Za-z]{2,8}){1,3}$")
    shape = _masked.str.contains(".", literal=True) & ~_masked.str.contains(r'[\s@"<>\[\]:/]')
    return ColumnRule(shape, pl.when(_masked.is_null()).then(~plain).otherwise(_masked == domain))


def _quantile_bins(technique: QuantileBins, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    del dtype
    histogram = tools.learned_of(name_of(technique), decision.column, Quantiles).histogram
    values, rows = histogram[VALUE].to_list(), list(accumulate(histogram[ROWS].to_list()))
    if not values:
        return ColumnRule(TRUE, TRUE)
    shares = (bisect_left(rows, Fraction(number * rows[-1], technique.count)) for number in range(1, technique.count))
    places = sorted({place for place in shares if 0 < place < len(values) - 1})
    names = [_written(values[place]) for place in places]
    labels = [f"<{names[0]}", *(f"[{low},{high})" for low, high in pairwise(names)), f">={names[-1]}"] if names else ["*"]
    sizes = [high - low for low, high in pairwise([0, *places, len(values)])]
    of_values = pl.Series([label for label, size in zip(labels, sizes, strict=True) for _ in range(size)])
    right = _source.replace_strict(histogram[VALUE], of_values, default=None, return_dtype=pl.String)
    return ColumnRule(_masked.is_in(labels), _masked == right)


def _written(edge: float | Decimal) -> str:
    """A number's shortest digits, and a whole one's without a point."""
    digits = f"{edge:f}" if isinstance(edge, Decimal) else repr(edge)
    if "e" in digits or "." not in digits:
        return str(int(edge)) if edge == int(edge) else digits
    return digits.rstrip("0").rstrip(".")


RULES: dict[type, Rule] = {
    QuantileBins: _quantile_bins,
    TopBottomCode: _top_bottom_code,
    Age: _age,
    IpPrefix: _ip_prefix,
    EmailDomain: _email_domain,
}
