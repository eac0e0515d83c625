from __future__ import annotations

import os
import subprocess
import sys
import time

import msgspec
import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError
from airflow_privacy.core.io import local, version_files
from airflow_privacy.core.io.local import LocalStorage
from airflow_privacy.core.io.version import open_version, read_manifest, write_version
from airflow_privacy.core.model.dataset import Dataset, version_of
from airflow_privacy.core.model.refs import ColumnType

PLAN = "sha256:" + "1" * 64
FRAMES = [pl.DataFrame({"a": [1, 2, 3]}), pl.DataFrame({"a": [4]})]


def parts(folder):
    for index, frame in enumerate(FRAMES):
        frame.write_parquet(folder / f"part-{index:05d}.parquet")


def dataset_of(uri, manifest):
    rows = sum(file.rows for file in manifest.files)
    return Dataset(
        uri=str(uri),
        version=manifest.version,
        plan=manifest.plan,
        sources=(),
        rows=rows,
        rows_read=rows,
        rows_suppressed=0,
        columns=(ColumnType(name="a", dtype="integer"),),
        files=manifest.files,
    )


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_version_lies_where_the_layout_says(tmp_path):
    manifest = write_version(str(tmp_path / "d"), PLAN, parts)
    folder = f"versions/{manifest.version}"
    assert tree(tmp_path / "d") == [
        "versions",
        folder,
        f"{folder}/manifest.json",
        f"{folder}/part-00000.parquet",
        f"{folder}/part-00001.parquet",
    ]
    assert manifest.version == version_of(manifest.files, PLAN)
    assert [file.rows for file in manifest.files] == [3, 1]
    assert read_manifest(str(tmp_path / "d"), manifest.version) == manifest


def test_writing_again_gives_the_same_version_and_touches_nothing(tmp_path):
    first = write_version(str(tmp_path), PLAN, parts)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    assert write_version(f"file://{tmp_path}", PLAN, parts) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before
    assert tree(tmp_path)[0] == "versions"


def test_another_plan_gives_another_version(tmp_path):
    assert write_version(str(tmp_path), PLAN, parts).version != write_version(str(tmp_path), PLAN[:-1] + "2", parts).version


