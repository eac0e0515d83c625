"""What coded extremes, ages, networks and domains must look like."""

from __future__ import annotations

import datetime as dt
import ipaddress

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.canonical import text
from airflow_privacy.core.mask.coarsen import bounds_of
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, TRUE, ColumnRule, Rule
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Age, EmailDomain, IpPrefix, TopBottomCode

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
    inside = (_number(address) // 2 ** (32 - technique.v4)) == (
        _number(_masked.str.strip_suffix(f"/{technique.v4}")) // 2 ** (32 - technique.v4)
    )
    # What has no number is no address; a network has one, and nothing after its bits.
    v4 = pl.when(_number(address).is_null()).then(_masked.is_null()).otherwise(inside)
    size = pl.when(_masked.str.contains(":", literal=True)).then(pl.lit(f"/{technique.v6}")).otherwise(pl.lit(f"/{technique.v4}"))
    network = _number(_masked.str.strip_suffix(f"/{technique.v4}")) % 2 ** (32 - technique.v4) == 0

    def again(rows: pl.DataFrame) -> list[object]:
        return [_network(value, technique) for value in rows.select(text(SOURCE).str.strip_chars()).to_series()]

    return ColumnRule(
        _masked.str.ends_with(size) & (_masked.str.contains(":", literal=True) | network),
        pl.when(v6).then(_masked.is_null() | _masked.str.contains(":", literal=True)).otherwise(v4),
        again=again,
    )


def _number(address: pl.Expr) -> pl.Expr:
    """The 32 bits of a dotted IPv4 address; null where it is none."""
    fields = address.str.split(".")
    numbers = fields.list.eval(pl.element().cast(pl.UInt8, strict=False))
    written = numbers.list.eval(pl.element().cast(pl.String)).list.join(".")
    bits = sum((numbers.list.get(n, null_on_oob=True).cast(pl.Int64) * 256 ** (3 - n) for n in range(1, 4)), start=pl.lit(0))
    whole = bits + numbers.list.get(0, null_on_oob=True).cast(pl.Int64) * 256**3
    return pl.when((fields.list.len() == 4) & (written == address)).then(whole)


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


RULES: dict[type, Rule] = {
    TopBottomCode: _top_bottom_code,
    Age: _age,
    IpPrefix: _ip_prefix,
    EmailDomain: _email_domain,
}
