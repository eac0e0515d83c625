"""The same release in one call: the contract says where the table lies and what it may be used for."""

from pathlib import Path

from airflow.sdk import DAG

from airflow_privacy.release import release_dataset

HERE = Path(__file__).parent

with DAG("release_customers_short", schedule=None, catchup=False, tags=["privacy"]):
    release_dataset(contract=f"{HERE}/contracts/customers.yaml", policy=f"{HERE}/policies/customers.yaml")
