"""Datasets by OpenLineage's naming."""

from __future__ import annotations

import pytest

from airflow_privacy.lineage.facets import dataset_name


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("/data/x", ("file", "/data/x")),
        ("file:///data/a%20b", ("file", "/data/a b")),
        ("s3://bucket/a/b/", ("s3://bucket", "a/b")),
        ("s3://conn@bucket/a/b", ("s3://bucket", "a/b")),
        ("sql://warehouse/crm.The%20people", ("sql://warehouse", "crm.The people")),
    ],
)
def test_a_uri_becomes_namespace_and_name(uri: str, name: tuple[str, str]) -> None:
    assert dataset_name(uri) == name
