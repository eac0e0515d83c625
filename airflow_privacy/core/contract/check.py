"""Does a table keep its contract's promises? Counts of what does not hold, never values.

Types are read leniently where nothing is lost, because CSV and pandas change them on the way:

==========  ====================================================================================
promised    also accepted
==========  ====================================================================================
integer     number or decimal of whole values; text of digits only
number      integer, decimal; text that reads as a decimal number, also with an exponent
boolean     integers 0 and 1; text true, false, 1, 0 in any case
date        timestamps at midnight; text YYYY-MM-DD
timestamp   date; ISO 8601 text, with a blank or T, with or without seconds and offset
time        ISO 8601 text HH:MM or HH:MM:SS
object, array, map   text (JSON is not parsed)
==========  ====================================================================================

An empty column of type null fits every promise. Not checked: patterns, ranges and the contract's own ``quality`` rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import polars as pl

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.contract import Contract, Table
from airflow_privacy.core.model.refs import ColumnType

# Hashes held at once for one uniqueness check: 8 bytes each. A larger table is read several times, a share of its keys each.
HASHES_IN_MEMORY = 32_000_000
# So many doubtful keys are looked at again by value, so that two keys of one hash do not count as equal.
EXACT_DOUBTS = 10_000
# Clocks differ: a row this far in the future still counts as fresh; one beyond it says nothing.
CLOCK_SKEW = timedelta(hours=24)

_DIRECT = {
    "string": {"string"},
    "integer": {"integer"},
    "number": {"integer", "number", "decimal"},
    "boolean": {"boolean"},
    "date": {"date"},
    "timestamp": {"timestamp", "date"},
    "time": {"time"},
    "object": {"nested", "string"},
    "array": {"nested", "string"},
    "map": {"nested", "string"},
}
_BY_VALUE = {
    "integer": {"number", "decimal", "string"},
    "number": {"string"},
    "boolean": {"integer", "string"},
    "date": {"timestamp", "string"},
    "timestamp": {"string"},
    "time": {"string"},
}


class Breach(Value, frozen=True, kw_only=True):
    """One promise that does not hold. ``count`` is the number of rows or columns; ``column`` is ``None`` for the whole table."""

    check: str
    column: str | None
    what: str
    count: int


class TableSource(Protocol):
    """What a check needs of a source: its columns as they are (duplicates included), and its rows in slabs."""

    @property
    def uri(self) -> str: ...

    @property
    def columns(self) -> tuple[ColumnType, ...]: ...

    @property
    def rows(self) -> int: ...

    def slabs(self, *, columns: Sequence[str] | None = None, rows: int = 250_000) -> Iterator[pl.DataFrame]: ...


def check_table(table: Table, contract: Contract, source: TableSource, *, now: datetime) -> tuple[Breach, ...]:
    """Compare a source with what *contract* promises of *table*: columns, types, nullability, uniqueness, freshness.

    :param now: the present, with a time zone; naive timestamps in the data are taken as UTC.
    :returns: the breaches, empty if every promise holds. Primary keys count as required; an empty text counts as missing.
    :raises BadInput: *now* has no time zone, or the source's rows cannot be read as its columns say.
    """
    if now.tzinfo is None:
        raise BadInput("naive-clock", "The present needs a time zone", where="now")
    names = [column.name for column in source.columns]
    types = {column.name: column.dtype for column in source.columns if names.count(column.name) == 1}
    breaches = [*_drift(table, names), *_wrong_types(table, types)]
    promised = [column for column in table.columns if column.name in types]
    counts = _counts(table, contract, source, types, now)
    for column in promised:
        missing, unfit = counts.get(f"missing:{column.name}", 0), counts.get(f"unfit:{column.name}", 0)
        if missing and (column.required or column.primary_key):
            breaches.append(_breach("nullability", column.name, f"{_n(missing, 'value is', 'values are')} missing", missing))
        if unfit:
            what = f"{_n(unfit, 'value does', 'values do')} not read as {column.logical_type}"
            breaches.append(_breach("type", column.name, what, unfit))
    for key in _keys(table, types):
        repeated = _repeated(source, key)
        if repeated:
            what = f"{_n(repeated, 'row repeats', 'rows repeat')} an earlier key"
            breaches.append(_breach("uniqueness", ", ".join(key), what, repeated))
    breaches.extend(_staleness(contract, table, types, counts))
    return tuple(breaches)


def require(breaches: Iterable[Breach]) -> None:
    """Return if there are none.

    :raises CheckFailed: with every breach in words.
    """
    told = [f"{breach.column or 'table'}: {breach.what}" for breach in breaches]
    if told:
        do = "Correct the data at its source, or change the contract and let its owner see the difference."
        raise CheckFailed("contract-broken", f"The table breaks its contract: {'; '.join(told)}", do=do)


def _drift(table: Table, names: list[str]) -> Iterator[Breach]:
    promised = [column.name for column in table.columns]
    for name in promised:
        if name not in names:
            yield _breach("schema", name, "the column is promised and not there", 1)
    for name in dict.fromkeys(names):
        if name not in promised:
            yield _breach("schema", name, "the column is there and not promised", 1)
        if names.count(name) > 1:
            yield _breach("schema", name, f"{names.count(name)} columns have this name", names.count(name))


def _wrong_types(table: Table, types: dict[str, str]) -> Iterator[Breach]:
    for column in table.columns:
        found, promised = types.get(column.name), column.logical_type
        if found is None or promised is None or found == "null":
            continue
        if found not in _DIRECT.get(promised, {found}) and found not in _BY_VALUE.get(promised, ()):
            yield _breach("type", column.name, f"the column is {found}, promised is {promised}", 1)


def _counts(table: Table, contract: Contract, source: TableSource, types: dict[str, str], now: datetime) -> dict[str, int]:
    """One pass: missing and unfit values by column, and fresh rows."""
    wanted: dict[str, pl.Expr] = {}
    for column in table.columns:
        dtype, promised = types.get(column.name), column.logical_type
        if dtype is None:
            continue
        missing = _missing(column.name, dtype)
        if column.required or column.primary_key:
            wanted[f"missing:{column.name}"] = missing.sum()
        if promised and dtype in _BY_VALUE.get(promised, ()):
            wanted[f"unfit:{column.name}"] = (~missing & ~_fits(column.name, dtype, promised).fill_null(False)).sum()
    fresh = contract.freshness
    if fresh and types.get(fresh.column) in ("date", "timestamp", "string"):
        moment = _moment(fresh.column, types[fresh.column])
        oldest, latest = (at.astimezone(UTC) for at in (now - timedelta(hours=fresh.hours), now + CLOCK_SKEW))
        # A date stands for its whole day: it is fresh until the day's end is too old.
        whole = moment + pl.duration(days=1) if types[fresh.column] == "date" else moment
        wanted["fresh"] = ((whole >= pl.lit(oldest)) & (moment <= pl.lit(latest))).sum()
    if not wanted:
        return {}
    used = [name for name in types if any(name in expr.meta.root_names() for expr in wanted.values())]
    totals = dict.fromkeys(wanted, 0)
    for slab in source.slabs(columns=used):
        for name, count in _select(slab, [expr.alias(name) for name, expr in wanted.items()]).row(0, named=True).items():
            totals[name] += int(count or 0)
    return totals


def _missing(name: str, dtype: str) -> pl.Expr:
    null = pl.col(name).is_null()
    if dtype == "string":
        return null | (pl.col(name).cast(pl.String) == "").fill_null(False)
    return null | pl.col(name).is_nan().fill_null(False) if dtype == "number" else null


def _fits(name: str, dtype: str, promised: str) -> pl.Expr:
    column = pl.col(name)
    if dtype != "string":
        if promised == "integer":
            return (column == column.round(0)) & (column.is_finite() if dtype == "number" else True)
        if promised == "boolean":
            return column.is_in([0, 1])
        return column.dt.time() == pl.time(0, 0, 0)
    text = column.cast(pl.String).str.strip_chars()
    match promised:
        case "integer":
            return text.str.contains(r"^[+-]?[0-9]+$")
        case "number":
            return text.str.contains(r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$")
        case "boolean":
            return text.str.contains(r"^(?i:true|false|1|0)$")
        case "date":
            shape = text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
            return shape & text.str.to_date("%Y-%m-%d", strict=False).is_not_null()
        case "time":
            return text.str.contains(r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?$")
        case _:
            return _moment(name, dtype).is_not_null()


def _moment(name: str, dtype: str) -> pl.Expr:
    """The column as a timestamp in UTC; null where a text is none."""
    column = pl.col(name)
    if dtype != "string":
        return column.map_batches(_in_utc, return_dtype=pl.Datetime("us", "UTC"))
    text = column.cast(pl.String).str.strip_chars().str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})$", "${1}T00:00:00")
    text = text.str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) ", "${1}T").str.replace(r"[zZ]$", "+00:00")
    text = text.str.replace(r"^([^T]*T[0-9]{2}:[0-9]{2})($|[+-])", "${1}:00$2").str.replace(r"([+-][0-9]{2})([0-9]{2})$", "$1:$2")
    text = text.str.replace(r"^([^T]*T[0-9:.]+)$", "${1}+00:00")
    shape = text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?[+-][0-9]{2}:[0-9]{2}$")
    moment = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
    return pl.when(shape).then(moment)


def _in_utc(values: pl.Series) -> pl.Series:
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        return values.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    return values.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _keys(table: Table, types: dict[str, str]) -> list[tuple[str, ...]]:
    primary = tuple(column.name for column in table.columns if column.primary_key)
    keys: list[tuple[str, ...]] = [(column.name,) for column in table.columns if column.unique]
    if primary and primary not in keys:
        keys.append(primary)
    return [key for key in keys if all(types.get(name, "null") not in ("null", "nested") for name in key)]


def _repeated(source: TableSource, key: tuple[str, ...]) -> int:
    """Rows whose key an earlier row has; rows with a missing part are left out.

    Keys are counted by 64-bit hash: distinct hashes prove distinct keys. The doubtful ones are then compared by value, unless
    they are so many that the count is what matters.
    """
    types = {column.name: column.dtype for column in source.columns}
    complete = ~pl.any_horizontal([_missing(name, types[name]) for name in key])
    # Categories are compared as text: their codes differ from slab to slab.
    parts_of_key = [pl.col(name).cast(pl.String) if types[name] == "string" else pl.col(name) for name in key]
    hashed = pl.struct(parts_of_key).hash(seed=0) if len(key) > 1 else parts_of_key[0].hash(seed=0)
    shares = max(1, -(-source.rows // HASHES_IN_MEMORY))
    repeated = 0
    for share in range(shares):
        parts = []
        for slab in source.slabs(columns=list(key)):
            hashes = _select(slab.lazy().filter(complete), [hashed.alias("h")])["h"]
            parts.append(hashes.filter(hashes % shares == share) if shares > 1 else hashes)
        hashes = pl.concat(parts) if parts else pl.Series("h", [], dtype=pl.UInt64)
        doubtful = hashes.filter(hashes.is_duplicated()).unique()
        if 0 < len(doubtful) <= EXACT_DOUBTS:
            repeated += _repeated_exactly(source, parts_of_key, complete & hashed.is_in(doubtful.implode()))
        else:
            repeated += len(hashes) - hashes.n_unique()
    return repeated


def _repeated_exactly(source: TableSource, key: list[pl.Expr], doubtful: pl.Expr) -> int:
    rows, seen = 0, pl.DataFrame()
    for slab in source.slabs(columns=[part.meta.output_name() for part in key]):
        found = _select(slab.lazy().filter(doubtful), key)
        rows += found.height
        seen = found.unique() if seen.is_empty() else pl.concat([seen, found.unique()]).unique()
    return rows - seen.height


def _staleness(contract: Contract, table: Table, types: dict[str, str], counts: dict[str, int]) -> Iterator[Breach]:
    fresh = contract.freshness
    if fresh is None or (table.column(fresh.column) is None and len(contract.tables) > 1):
        return
    if fresh.column not in types:
        if table.column(fresh.column) is None:
            yield _breach("freshness", fresh.column, "freshness is promised of a column that is not there", 1)
        return
    if "fresh" not in counts:
        yield _breach("freshness", fresh.column, f"freshness cannot be read from a column of type {types[fresh.column]}", 1)
    elif counts["fresh"] == 0:
        yield _breach("freshness", fresh.column, f"no row is newer than the promised {fresh.hours:g} hours", 0)


def _select(frame: pl.DataFrame | pl.LazyFrame, exprs: list[pl.Expr]) -> pl.DataFrame:
    try:
        return frame.lazy().select(exprs).collect()
    except pl.exceptions.PolarsError:
        problem = "the rows cannot be read as the table's columns say"
    raise BadInput("unreadable-table", f"The table cannot be checked: {problem}")


def _breach(check: str, column: str | None, what: str, count: int) -> Breach:
    return Breach(check=check, column=column, what=what, count=count)


def _n(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
