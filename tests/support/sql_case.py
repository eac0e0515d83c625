"""The people of ``people`` in a database: source, staging and destination are schemas of one server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from people import CONTRACT, POLICY, people_frame
from postgres import PostgresServer, databases_at
from steps import Steps, workspace_in

from airflow_privacy.core.io import sql_postgres
from airflow_privacy.core.io.sql import SqlPlace, session

SCHEMAS = ("raw", "staging", "training")


@dataclass(frozen=True)
class SqlCase:
    """As ``people.Case``; each end may be files or a table."""

    contract: Path
    policy: Path
    raw: str
    staging: str
    out: str


def put_table(server: PostgresServer, schema: str, table: str, frame: pl.DataFrame, *, key: str | None = None) -> None:
    """Make a table of the frame's rows, as any program could have."""
    database = databases_at(server)("pg")
    place = SqlPlace("pg", schema, table)
    with session(database, "test") as connection:
        sql_postgres.create_table(database, connection, place, frame.schema)
        sql_postgres.insert_rows(database, connection, place, [frame])
        if key:
            sql_postgres.execute(connection, f"ALTER TABLE {sql_postgres.name_of(database, place)} ADD PRIMARY KEY ({key})")


def sql_steps(
    server: PostgresServer, folder: Path, *, rows: int = 600, staging: str = "sql://pg/staging.people", out: str | None = None
) -> Steps:
    """A release whose source is ``raw.people``."""
    server.run(*(f"DROP SCHEMA IF EXISTS {name} CASCADE" for name in SCHEMAS), *(f"CREATE SCHEMA {name}" for name in SCHEMAS))
    put_table(server, "raw", "people", people_frame(rows=rows), key="person_id")
    contract, policy = folder / "people.contract.yaml", folder / "people.policy.yaml"
    contract.write_text(CONTRACT.format(data=folder / "data"))
    text = POLICY.format(data=folder / "data")
    for name, schema in (("raw", "raw"), ("staging", "staging"), ("training", "training")):
        text = text.replace(f'"{folder / "data"}/{name}"', f'"{folder / "data"}/{name}", "sql://pg/{schema}"')
    policy.write_text(text)
    case = SqlCase(contract, policy, "sql://pg/raw.people", staging, out or "sql://pg/training.people")
    workspace = replace(workspace_in(folder), databases=databases_at(server))
    return Steps(workspace=workspace, case=case)
