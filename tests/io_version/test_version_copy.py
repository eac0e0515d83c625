from __future__ import annotations

import msgspec
import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io import version_copy, version_files
from airflow_privacy.core.io.local import LocalStorage
from airflow_privacy.core.io.version import write_version
from airflow_privacy.core.io.version_copy import Current, copy_version, publish, read_current, read_passport
from airflow_privacy.core.model.dataset import Dataset

PLAN = "sha256:" + "1" * 64


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    monkeypatch.setattr(version_files, "CHUNK_BYTES", 100)

    def parts(folder):
        for index in range(3):
            pl.DataFrame({"a": [index] * 5}).write_parquet(folder / f"part-{index:05d}.parquet")

    manifest = write_version(str(tmp_path / "source"), PLAN, parts)
    return Dataset(
        uri=str(tmp_path / "source"),
        version=manifest.version,
        plan=PLAN,
        sources=(),
        rows=15,
        rows_read=15,
        rows_suppressed=0,
        columns=(),
        files=manifest.files,
    )


def part(tmp_path, dataset, index):
    return tmp_path / "source" / "versions" / dataset.version / f"part-{index:05d}.parquet"


def test_a_copy_holds_the_same_bytes(tmp_path, dataset):
    manifest = copy_version(dataset=dataset, out=f"file://{tmp_path / 'a' / 'out'}")
    assert manifest.files == dataset.files
    assert content(tmp_path / "source") == content(tmp_path / "a" / "out")


def test_copying_again_changes_nothing(tmp_path, dataset):
    copy_version(dataset=dataset, out=str(tmp_path / "out"))
    before = content(tmp_path / "out")
    copy_version(dataset=dataset, out=str(tmp_path / "out"))
    assert content(tmp_path / "out") == before


def test_a_copy_that_was_changed_at_the_destination_is_refused(tmp_path, dataset):
    copy_version(dataset=dataset, out=str(tmp_path / "out"))
    (tmp_path / "out" / "versions" / dataset.version / "part-00000.parquet").write_bytes(b"other")
    with pytest.raises(VerificationError, match="part-00000"):
        copy_version(dataset=dataset, out=str(tmp_path / "out"))


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_changed_chunk_aborts_and_nothing_is_to_be_seen(tmp_path, dataset, index):
    path = part(tmp_path, dataset, index)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(VerificationError, match=rf"chunk-differs.*part-0000{index}"):
        copy_version(dataset=dataset, out=str(tmp_path / "a" / "b" / "out"))
    assert not (tmp_path / "a").exists()


def test_an_abort_leaves_what_was_published_alone(tmp_path, dataset):
    out = tmp_path / "out"
    copy_version(dataset=dataset, out=str(out))
    publish(str(out), dataset.version, b"passport")
    before = content(out)
    part(tmp_path, dataset, 1).write_bytes(b"x")
    with pytest.raises(VerificationError):
        copy_version(dataset=dataset, out=str(out))
    assert content(out) == before


def test_bytes_that_change_while_they_are_copied_never_arrive(tmp_path, dataset, monkeypatch):
    sent = []
    real = version_files.checked_chunks

    def slipped(storage, folder, file):
        for chunk in real(storage, folder, file):
            if file.path == "part-00001.parquet":
                part(tmp_path, dataset, 2).write_bytes(b"canary" * 100)
            sent.append(chunk)
            yield chunk

    monkeypatch.setattr(version_copy.files, "checked_chunks", slipped)
    with pytest.raises(VerificationError, match="part-00002"):
        copy_version(dataset=dataset, out=str(tmp_path / "out"))
    assert not any(b"canary" in chunk for chunk in sent)
    assert not (tmp_path / "out").exists()


def test_an_additional_or_missing_file_is_refused(tmp_path, dataset):
    extra = part(tmp_path, dataset, 3)
    extra.write_bytes(b"x")
    with pytest.raises(VerificationError, match="part-00003"):
        copy_version(dataset=dataset, out=str(tmp_path / "out"))
    extra.unlink()
    part(tmp_path, dataset, 2).unlink()
    with pytest.raises(VerificationError, match="part-00002"):
        copy_version(dataset=dataset, out=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_link_in_the_source_is_refused(tmp_path, dataset):
    path = part(tmp_path, dataset, 0)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VerificationError, match="not-a-regular-file"):
        copy_version(dataset=dataset, out=str(tmp_path / "out"))


def test_a_dataset_that_is_not_the_approved_one_is_refused(tmp_path, dataset):
    other = msgspec.structs.replace(dataset, files=dataset.files[:2], rows=10)
    with pytest.raises(VerificationError, match="version-differs"):
        copy_version(dataset=other, out=str(tmp_path / "out"))


def test_nothing_is_published_by_copying(tmp_path, dataset):
    copy_version(dataset=dataset, out=str(tmp_path / "out"))
    with pytest.raises(BadInput, match="not-published"):
        read_current(str(tmp_path / "out"))


def test_publishing_writes_passport_and_pointer(tmp_path, dataset):
    out = str(tmp_path / "out")
    copy_version(dataset=dataset, out=out)
    publish(out, dataset.version, b'{"a":1}')
    current = read_current(out)
    assert current.version == dataset.version
    assert read_passport(out, current) == b'{"a":1}'
    assert tree(tmp_path / "out")[:3] == ["current.json", "passports", f"passports/{current.passport}.json"]
    assert msgspec.json.decode((tmp_path / "out" / "current.json").read_bytes()) == {
        "version": current.version,
        "passport": current.passport,
    }


def test_the_pointer_is_moved_last(tmp_path, dataset, monkeypatch):
    out = str(tmp_path / "out")
    copy_version(dataset=dataset, out=out)
    written = []
    real = LocalStorage.put_if_absent
    monkeypatch.setattr(LocalStorage, "put_if_absent", lambda *call: written.append(call[1]) or real(*call))
    publish(out, dataset.version, b"p")
    assert [name.partition("/")[0] for name in written] == ["passports", "current.json"]


def test_publishing_again_replaces_the_pointer(tmp_path, dataset):
    out = str(tmp_path / "out")
    copy_version(dataset=dataset, out=out)
    publish(out, dataset.version, b"first")
    publish(out, dataset.version, b"second")
    assert read_passport(out, read_current(out)) == b"second"
    assert not [path for path in tree(tmp_path / "out") if ".tmp-" in path]


def test_a_version_that_is_not_there_cannot_be_published(tmp_path, dataset):
    out = tmp_path / "out"
    copy_version(dataset=dataset, out=str(out))
    for version in ("0" * 16, "../../etc"):
        with pytest.raises(VerificationError):
            publish(str(out), version, b"p")
    (out / "versions" / dataset.version / "part-00000.parquet").unlink()
    with pytest.raises(VerificationError):
        publish(str(out), dataset.version, b"p")
    assert not (out / "current.json").exists()


def test_a_changed_passport_is_refused(tmp_path, dataset):
    out = str(tmp_path / "out")
    copy_version(dataset=dataset, out=out)
    publish(out, dataset.version, b"first")
    current = read_current(out)
    (tmp_path / "out" / "passports" / f"{current.passport}.json").write_bytes(b"other")
    with pytest.raises(VerificationError, match="passport-differs"):
        read_passport(out, current)


def test_a_pointer_that_leads_elsewhere_is_refused(tmp_path):
    (tmp_path / "current.json").write_bytes(msgspec.json.encode(Current(version="0" * 16, passport="../../x")))
    with pytest.raises(BadInput, match="malformed-document"):
        read_current(str(tmp_path))
