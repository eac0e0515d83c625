"""A table with every type of column that a Parquet file can hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl


def every_type(rows: int = 1000) -> pl.DataFrame:
    some = range(rows)
    text = [["Ærø", "李雷", "e\u0301 🙂", "", "  ", None, "plain"][n % 7] for n in some]
    moment = [datetime(2024, 1 + n % 12, 1 + n % 28, n % 24, tzinfo=UTC) if n % 9 else None for n in some]
    return pl.DataFrame(
        {
            "int8": pl.Series([n % 100 if n % 5 else None for n in some], dtype=pl.Int8),
            "int64": [n * 10**12 for n in some],
            "uint64": pl.Series([2**63 + n for n in some], dtype=pl.UInt64),
            "float": [n / 7 if n % 11 else float("nan") for n in some],
            "decimal": pl.Series([Decimal(n) / 100 for n in some], dtype=pl.Decimal(20, 2)),
            "text": text,
            "categorical": pl.Series([f"c{n % 13}" for n in some], dtype=pl.Categorical),
            "bool": [n % 3 == 0 if n % 4 else None for n in some],
            "date": [date(1950 + n % 60, 1 + n % 12, 1 + n % 28) for n in some],
            "zoned": pl.Series(moment).dt.convert_time_zone("Europe/Oslo"),
            "nanos": pl.Series(moment).dt.replace_time_zone(None).cast(pl.Datetime("ns")),
            "time": [time(n % 24, n % 60, n % 60, n) for n in some],
            "binary": [bytes([n % 256] * (n % 4)) for n in some],
            "list": [[n, None] if n % 3 else None for n in some],
            "nothing": pl.Series([None] * rows, dtype=pl.Null),
        }
    )


TOKENS = tuple(name for name in every_type(10).columns if name not in ("float", "list"))
"""Columns whose types have one text for a value, so that tokens can be made of them."""
