"""A process for the crash tests: removes the expired rows of ``shop.orders``, and is killed by its parent on the way.

``python purge_sql_worker.py SOCKET PORT``
"""

from __future__ import annotations

import sys
from pathlib import Path

from postgres import PostgresServer
from purge_sql_case import by_age, rows_at

from airflow_privacy.core.io.purge.target import Pace

if __name__ == "__main__":
    target = rows_at(PostgresServer(Path(sys.argv[1]), int(sys.argv[2])), "orders", by_age())
    step = target.find().step
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    target.remove(step, (), pace=Pace(lock_ms=10), progress=lambda *_: None)
