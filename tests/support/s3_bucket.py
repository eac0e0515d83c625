"""Cloud services over HTTP on this host, a bucket there, and looking into it past the code under test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

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


@contextmanager
def aws_services() -> Iterator[str]:
    """The endpoint of a server with the APIs of S3 and KMS, on a free port."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def aws_client(service: str, endpoint: str) -> Any:
    """A client that tries once."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=endpoint,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 1}),
    )


def new_bucket(client: Any) -> Bucket:
    """A bucket of a new name."""
    name = f"b-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=name)
    return Bucket(client, name)
