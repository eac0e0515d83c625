"""Two public tables, each with a policy that keeps too much and is refused, and with one that passes at k = 5.

They lie outside the project: the DAGs exist where ``PRIVACY_REFERENCE_DATA`` names their folder.
"""

import os
from pathlib import Path

from airflow.sdk import DAG

from airflow_privacy.release import release_dataset

HERE = Path(__file__).parent
DATA = os.environ.get("PRIVACY_DATA", "/data")
TABLES = ("adult", "userdata")

for table in TABLES if Path(os.environ.get("PRIVACY_REFERENCE_DATA", "/nowhere")).is_dir() else ():
    for policy in (f"{table}_as_is", table):
        with DAG(f"release_{policy}", schedule=None, catchup=False, tags=["privacy", "real tables"]):
            release_dataset(
                contract=f"{HERE}/contracts/{table}.yaml",
                policy=f"{HERE}/policies/{policy}.yaml",
                staging=f"{DATA}/staging/{policy}",
                out=f"{DATA}/training/{policy}",
            )
