"""Which connection a URI is opened with."""

from __future__ import annotations

import json

import pytest
from s3_bucket import Bucket

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.local import LocalStorage
from airflow_privacy.hooks.storage import connection_storages


@pytest.fixture
def connections(object_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("airflow")
    document = {
        "conn_type": "aws", "login": "nobody", "password": "nothing",
        "extra": {"endpoint_url": object_store, "region_name": "us-east-1"},
    }  # fmt: skip
    for name in ("STORE", "AWS_DEFAULT"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(document))


@pytest.mark.usefixtures("connections")
@pytest.mark.parametrize("login", ["store@", ""])
def test_an_object_is_read_with_the_connection_that_the_uri_names_or_the_default(bucket: Bucket, login: str) -> None:
    bucket.put("a/b", b"x")
    storage = connection_storages()(f"s3://{login}{bucket.name}/a")
    assert storage.names() == ["b"]
    assert "store" not in storage.uri


@pytest.mark.usefixtures("connections")
def test_a_connection_that_is_not_there_is_refused_and_not_replaced_by_the_workers_own_rights() -> None:
    with pytest.raises(BadInput, match=r"no-connection.*nowhere"):
        connection_storages()("s3://nowhere@bucket/a")


def test_paths_need_no_connection() -> None:
    assert isinstance(connection_storages()("/data/x"), LocalStorage)
