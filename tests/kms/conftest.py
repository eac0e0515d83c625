"""A key service over HTTP on a free port of this host, and the connections that lead to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def client(endpoint: str) -> Iterator[Any]:
    made = boto3.client(
        "kms",
        endpoint_url=endpoint,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 1}),
    )
    yield made
    made.close()


@pytest.fixture
def key(client: Any) -> str:
    return str(client.create_key()["KeyMetadata"]["KeyId"])


@pytest.fixture
def connections(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {
        "conn_type": "aws", "login": "nobody", "password": "nothing",
        "extra": {"endpoint_url": endpoint, "region_name": "us-east-1", "config_kwargs": {"retries": {"max_attempts": 1}}},
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_KEYS", json.dumps(document))
    document["extra"]["endpoint_url"] = "http://127.0.0.1:9"
    monkeypatch.setenv("AIRFLOW_CONN_NOWHERE", json.dumps(document))
