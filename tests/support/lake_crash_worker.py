"""A process for the crash tests: ``python lake_crash_worker.py URI COLUMN VALUE…`` purges the rows with these values."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from lake_disk import one_of

from airflow_privacy.core.io.purge.lakehouse import lakehouse_target
from airflow_privacy.core.io.purge.target import Pace

if __name__ == "__main__":
    uri, column, *values = sys.argv[1:]
    target = lakehouse_target(uri, rule=one_of(column, *values), now=lambda: datetime.now(UTC))
    step = target.find().step
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    target.remove(step, (), pace=Pace(), progress=lambda *_: None)
