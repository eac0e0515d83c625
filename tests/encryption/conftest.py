"""A real S3 API over HTTP on a free port of this host, and a bucket for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer
from s3_bucket import Bucket


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
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 1}),
    )
    yield made
    made.close()


@pytest.fixture
def bucket(client: Any) -> Bucket:
    name = f"b-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=name)
    return Bucket(client, name)
