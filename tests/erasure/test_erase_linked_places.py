"""A contract whose places are linked tables: a row that is named itself and refers to one that is, goes and counts once."""

from __future__ import annotations

import pytest
from erase_case import EraseCase, erase_case
from postgres import PostgresServer, databases_at

from airflow_privacy.core.model.purge import PurgePlan
from airflow_privacy.core.pipeline.erase import run_erasure
from airflow_privacy.core.pipeline.erase_verify import verify_erasure
from airflow_privacy.core.pipeline.workspace import Caller

WHO, OTHER = "ada@mail.example", "bob@mail.example"
CALLER = Caller(actor="olivia")


@pytest.fixture
def shop(server: PostgresServer) -> PostgresServer:
    """Ada's order has a line in her name and one in nobody's; a line of Bob's order is in her name."""
    server.run(
        "drop schema if exists linked_places cascade",
        "create schema linked_places",
        "create table linked_places.orders (id int primary key, customer text)",
        "create table linked_places.lines (id int primary key, order_id int not null references linked_places.orders)",
        "alter table linked_places.lines add customer text",
        f"insert into linked_places.orders values (1, '{WHO}'), (2, '{OTHER}')",  # noqa: S608 - the test's own
        f"insert into linked_places.lines values (1, 1, '{WHO}'), (2, 1, null), (3, 2, '{WHO}'), (4, 2, '{OTHER}')",  # noqa: S608
    )
    return server


@pytest.mark.parametrize("tables", [("lines", "orders"), ("orders", "lines")])
def test_every_way_to_a_row_counts_and_the_row_counts_once(
    shop: PostgresServer, tables: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    case: EraseCase = erase_case(tmp_path_factory.mktemp("linked"), databases=databases_at(shop))
    first, second = (f"sql://pg/linked_places.{table}" for table in tables)
    path = case.contract("orders", first, "customer")
    one = f'  - {{server: main, type: local, path: "{first}"}}\n'
    path.write_text(path.read_text().replace(one, one + one.replace(first, second).replace("main", "also")))
    plan = case.planned(case.request({"customer": WHO}))
    steps = case.workspace.artifacts.get(PurgePlan, plan).steps
    assert [(step.uri.rpartition(".")[2], step.counts["expired"]) for step in steps] == [("lines", 3), ("orders", 1)]
    done = run_erasure(case.workspace, CALLER, plan=plan)
    assert done.ref is not None and done.certificate is not None
    assert sum(one.gone for one in done.certificate.looked) == 4
    assert shop.run("select id from linked_places.orders") == [(2,)]
    assert shop.run("select id from linked_places.lines") == [(4,)]
    verify_erasure(case.workspace, CALLER, certificate=done.ref)