def test_each_chunk_has_its_digest(tmp_path, monkeypatch):
    monkeypatch.setattr(version_files, "CHUNK_BYTES", 100)
    file = write_version(str(tmp_path), PLAN, parts).files[0]
    assert len(file.chunks) == -(-file.bytes // 100) > 1


def test_a_version_can_be_read_again_and_again(tmp_path):
    opened = open_version(dataset_of(tmp_path, write_version(str(tmp_path), PLAN, parts)))
    assert opened.rows == 4
    for _ in range(2):
        assert pl.concat(opened.slabs())["a"].to_list() == [1, 2, 3, 4]
    assert opened.frame().collect()["a"].to_list() == [1, 2, 3, 4]


def test_a_folder_name_that_looks_like_a_partition_adds_no_column(tmp_path):
    home = tmp_path / "day=2024-01-01" / "[a]*"
    opened = open_version(dataset_of(home, write_version(str(home), PLAN, parts)))
    assert opened.frame().collect().columns == ["a"]
    assert pl.concat(opened.slabs()).columns == ["a"]


def test_a_failure_leaves_nothing_behind(tmp_path):
    def broken(folder):
        parts(folder)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write_version(str(tmp_path / "new" / "d"), PLAN, broken)
    assert tree(tmp_path) == []


def test_a_failure_leaves_other_versions_alone(tmp_path):
    write_version(str(tmp_path), PLAN, parts)
    before = content(tmp_path)
    with pytest.raises(BadInput, match="empty-version"):
        write_version(str(tmp_path), PLAN, lambda _: None)
    assert content(tmp_path) == before


@pytest.mark.parametrize("name", ["part.txt", ".hidden.parquet", "manifest.json", "a b.parquet"])
def test_anything_but_parts_is_refused(tmp_path, name):
    with pytest.raises(VerificationError, match="malformed-part-name"):
        write_version(str(tmp_path), PLAN, lambda folder: (folder / name).write_bytes(b"x"))


def test_a_folder_or_link_among_the_parts_is_refused(tmp_path):
    with pytest.raises(VerificationError, match="not-a-regular-file"):
        write_version(str(tmp_path), PLAN, lambda folder: (folder / "part-00000.parquet").mkdir())
    with pytest.raises(VerificationError, match="not-a-regular-file"):
        write_version(str(tmp_path), PLAN, lambda folder: (folder / "part-00000.parquet").symlink_to("/etc/passwd"))


def test_a_part_that_is_no_parquet_is_refused(tmp_path):
    with pytest.raises(BadInput, match="not-parquet") as caught:
        write_version(str(tmp_path), PLAN, lambda folder: (folder / "part-00000.parquet").write_bytes(b"canary"))
    assert "canary" not in str(caught.value)


def test_other_places_than_the_file_system_are_refused():
    for uri in ("s3://bucket/d", "file://host/d"):
        with pytest.raises(BadInput, match="unsupported-location"):
            write_version(uri, PLAN, parts)


def test_a_damaged_version_is_not_taken_for_a_retry(tmp_path):
    manifest = write_version(str(tmp_path), PLAN, parts)
    (tmp_path / "versions" / manifest.version / "part-00001.parquet").unlink()
    with pytest.raises(VerificationError, match=r"files-differ.*part-00001"):
        write_version(str(tmp_path), PLAN, parts)


def test_what_killed_runs_left_is_removed_after_a_day_only(tmp_path):
    for name, age in ((".tmp-old", 25), (".tmp-new", 1)):
        (tmp_path / name).mkdir()
        then = time.time() - age * 3600
        os.utime(tmp_path / name, (then, then))
    write_version(str(tmp_path), PLAN, parts)
    assert {path.name for path in tmp_path.iterdir()} == {".tmp-new", "versions"}


def test_a_full_disk_can_be_tried_again(tmp_path, monkeypatch):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(local, "flush_file", full)
    with pytest.raises(StorageUnavailable, match="No space left"):
        write_version(str(tmp_path / "d"), PLAN, parts)
    assert tree(tmp_path) == []


def test_two_writers_of_one_version_agree(tmp_path):
    def second_comes_first(folder):
        parts(folder)
        write_version(str(tmp_path), PLAN, parts)

    manifest = write_version(str(tmp_path), PLAN, second_comes_first)
    assert content(tmp_path / "versions" / manifest.version).keys() == {"manifest.json", *(f.path for f in manifest.files)}


_KILLED = """
import os, signal, sys
import polars as pl
from airflow_privacy.core.io import local, version
name = sys.argv[1]
owner = local if hasattr(local, name) else version
real = getattr(owner, name)
def dying(*args):
    if len(sys.argv) > 3:
        real(*args)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, dying)
def parts(folder):
    pl.DataFrame({"a": [1, 2, 3]}).write_parquet(folder / "part-00000.parquet")
    pl.DataFrame({"a": [4]}).write_parquet(folder / "part-00001.parquet")
version.write_version(sys.argv[2], "sha256:" + "1" * 64, parts)
"""


@pytest.mark.parametrize("moment", [["_rows"], ["write_durably"], ["move_into_place"], ["move_into_place", "after"]])
def test_a_kill_at_any_moment_and_another_run_give_the_same_version(tmp_path, moment):
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, moment[0], str(tmp_path / "killed"), *moment[1:]], capture_output=True, check=False
    )
    assert done.returncode == -9
    shown = list((tmp_path / "killed").glob("versions/*"))
    assert len(shown) == (1 if moment[1:] else 0)
    again = write_version(str(tmp_path / "killed"), PLAN, parts)
    alone = write_version(str(tmp_path / "alone"), PLAN, parts)
    assert again == alone
    assert content(tmp_path / "killed" / "versions") == content(tmp_path / "alone" / "versions")


