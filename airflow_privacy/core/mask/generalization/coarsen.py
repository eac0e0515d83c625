"""Generalization (ISO/IEC 20889) by top and bottom coding, ages, networks and domains.

As in ``generalize.py``: none of these protects alone, and a group that few share still tells who they are.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from decimal import Decimal

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Spec, Tools, once, same_type, text_type
from airflow_privacy.core.mask.canonical import present, text
from airflow_privacy.core.mask.learned.quantiles import Quantiles
from airflow_privacy.core.model.techniques import Age, EmailDomain, IpPrefix, QuantileBins, TopBottomCode, name_of

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?"
_ADDRESS = (
    rf'^(?:[^\s@"(),:;<>\[\\\]]+|"[^"\r\n]*")@((?:{_LABEL}\.)+\p{{L}}(?:[\p{{L}}\p{{N}}\p{{M}}-]*[\p{{L}}\p{{N}}\p{{M}}])?)\.?$'
)


def top_bottom_code(column: str, technique: TopBottomCode, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A number beyond a bound becomes the bound; the type stays, NaN becomes missing.

    Protects outliers, whom an extreme value singles out (HIPAA's ages over 89 are the known case). Does not protect the values
    between the bounds, and the bound itself says "at least": choose it so that enough records share it.

    :raises CheckFailed: no bound, bounds that cross, or one that the column's type cannot hold.
    """
    del tools
    lower, upper = bounds_of(column, technique, dtype)
    value = pl.col(column)
    coded = value
    if lower is not None:
        coded = pl.when(value < pl.lit(lower, dtype=dtype)).then(pl.lit(lower, dtype=dtype)).otherwise(coded)
    if upper is not None:
        coded = pl.when(value > pl.lit(upper, dtype=dtype)).then(pl.lit(upper, dtype=dtype)).otherwise(coded)
    return present(column, dtype, coded)


def bounds_of(
    column: str, technique: TopBottomCode, dtype: pl.DataType
) -> tuple[int | float | Decimal | None, int | float | Decimal | None]:
    """The bounds in the column's type.

    :raises CheckFailed: there is none, they cross, or the type cannot hold one.
    """
    lower, upper = technique.lower, technique.upper
    if lower is None and upper is None:
        raise _bad_parameter(column, "has neither a lower nor an upper bound to code")
    if lower is not None and upper is not None and not lower <= upper:
        raise _bad_parameter(column, "is to be coded with a lower bound above the upper one")
    return _bound(column, lower, dtype), _bound(column, upper, dtype)


def _bound(column: str, bound: float | None, dtype: pl.DataType) -> int | float | Decimal | None:
    if bound is None:
        return None
    if abs(bound) < 2.0**127:
        if dtype.is_float():
            return bound
        given = Decimal(repr(bound)) if isinstance(dtype, pl.Decimal) else int(bound) if bound == int(bound) else None
        held = None if given is None else pl.Series([given], strict=False).cast(dtype, strict=False)[0]
        if given is not None and held == given:
            return given
    raise _bad_parameter(column, f"of type {dtype} cannot hold the bound {bound}", "Use a whole number inside the type's range.")


