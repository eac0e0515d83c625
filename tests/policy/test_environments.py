"""Which environment a place belongs to: every way to write it, and every way to slip out of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from policy_builders import policy_of

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.policy import Environment, Policy
from airflow_privacy.core.policy.environments import boundary_of, environment_of


def policy_with(**bases: str) -> Policy:
    environments = tuple(Environment(name=name, base_uris=(base,)) for name, base in bases.items())
    return Policy(name="rules", version="1", environments=environments, boundaries=(), rules=())


def refused(reason: str, policy: Policy, uri: str, **given: Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        environment_of(policy, uri, **given)
    assert caught.value.reason == reason
    return caught.value


@pytest.mark.parametrize(
    ("base", "uri"),
    [
        ("/data/raw", "/data/raw"),
        ("/data/raw", "/data/raw/t.parquet"),
        ("/data/raw/", "/data//raw/./deep/t.parquet"),
        ("/data/raw", "file:///data/raw/t.parquet"),
        ("/data/raw", "file://localhost/data/raw/t.parquet"),
        ("/data/raw", "FILE:/data/raw/t.parquet"),
        ("file:///data/raw", "/data/raw/t.parquet"),
        ("/data/raw files", "file:///data/raw%20files/t.parquet"),
        ("s3://bucket/raw", "s3://bucket/raw/t.parquet"),
        ("s3://bucket/raw", "s3a://bucket/raw/t.parquet"),
        ("s3a://bucket/raw", "s3n://bucket/raw/t.parquet"),
        ("S3://bucket", "s3://bucket/raw/t.parquet"),
        ("gs://bucket/raw", "gcs://bucket/raw/t.parquet"),
        ("s3://bucket/raw", "s3://conn@bucket/raw/t.parquet"),
        ("s3://conn@bucket/raw", "s3://conn@bucket/raw/t.parquet"),
        ("sql://conn/schema", "sql://conn/schema.table"),
        ("sql://conn", "sql://conn/schema.table"),
    ],
)
def test_a_place_below_a_base_belongs_to_its_environment(base: str, uri: str) -> None:
    assert environment_of(policy_with(production=base), uri).name == "production"


@pytest.mark.parametrize(
    ("base", "uri"),
    [
        ("/data/raw", "/data/raw2/t.parquet"),
        ("/data/raw", "/data"),
        ("/data/raw", "/data/RAW/t.parquet"),
        ("/data/raw", "s3://data/raw/t.parquet"),
        ("s3://bucket/raw", "s3://bucket/raw2/t.parquet"),
        ("s3://bucket/raw", "s3://bucket2/raw/t.parquet"),
        ("s3://bucket/raw", "gs://bucket/raw/t.parquet"),
        ("s3://conn@bucket/raw", "s3://other@bucket/raw/t.parquet"),
        ("s3://conn@bucket/raw", "s3://bucket/raw/t.parquet"),
        ("sql://conn/schema", "sql://conn/schema2.table"),
        ("sql://conn/schema", "sql://other/schema.table"),
    ],
)
def test_a_place_beside_a_base_belongs_to_no_environment(base: str, uri: str) -> None:
    error = refused("no-environment", policy_with(production=base), uri)
    assert "production" in error.do


@pytest.mark.parametrize(
    "uri",
    [
        "/data/raw/../training/t.parquet",
        "/data/raw/..",
        "../training",
        "file:///data/raw/../training/t.parquet",
        "file:///data/raw/%2e%2e/training/t.parquet",
        "file:///data/raw/%2E%2E%2Ftraining/t.parquet",
        "file:///data/raw/%252e%252e/t.parquet",
        "file:///data/raw/..%5Ctraining/t.parquet",
        "s3://bucket/raw/../training/t.parquet",
        "s3://bucket/raw/%2e%2e/training/t.parquet",
        "s3://bucket/raw%2F..%2Ftraining/t.parquet",
        "sql://conn/../other.table",
    ],
)
def test_two_dots_are_refused_also_encoded(uri: str) -> None:
    refused("path-escape", policy_of(), uri)


def test_names_with_dots_in_them_are_no_escape() -> None:
    assert environment_of(policy_with(production="/data/raw"), "/data/raw/a..b/...").name == "production"


def test_a_link_that_leads_out_belongs_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "training").mkdir()
    (tmp_path / "raw" / "out").symlink_to(tmp_path / "training")
    policy = policy_with(production=str(tmp_path / "raw"), training=str(tmp_path / "training"))
    assert environment_of(policy, str(tmp_path / "raw" / "out" / "t.parquet")).name == "training"


def test_a_link_that_leads_nowhere_declared_belongs_to_no_environment(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "out").symlink_to(tmp_path)
    refused("no-environment", policy_with(production=str(tmp_path / "raw")), str(tmp_path / "raw" / "out" / "t.parquet"))


def test_a_base_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "raw").symlink_to(tmp_path / "real")
    assert (
        environment_of(policy_with(production=str(tmp_path / "raw")), str(tmp_path / "real" / "t.parquet")).name == "production"
    )


def test_relative_places_are_below_the_root(tmp_path: Path) -> None:
    policy = policy_with(production="raw")
    assert environment_of(policy, str(tmp_path / "raw" / "t.parquet"), root=tmp_path).name == "production"


def test_relative_places_are_below_the_working_directory_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert environment_of(policy_with(production=str(tmp_path / "raw")), "raw/t.parquet").name == "production"


def test_the_longest_base_wins() -> None:
    policy = policy_with(production="/data", training="/data/training")
    assert environment_of(policy, "/data/training/t.parquet").name == "training"


@pytest.mark.parametrize("uri", ["", "  ", "/data/raw/a\nb", "/data/raw/a\0b", "s3://bucket/\x1b[2J", "file:///data/raw/%00"])
def test_nothing_and_control_characters_are_refused(uri: str) -> None:
    error = refused("bad-uri", policy_of(), uri)
    assert error.where.isprintable()


@pytest.mark.parametrize("uri", ["1s3://bucket/t", "file://elsewhere/data/raw/t", "://x"])
def test_an_unusable_uri_is_refused(uri: str) -> None:
    refused("bad-uri", policy_of(), uri)


def test_a_password_in_a_uri_is_refused_and_not_repeated() -> None:
    error = refused("secret-in-uri", policy_of(), "s3://user:hunter2@bucket/t")
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("uri", ["s3://token-7@elsewhere/t", "file://u:hunter2@elsewhere/t", "9://user:hunter2@bucket/t"])
def test_a_login_is_in_no_message(uri: str) -> None:
    with pytest.raises(BadInput) as caught:
        environment_of(policy_of(), uri)
    assert "hunter2" not in str(caught.value)
    assert "token-7" not in str(caught.value)


def test_a_boundary_has_a_direction() -> None:
    assert boundary_of(policy_of(), "production", "training").destination == "training"
    with pytest.raises(BadInput, match="no-boundary"):
        boundary_of(policy_of(), "training", "production")