class TestOpening:
    @pytest.fixture
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.setattr(version_files, "CHUNK_BYTES", 100)
        self.dataset = dataset_of(tmp_path, write_version(str(tmp_path), PLAN, parts))
        return tmp_path / "versions" / self.dataset.version

    def test_a_changed_byte_names_file_and_chunk(self, folder):
        path = folder / "part-00000.parquet"
        data = bytearray(path.read_bytes())
        data[250] ^= 1
        path.write_bytes(data)
        with pytest.raises(VerificationError, match=r"chunk-differs.*Chunk 2 of 'part-00000.parquet'"):
            open_version(self.dataset)

    @pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"x", lambda _: b"", lambda data: data[:200]])
    def test_a_changed_size_names_the_file(self, folder, change):
        path = folder / "part-00001.parquet"
        path.write_bytes(change(path.read_bytes()))
        with pytest.raises(VerificationError, match="part-00001"):
            open_version(self.dataset)

    def test_an_additional_file_is_refused(self, folder):
        (folder / "part-00002.parquet").write_bytes(b"x")
        with pytest.raises(VerificationError, match=r"files-differ.*part-00002"):
            open_version(self.dataset)

    def test_a_missing_file_is_refused(self, folder):
        (folder / "part-00001.parquet").unlink()
        with pytest.raises(VerificationError, match=r"files-differ.*part-00001"):
            open_version(self.dataset)

    def test_a_missing_version_is_refused(self, folder):
        folder.rename(folder.with_name("0" * 16))
        with pytest.raises(VerificationError, match="version-missing"):
            open_version(self.dataset)

    def test_a_link_to_the_same_bytes_is_refused(self, folder, tmp_path):
        target = tmp_path / "elsewhere"
        (folder / "part-00000.parquet").rename(target)
        (folder / "part-00000.parquet").symlink_to(target)
        with pytest.raises(VerificationError, match="not-a-regular-file"):
            open_version(self.dataset)

    def test_a_version_folder_that_is_a_link_is_refused(self, folder):
        folder.rename(folder.with_name("elsewhere"))
        folder.symlink_to("elsewhere")
        with pytest.raises(VerificationError, match="version-missing"):
            open_version(self.dataset)

    def test_a_changed_manifest_is_refused(self, folder):
        path = folder / "manifest.json"
        path.write_bytes(path.read_bytes().replace(b'"rows":3', b'"rows":4'))
        with pytest.raises(VerificationError, match="manifest-differs"):
            open_version(self.dataset)

    def test_files_and_manifest_changed_together_are_refused(self, folder, tmp_path):
        other = write_version(
            str(tmp_path / "other"), PLAN, lambda to: pl.DataFrame({"a": [9]}).write_parquet(to / "part-00000.parquet")
        )
        for path in folder.iterdir():
            path.unlink()
        for path in (tmp_path / "other" / "versions" / other.version).iterdir():
            path.rename(folder / path.name)
        with pytest.raises(VerificationError):
            open_version(self.dataset)

    @pytest.mark.parametrize(
        "field", [{"version": "0" * 16}, {"version": "../../x"}, {"plan": "sha256:" + "2" * 64}, {"rows": 5}]
    )
    @pytest.mark.usefixtures("folder")
    def test_an_artifact_that_contradicts_itself_is_refused(self, field):
        with pytest.raises(VerificationError):
            open_version(msgspec.structs.replace(self.dataset, **field))


def test_a_part_that_leads_out_of_the_folder_is_refused(tmp_path):
    manifest = write_version(str(tmp_path), PLAN, parts)
    files = (msgspec.structs.replace(manifest.files[0], path="../x.parquet"), manifest.files[1])
    with pytest.raises(VerificationError, match="malformed-part-name"):
        version_files.check_names(LocalStorage(tmp_path), msgspec.structs.replace(manifest, files=files))