def age(column: str, technique: Age, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A birth date to the age in whole years on a fixed day, as Int64; a timestamp by its day in its own time zone.

    Who is born on 29 February has the birthday on 1 March in common years. Ages above ``top`` become ``top``: with 90, as HIPAA
    has it (45 CFR 164.514(b)(2)(i)(C)), 90 reads "90 or older". A birth after the day becomes missing, and so does a text that
    does not fit the format, which the check afterwards refuses. Protects against matching a birth date. Does not protect where an
    age is rare, and the ages of two releases on different days tell the birthday between them: fix one day for all.

    :raises CheckFailed: the day is no date.
    """
    del tools
    on = day_of(column, technique)
    born = birth_date(column, technique, dtype)
    before_birthday = (born.dt.month() > on.month) | ((born.dt.month() == on.month) & (born.dt.day() > on.day))
    years = pl.lit(on.year, dtype=pl.Int64) - born.dt.year().cast(pl.Int64) - before_birthday.cast(pl.Int64)
    return pl.when(born <= pl.lit(on)).then(pl.min_horizontal(years, pl.lit(technique.top, dtype=pl.Int64)))


def day_of(column: str, technique: Age) -> dt.date:
    """The day on which ages are counted.

    :raises CheckFailed: there is no such day.
    """
    try:
        return dt.date.fromisoformat(technique.at)
    except ValueError:
        pass
    raise _bad_parameter(column, "is to become an age on a day that no calendar has")


def birth_date(column: str, technique: Age, dtype: pl.DataType) -> pl.Expr:
    """The column as dates."""
    if dtype == pl.String and technique.format is not None:
        return pl.col(column).str.strip_chars().str.to_date(technique.format, strict=False)
    return pl.col(column).dt.date() if isinstance(dtype, pl.Datetime) else pl.col(column)


def ip_prefix(column: str, technique: IpPrefix, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """An IP address to its network in CIDR notation (RFC 4632; IPv6 as RFC 5952 writes it).

    What is no address becomes missing, and so does an IPv6 address that names a zone (RFC 4007) or holds an IPv4 address in its
    first bits or alone (IPv4-mapped, RFC 4291; 6to4, RFC 3056), which the network would show. Octets with leading zeros are no
    address (RFC 6943). Protects against finding one machine or line. Does not protect where a network has one user: an
    organisation's own, or with ``v6`` over 48 a household's.
    """
    del dtype, tools
    address = text(column).str.strip_chars()
    octets = address.str.extract_groups(rf"^{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}$")
    v4 = once(
        once(octets, _bits, pl.UInt32()) // 2 ** (32 - technique.v4), lambda one: _network_v4(one, technique.v4), pl.String()
    )

    def networks(values: pl.Series) -> pl.Series:
        found = {value: _network_v6(value, technique.v6) for value in values.drop_nulls().unique()}
        return values.replace_strict(found, return_dtype=pl.String) if found else values

    v6 = pl.when(address.str.contains(":", literal=True)).then(address).map_batches(networks, return_dtype=pl.String)
    return pl.coalesce(v4, v6)


def _bits(octets: pl.Expr) -> pl.Expr:
    first, second, third, fourth = (octets.struct[n].cast(pl.UInt32) for n in range(4))
    return first * 2**24 + second * 2**16 + third * 2**8 + fourth


def _network_v4(prefix: pl.Expr, bits: int) -> pl.Expr:
    network = prefix * 2 ** (32 - bits)
    return pl.format("{}.{}.{}.{}/" + str(bits), network // 2**24, network // 2**16 % 256, network // 2**8 % 256, network % 256)


def _network_v6(value: str, bits: int) -> str | None:
    try:
        address = ipaddress.IPv6Address(value)
    except ValueError:
        return None
    if address.scope_id is not None or address.ipv4_mapped is not None or address.sixtofour is not None:
        return None
    return str(ipaddress.IPv6Network((int(address) >> (128 - bits) << (128 - bits), bits)))


def email_domain(column: str, technique: EmailDomain, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """An e-mail address (RFC 5321, with Unicode domains) to its domain in lower case, without a trailing dot.

    What is no address of that form becomes missing: names around it, a host without a dot, an IP address in brackets. Protects
    against writing to somebody and against matching the address. Does not protect a domain of one's own: ``smith-family.org``
    names its owner, and a small firm's few. Use a hierarchy or ``constant`` where such domains can be.
    """
    del technique, dtype, tools
    return once(text(column).str.strip_chars().str.extract(_ADDRESS), _fitting_domain, pl.String())


def _fitting_domain(domain: pl.Expr) -> pl.Expr:
    """RFC 1035's lengths: 63 to a label, 253 in all."""
    fits = (domain.str.len_bytes() <= 253) & ~domain.str.contains(r"[^.]{64}")
    return pl.when(fits).then(domain.str.to_lowercase())


def quantile_bins(column: str, technique: QuantileBins, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A number to the label of its interval between quantiles of the column (see ``learned/quantiles.py``); NaN becomes missing.

    Each interval has about the same share of the rows, save where one value has more. The first and the last are open, and
    neither the smallest nor the largest value is in a label; all other edges are values of the column. With one or two distinct
    values there is one interval, ``*``. Protects against matching exact figures and against outliers. Does not protect the
    person whose value is an edge from being known to have it, and shows the distribution; releases of two tables that differ by
    one record can tell its value. Rows that k-suppression takes away have been counted.

    :raises CheckFailed: the column was not looked at.
    """
    learned = tools.learned_of(name_of(technique), column, Quantiles)
    if not learned.edges.len():
        return present(column, dtype, pl.lit(learned.labels[0]))
    interval = pl.lit(learned.edges).search_sorted(pl.col(column), side="right")
    return present(column, dtype, pl.lit(pl.Series(learned.labels)).gather(interval))


def _bad_parameter(column: str, what: str, do: str = "Correct the rule.") -> CheckFailed:
    return CheckFailed("technique-parameter", f"Column {column!r} {what}", where=column, do=do)


SPECS: dict[type, Spec] = {
    QuantileBins: Spec(quantile_bins, text_type),
    TopBottomCode: Spec(top_bottom_code, same_type),
    Age: Spec(age, lambda *_: pl.Int64()),
    IpPrefix: Spec(ip_prefix, text_type),
    EmailDomain: Spec(email_domain, text_type),
}
