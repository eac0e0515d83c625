"""A real S3 API over HTTP on a free port of this host, and a bucket for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.s3 import S3Storage, parse_s3
from airflow_privacy.core.io.storage import Storage


@dataclass(frozen=True)
class Bucket:
    """A bucket and the client to look into it."""

    client: Any
    name: str

    def uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def storages(self, uri: str) -> Storage:
        place = parse_s3(uri)
        return S3Storage(self.client, place.bucket, place.key) if place else local_storage(uri)

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        data: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return data

    def objects(self, below: str = "") -> list[str]:
        listed = self.client.list_objects_v2(Bucket=self.name, Prefix=below)
        return [entry["Key"] for entry in listed.get("Contents", ())]

    def unfinished(self) -> list[str]:
        return [upload["Key"] for upload in self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", ())]


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
