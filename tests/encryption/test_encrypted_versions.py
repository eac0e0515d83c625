"""Versions with encrypted parts: retry-stable names over random bytes, on a file system and on S3."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pyarrow.parquet as pq
import pytest
from s3_bucket import Bucket

from airflow_privacy.core.errors import KeyUnavailable, VerificationError
from airflow_privacy.core.io import version_sealed
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.version import check_version, open_version, read_manifest, write_version
from airflow_privacy.core.io.version_copy import copy_version
from airflow_privacy.core.keyring import FileKeys, destroy_scope, init_keys, open_keyring, rotate_scope
from airflow_privacy.core.model.codec import canonical
from airflow_privacy.core.model.dataset import Dataset, Manifest, ManifestFile
from airflow_privacy.core.model.refs import ColumnType

SCOPE = "training/churn/ml-team"
PLAN = "sha256:" + "1" * 64
NAMES = ["Canary Finch", "Canary Wren", "Canary Robin"]


def parts(folder: Path) -> None:
    pl.DataFrame({"a": NAMES}).write_parquet(folder / "part-00000.parquet", compression="uncompressed")
    pl.DataFrame({"a": ["Canary Last"]}).write_parquet(folder / "part-00001.parquet", compression="uncompressed")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    init_keys(tmp_path / "home", scopes=[SCOPE])
    return tmp_path / "home"


@pytest.fixture
def keys(home: Path) -> FileKeys:
    return FileKeys(open_keyring(home), SCOPE)


class Place:
    """A folder of a file system or a bucket, written to and looked into."""

    def __init__(self, base: str, storages: Any, read: Callable[[], dict[str, bytes]]) -> None:
        self.base, self.storages, self.read = base, storages, read

    def write(self, keys: FileKeys | None, name: str = "d", parts: Callable[[Path], None] = parts) -> Manifest:
        return write_version(f"{self.base}/{name}", PLAN, parts, storages=self.storages, encryption=keys)

    def dataset(self, manifest: Manifest, name: str = "d") -> Dataset:
        rows = sum(file.rows for file in manifest.files)
        return Dataset(
            uri=f"{self.base}/{name}", version=manifest.version, plan=PLAN, sources=(), rows=rows, rows_read=rows,
            rows_suppressed=0, columns=(ColumnType(name="a", dtype="string"),), files=manifest.files, scope=SCOPE,
        )  # fmt: skip

    def rows(self, manifest: Manifest, keys: FileKeys | None, name: str = "d") -> list[str]:
        opened = open_version(self.dataset(manifest, name), storages=self.storages, encryption=keys)
        assert opened.frame().collect()["a"].to_list() == pl.concat(opened.slabs())["a"].to_list()
        return pl.concat(opened.slabs())["a"].to_list()


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, bucket: Bucket) -> Place:
    data = tmp_path / "data"
    if request.param == "local":
        return Place(
            str(data), local_storage, lambda: {str(p.relative_to(data)): p.read_bytes() for p in data.rglob("*") if p.is_file()}
        )
    return Place(
        bucket.uri("data"), bucket.storages, lambda: {k.removeprefix("data/"): bucket.get(k) for k in bucket.objects("data")}
    )


def test_no_value_is_in_any_file_and_the_rows_come_back(place: Place, keys: FileKeys) -> None:
    manifest = place.write(keys)
    assert [name for name, data in place.read().items() if b"Canary" in data] == []
    assert place.rows(manifest, keys) == [*NAMES, "Canary Last"]


def test_the_version_is_named_by_what_it_holds_in_clear(place: Place, keys: FileKeys) -> None:
    sealed, clear = place.write(keys), place.write(None, "clear")
    assert sealed.version == clear.version
    assert [file.plain_sha256 for file in sealed.files] == [file.sha256 for file in clear.files]
    assert {file.key for file in sealed.files} == {keys.current()}
    assert not {file.sha256 for file in sealed.files} & {file.sha256 for file in clear.files}


def test_writing_again_decrypts_compares_and_touches_nothing(place: Place, keys: FileKeys) -> None:
    first = place.write(keys)
    before = place.read()
    assert place.write(keys) == first
    assert place.read() == before


def test_a_retry_after_a_rotation_takes_what_is_there(place: Place, keys: FileKeys, home: Path) -> None:
    first = place.write(keys)
    rotate_scope(home, SCOPE)
    again = FileKeys(open_keyring(home), SCOPE)
    assert again.current() != keys.current()
    assert place.write(again) == first
    assert place.rows(first, again) == [*NAMES, "Canary Last"]


def test_a_version_that_lies_there_in_clear_is_not_taken_for_an_encrypted_one(place: Place, keys: FileKeys) -> None:
    place.write(None)
    with pytest.raises(VerificationError, match="version-in-clear"):
        place.write(keys)


def test_a_version_that_holds_other_rows_is_refused(place: Place, keys: FileKeys, tmp_path: Path) -> None:
    stored = place.write(keys)
    parts(tmp_path)
    ours = [tmp_path / "part-00000.parquet", tmp_path / "part-00001.parquet"]
    version_sealed.require_same_rows(place.storages(f"{place.base}/d"), stored, ours, keys)
    pl.DataFrame({"a": [*NAMES[:2], "Canary Hawk"]}).write_parquet(ours[0])
    with pytest.raises(VerificationError, match=r"rows-differ.*part-00000"):
        version_sealed.require_same_rows(place.storages(f"{place.base}/d"), stored, ours, keys)


def test_without_keys_an_encrypted_version_is_checked_and_not_opened(place: Place, keys: FileKeys) -> None:
    dataset = place.dataset(place.write(keys))
    check_version(dataset, storages=place.storages)
    with pytest.raises(KeyUnavailable, match="keys-not-given"):
        open_version(dataset, storages=place.storages)


def test_destroying_the_key_makes_the_version_unreadable(place: Place, keys: FileKeys, home: Path) -> None:
    dataset = place.dataset(place.write(keys))
    destroy_scope(home, SCOPE)
    check_version(dataset, storages=place.storages)
    with pytest.raises(KeyUnavailable, match="key-destroyed"):
        open_version(dataset, storages=place.storages, encryption=FileKeys(open_keyring(home), SCOPE))


def test_nothing_is_written_with_a_destroyed_key(place: Place, home: Path) -> None:
    destroy_scope(home, SCOPE)
    with pytest.raises(KeyUnavailable, match="key-destroyed"):
        place.write(FileKeys(open_keyring(home), SCOPE))
    assert place.read() == {}


def test_a_failure_leaves_nothing_behind(place: Place, keys: FileKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_sealed, "same_rows", lambda *_: False)
    with pytest.raises(VerificationError, match="rows-differ"):
        place.write(keys)
    assert place.read() == {}


def test_of_two_writers_at_once_one_wins_and_both_agree(place: Place, keys: FileKeys) -> None:
    won: list[Manifest] = []
    real = version_sealed._seal

    def second_comes_first(*given: Any) -> ManifestFile:
        if not won:
            won.append(Manifest(version="", plan="", files=()))
            won.append(place.write(keys))
        return real(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(version_sealed, "_seal", second_comes_first)
        lost = place.write(keys)
    assert lost == won[1]
    assert place.rows(lost, keys) == [*NAMES, "Canary Last"]


def test_parts_of_a_writer_that_died_are_swept_away(bucket: Bucket, keys: FileKeys) -> None:
    place = Place(bucket.uri("data"), bucket.storages, dict)
    version = place.write(keys).version
    for key in bucket.objects("data"):
        bucket.client.delete_object(Bucket=bucket.name, Key=key)
    stray = f"data/d/versions/{version}/part-00000.0123456789abcdef.parquet"
    bucket.put(stray, b"of a dead writer")
    manifest = place.write(keys)
    assert stray not in bucket.objects("data")
    assert place.rows(manifest, keys) == [*NAMES, "Canary Last"]


@pytest.mark.parametrize("sealed", [True, False])
def test_what_arrives_is_encrypted_whether_or_not_it_was_before(place: Place, keys: FileKeys, sealed: bool) -> None:
    dataset = place.dataset(place.write(keys if sealed else None))
    for _ in range(2):
        manifest = copy_version(dataset=dataset, out=f"{place.base}/out", storages=place.storages, encryption=keys)
        assert manifest == read_manifest(f"{place.base}/out", dataset.version, storages=place.storages)
        assert (manifest.files == dataset.files) is sealed
        assert place.rows(manifest, keys, "out") == [*NAMES, "Canary Last"]
    assert [name for name, data in place.read().items() if name.startswith("out/") and b"Canary" in data] == []


def test_what_is_encrypted_stays_so_where_nothing_is_asked(place: Place, keys: FileKeys) -> None:
    dataset = place.dataset(place.write(keys))
    assert copy_version(dataset=dataset, out=f"{place.base}/out", storages=place.storages).files == dataset.files


def test_a_copy_of_the_same_rows_encrypted_another_time_is_left(place: Place, keys: FileKeys) -> None:
    first, again = place.dataset(place.write(keys)), place.dataset(place.write(keys, "again"), "again")
    assert first.files != again.files
    out = f"{place.base}/out"
    copied = copy_version(dataset=first, out=out, storages=place.storages, encryption=keys)
    assert copy_version(dataset=again, out=out, storages=place.storages, encryption=keys) == copied


def test_a_changed_byte_in_staging_is_not_encrypted_into_the_destination(tmp_path: Path, keys: FileKeys) -> None:
    place = Place(str(tmp_path), local_storage, dict)
    dataset = place.dataset(place.write(None))
    part = tmp_path / "d/versions" / dataset.version / "part-00000.parquet"
    part.write_bytes(part.read_bytes().replace(b"Canary Finch", b"Canary Hawks"))
    with pytest.raises(VerificationError, match="chunk-differs"):
        copy_version(dataset=dataset, out=str(tmp_path / "out"), encryption=keys)
    assert not (tmp_path / "out").exists()


def test_a_plain_part_under_an_encrypted_name_is_refused(tmp_path: Path, keys: FileKeys) -> None:
    """Who can change manifest and artifact still cannot pass clear rows off as encrypted ones."""
    place = Place(str(tmp_path), local_storage, dict)
    manifest = place.write(None)
    lying = tuple(msgspec.structs.replace(file, plain_sha256=file.sha256, key=keys.current()) for file in manifest.files)
    manifest = msgspec.structs.replace(manifest, files=lying)
    (tmp_path / "d/versions" / manifest.version / "manifest.json").write_bytes(canonical(manifest))
    with pytest.raises(VerificationError, match="not encrypted"):
        open_version(place.dataset(manifest), encryption=keys)


def test_manifests_of_files_in_clear_are_the_bytes_that_they_were(tmp_path: Path) -> None:
    manifest = write_version(str(tmp_path), PLAN, parts)
    assert set(msgspec.json.decode(canonical(manifest))["files"][0]) == {"path", "bytes", "rows", "sha256", "chunks"}


def test_arrow_without_keys_reads_no_part(tmp_path: Path, keys: FileKeys) -> None:
    Place(str(tmp_path), local_storage, dict).write(keys)
    for part in tmp_path.rglob("*.parquet"):
        with pytest.raises(OSError, match="no decryption"):
            pq.read_table(part)
