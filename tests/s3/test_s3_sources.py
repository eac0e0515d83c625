"""Sources on S3: the same table as from disk, spooled privately and gone afterwards."""

from __future__ import annotations

import gc
import gzip
import tempfile

import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.source import open_source

FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "ü"]})


def parquet(frame):
    import io

    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


CONTENTS = {
    "parquet": parquet(FRAME),
    "csv": FRAME.write_csv().encode(),
    "jsonl": FRAME.write_ndjson().encode(),
    "csv in gzip": gzip.compress(FRAME.write_csv().encode()),
    "csv in utf-16": FRAME.write_csv().encode("utf-16"),
}


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def whole(source, rows=2):
    return pl.concat(source.slabs(rows=rows))


@pytest.mark.parametrize("kind", list(CONTENTS))
def test_an_object_is_the_same_table_as_a_file(bucket, tmp_path, kind):
    bucket.put("raw/people", CONTENTS[kind])
    (tmp_path / "people").write_bytes(CONTENTS[kind])
    there = open_source(bucket.uri("raw/people"), storages=bucket.storages)
    here = open_source(str(tmp_path / "people"))
    assert whole(there).equals(whole(here))
    assert whole(there).equals(FRAME)
    assert (there.digest, there.columns, there.rows, there.format) == (here.digest, here.columns, here.rows, here.format)


def test_a_partitioned_folder_is_the_same_table_as_on_disk(bucket, tmp_path):
    for country, frame in (("DE", FRAME[:2]), ("S%C3%A3o%20Paulo", FRAME[2:]), ("__HIVE_DEFAULT_PARTITION__", FRAME[:1])):
        bucket.put(f"raw/t/year=2024/city={country}/part-0.parquet", parquet(frame))
        folder = tmp_path / "t" / "year=2024" / f"city={country}"
        folder.mkdir(parents=True)
        frame.write_parquet(folder / "part-0.parquet")
    bucket.put("raw/t/_SUCCESS", b"")
    bucket.put("raw/t/year=2024/", b"")
    there = open_source(bucket.uri("raw/t"), storages=bucket.storages)
    here = open_source(str(tmp_path / "t"))
    assert whole(there).equals(whole(here))
    assert whole(there)["city"].to_list() == ["DE", "DE", "São Paulo", None]
    assert there.digest == here.digest


def test_an_object_that_is_overwritten_later_does_not_change_what_was_opened(bucket):
    bucket.put("raw/people", CONTENTS["csv"])
    source = open_source(bucket.uri("raw/people"), storages=bucket.storages)
    bucket.put("raw/people", b"other\n1\n")
    assert whole(source).equals(FRAME)


def test_the_spool_is_private_and_gone_with_the_source(bucket, temporary):
    bucket.put("raw/people", CONTENTS["csv in gzip"])
    source = open_source(bucket.uri("raw/people"), storages=bucket.storages)
    (spool,) = temporary.iterdir()
    assert spool.stat().st_mode & 0o777 == 0o700
    assert len([path for path in spool.iterdir() if path.name != "lock"]) == 1  # the compressed one is gone already
    del source
    gc.collect()
    assert list(temporary.iterdir()) == []


def test_a_refused_object_leaves_no_spool(bucket, temporary):
    bucket.put("raw/people", b"a,b\n1,canary@example.com,2\n")
    with pytest.raises(BadInput, match="ragged-row") as caught:
        open_source(bucket.uri("raw/people"), storages=bucket.storages)
    assert bucket.uri("raw/people") in str(caught.value)
    assert "canary" not in str(caught.value)
    del caught
    gc.collect()
    assert list(temporary.iterdir()) == []


def test_nothing_there_is_refused(bucket):
    for key in ("raw/people", ""):
        with pytest.raises(BadInput, match="missing-file"):
            open_source(bucket.uri(key), storages=bucket.storages)


def test_markers_alone_are_an_empty_folder(bucket):
    bucket.put("raw/t/_SUCCESS", b"")
    with pytest.raises(BadInput, match="empty-folder"):
        open_source(bucket.uri("raw/t"), storages=bucket.storages)
