"""Tables with rows of many ages in a database, and rules that let some of them go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from postgres import PostgresServer, databases_at

from airflow_privacy.core.io.purge.table_rows import table_rows_target
from airflow_privacy.core.io.purge.target import Before, OneOf, Pace, Rule, Target
from airflow_privacy.core.model.purge import Looked, Step
from airflow_privacy.core.retention.disposition import Period, dispositions, last_moment

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = "shop"


def by_age(column: str = "at", *, days: int = 700, zone: str = "UTC", held: Sequence[int] = ()) -> Rule:
    """What is older than so many days; rows whose ``id`` is *held* stay."""
    period = Period(days=days, zone=zone)

    def judge(rows: pl.DataFrame) -> pl.Series:
        covered = rows["id"].is_in(list(held)) if held else None
        return dispositions(rows[column], period, now=NOW, held=covered)

    bound = Before(column=column, moment=last_moment(NOW, period))
    return Rule(columns=(column, "id") if held else (column,), judge_rows=judge, bound=bound)


def by_value(column: str, *values: Any, held: Sequence[Any] = ()) -> Rule:
    """What has one of these values in a column."""

    def judge(rows: pl.DataFrame) -> pl.Series:
        value = pl.col(column)
        found = pl.when(value.is_in(list(held))).then(pl.lit("held")).when(value.is_in(list(values))).then(pl.lit("expired"))
        return rows.select(found.otherwise(pl.lit("young"))).to_series()

    return Rule(columns=(column,), judge_rows=judge, bound=OneOf(column=column, values=pl.Series([*values, *held])))


def orders(server: PostgresServer, *, customers: int = 20_000, rows: int = 100_000) -> None:
    """Orders of customers, over 1000 days: those of days 700 and later, 30 in 100, are expired under :func:`by_age`."""
    server.run(
        f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE",
        f"CREATE SCHEMA {SCHEMA}",
        f"CREATE TABLE {SCHEMA}.customers (id int PRIMARY KEY, at date NOT NULL, name text)",
        f"CREATE TABLE {SCHEMA}.orders (id bigint PRIMARY KEY, customer int NOT NULL REFERENCES {SCHEMA}.customers, "
        "at timestamptz, note text)",
        f"CREATE INDEX ON {SCHEMA}.orders (customer)",
        f"INSERT INTO {SCHEMA}.customers SELECT n, date '2025-12-31' - n % 1000, md5(n::text) "  # noqa: S608
        f"FROM generate_series(1, {customers}) n",
        f"INSERT INTO {SCHEMA}.orders SELECT n, 1 + n % {customers}, timestamptz '2025-12-31 12:00Z' - interval '1 day' "  # noqa: S608
        f"* (n % 1000), md5(n::text) FROM generate_series(1, {rows}) n",
        "ANALYZE",
    )


def rows_at(server: PostgresServer, table: str, rule: Rule, **given: Any) -> Target:
    """The rule at ``shop.table``."""
    return table_rows_target(f"sql://pg/{SCHEMA}.{table}", rule=rule, databases=databases_at(server), now=NOW, **given)


def purge(target: Target, pace: Pace | None = None, step: Step | None = None) -> Looked:
    """Find unless that was done, remove, look again."""
    planned = step or target.find().step
    target.remove(planned, (), pace=pace or Pace(), progress=lambda *_: None)
    return target.look_again(planned, ())


def ids(server: PostgresServer, table: str, column: str = "id") -> list[Any]:
    """What is left in ``shop.table``."""
    return [value for (value,) in server.run(f"SELECT {column} FROM {SCHEMA}.{table} ORDER BY 1")]  # noqa: S608
