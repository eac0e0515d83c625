"""DAGs that look at tables by operator and by decorator: every path comes with the run."""

from __future__ import annotations

LOOKING_DAG = """\
import polars as pl
from airflow.sdk import DAG, task

from airflow_privacy.operators import DetectPiiOperator


def given(name):
    return "{{ dag_run.conf['" + name + "'] }}"


with DAG("looking", schedule=None, max_active_runs=16):
    DetectPiiOperator(task_id="look", source=given("source"), contract=given("contract"))

    @task.detect(stage=given("stage"), contract=given("contract"))
    def people(path):
        return pl.read_parquet(path)

    people(given("source"))

with DAG("looking_freely", schedule=None, max_active_runs=16):
    DetectPiiOperator(task_id="look", source=given("source"))
"""
