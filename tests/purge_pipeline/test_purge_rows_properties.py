"""Whatever rows a table has: those that are expired and held by nobody go, and every other row stays."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from purge_case import CALLER, NOW, PurgeCase, purge_case

from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.pipeline.purge import plan_purge, run_purge

TODAY = NOW.replace(hour=0, minute=0)
HELD = "ada@b.c"

anchors = st.one_of(st.none(), st.dates(date(2023, 6, 1), date(2025, 1, 1)).map(str), st.sampled_from(["", "n/a", "2024-02-30"]))
mails = st.sampled_from([None, HELD, HELD.upper(), "eve@b.c", " "])


@dataclass(frozen=True)
class Lite:
    """A SQLite file."""

    path: Path
    dialect: str = "sqlite"

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path)

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> PurgeCase:
    made = purge_case(tmp_path_factory.mktemp("rows"), {})
    place_hold(made.workspace, CALLER, dataset="visits", owner="olivia", because="a case", subject=HELD)
    return made


def must_go(anchor: str | None, mail: str | None) -> bool:
    try:
        day = datetime.fromisoformat(f"{anchor}T00:00:00+00:00")
    except ValueError:
        return False
    held = mail is None or not mail.strip() or mail.casefold() == HELD
    return not held and day + timedelta(days=1 + 30) <= TODAY


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(anchors, mails), max_size=20))
def test_exactly_the_expired_rows_that_nobody_holds_go(case: PurgeCase, rows: list[tuple[str | None, str | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Lite(Path(folder) / "db")
        with database.connect() as connection:
            connection.execute("create table visits (id integer primary key, day text, mail text)")
            connection.executemany("insert into visits values (?, ?, ?)", [(n, *row) for n, row in enumerate(rows)])
        connection.close()
        workspace = replace(case.workspace, databases=lambda _: database)
        places = ("sql://lite/main.visits",)
        plan = plan_purge(workspace, CALLER, contract=case.contract, max_share=1.0, places=places).ref
        going = {number for number, row in enumerate(rows) if must_go(*row)}
        assert plan.counts.get("expired", 0) == len(going)
        run_purge(workspace, CALLER, plan=plan)
        with database.connect() as connection:
            left = {number for (number,) in connection.execute("select id from visits")}
        connection.close()
        assert left == set(range(len(rows))) - going
