"""A key service over HTTP on a free port of this host, and the connections that lead to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from s3_bucket import aws_client


@pytest.fixture(scope="session")
def client(object_store: str) -> Iterator[Any]:
    made = aws_client("kms", object_store)
    yield made
    made.close()


@pytest.fixture
def key(client: Any) -> str:
    return str(client.create_key()["KeyMetadata"]["KeyId"])


@pytest.fixture
def connections(object_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {
        "conn_type": "aws", "login": "nobody", "password": "nothing",
        "extra": {"endpoint_url": object_store, "region_name": "us-east-1", "config_kwargs": {"retries": {"max_attempts": 1}}},
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_KEYS", json.dumps(document))
    document["extra"]["endpoint_url"] = "http://127.0.0.1:9"
    monkeypatch.setenv("AIRFLOW_CONN_NOWHERE", json.dumps(document))
