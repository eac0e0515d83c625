"""What deleting expired rows from PostgreSQL costs, and how long a writer waits meanwhile.

Two million orders of customers (a foreign key), 30 in 100 of them expired, on a server of its own with the tests' settings
(``fsync=off``, 64 MB of shared buffers). ``purge.postgres`` is rows deleted in a second, without a throttle, from the beginning
of ``remove`` to its end; ``purge.postgres_ratio`` its seconds over those of one plain DELETE of the same rows. ``…_referred`` is
the same where lines refer to orders that stay, so that the database looks for a referrer of each row that goes.

``purge.postgres_max_wait_ms`` is the longest that one UPDATE of a random order took while rows went, in a process of its own;
``…_writer_alone_ms`` the longest without a purge, and ``…_plain_delete_wait_ms`` beside the plain DELETE.
``purge.postgres_throttle`` is the rate that came of 20,000 rows a second.

Each side runs three times on a new table, in turn; medians, and for waits the longest of all. ``--quick`` has a tenth of them.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path

from fresh import Show, run

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from postgres import PostgresServer, installed, running
from purge_sql_case import by_age, rows_at

from airflow_privacy.core.io.purge.target import Pace

_EXPIRED = "at < timestamptz '2024-02-01 00:00Z'"


def make(server: PostgresServer, rows: int, *, referred: bool) -> int:
    """New tables; how many orders are expired."""
    server.run(
        "DROP SCHEMA IF EXISTS shop CASCADE",
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.customers (id int PRIMARY KEY, name text)",
        "CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer int NOT NULL REFERENCES shop.customers, "
        "at timestamptz, note text)",
        f"INSERT INTO shop.customers SELECT n, md5(n::text) FROM generate_series(1, {rows // 10}) n",
        f"INSERT INTO shop.orders SELECT n, 1 + n % {rows // 10}, timestamptz '2025-12-31 12:00Z' - interval '1 day' "
        f"* (n % 1000), md5(n::text) FROM generate_series(1, {rows}) n",
    )
    if referred:
        server.run(
            "CREATE TABLE shop.lines (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES shop.orders)",
            "CREATE INDEX ON shop.lines (order_id)",
            f"INSERT INTO shop.lines SELECT id, id FROM shop.orders WHERE NOT {_EXPIRED} AND id % 7 = 0",
        )
    server.run("VACUUM ANALYZE shop.orders", "CHECKPOINT")
    return int(server.run(f"SELECT count(*) FROM shop.orders WHERE {_EXPIRED}")[0][0])


def ours(server: PostgresServer, pace: Pace | None = None) -> float:
    """Seconds of removal."""
    target = rows_at(server, "orders", by_age(), reuse_space=False)
    step = target.find().step
    begun = time.perf_counter()
    target.remove(step, (), pace=pace or Pace(), progress=lambda *_: None)
    took = time.perf_counter() - begun
    looked = target.look_again(step, ())
    assert (looked.left, looked.gone) == (0, step.counts["expired"]), looked
    return took


def plain(server: PostgresServer) -> float:
    """Seconds of one DELETE."""
    begun = time.perf_counter()
    server.run(f"DELETE FROM shop.orders WHERE {_EXPIRED}")
    return time.perf_counter() - begun


def write(server: PostgresServer, rows: int, ready: Event, done: Event, out: str) -> None:
    """Update random orders, a transaction each, and keep the longest."""
    longest, number, chosen = 0.0, 0, random.Random(0)
    with server.connect(autocommit=True) as connection:
        ready.set()
        while not done.is_set():
            begun = time.perf_counter()
            connection.execute(f"UPDATE shop.orders SET note = 'x' WHERE id = {chosen.randint(1, rows)}")
            longest = max(longest, time.perf_counter() - begun)
            number += 1
    Path(out).write_text(f"{longest} {number}")


def beside_writer(server: PostgresServer, rows: int, folder: Path, work: Callable[[], object]) -> float:
    """The longest that the writer waited while *work* was done, in milliseconds."""
    spawn = multiprocessing.get_context("spawn")
    ready, done, out = spawn.Event(), spawn.Event(), folder / "waits"
    writer = spawn.Process(target=write, args=(server, rows, ready, done, str(out)))
    writer.start()
    ready.wait()
    try:
        work()
    finally:
        done.set()
        writer.join()
    return float(out.read_text().split()[0]) * 1000


def figures(quick: bool, folder: Path, show: Show) -> None:
    """All of them."""
    programs = installed()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    rows, turns = (200_000, 1) if quick else (2_000_000, 3)
    with running(programs) as server:
        for name, referred in (("purge.postgres", False), ("purge.postgres_referred", True)):
            seconds: dict[str, list[float]] = {"ours": [], "plain": []}
            expired = 0
            for _ in range(turns):
                expired = make(server, rows, referred=referred)
                seconds["plain"].append(plain(server))
                make(server, rows, referred=referred)
                seconds["ours"].append(ours(server))
            mine, other = statistics.median(seconds["ours"]), statistics.median(seconds["plain"])
            show(name, expired / mine, "rows/s")
            show(f"{name}_ratio", mine / other, "times one plain DELETE")
        waits: list[float] = []
        for _ in range(turns):
            make(server, rows, referred=True)
            waits.append(beside_writer(server, rows, folder, lambda: ours(server)))
        show("purge.postgres_max_wait_ms", max(waits), "ms")
        show("purge.postgres_writer_alone_ms", beside_writer(server, rows, folder, lambda: time.sleep(10)), "ms")
        make(server, rows, referred=True)
        show("purge.postgres_plain_delete_wait_ms", beside_writer(server, rows, folder, lambda: plain(server)), "ms")
        expired = make(server, min(rows, 500_000), referred=True)
        show("purge.postgres_throttle", expired / ours(server, Pace(rows_per_second=20_000)), "rows/s, asked for 20,000")


if __name__ == "__main__":
    raise SystemExit(run(__doc__, {}, figures, quick="a tenth of the rows, once"))
