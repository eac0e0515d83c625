"""A bucket, and looking into it past the code under test."""

from __future__ import annotations

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
