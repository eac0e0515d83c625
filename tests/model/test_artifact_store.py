"""Artifacts are read by digest: a changed byte, a wrong kind or a forged place is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.model.purge import Listing
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Evidence

EVIDENCE = Evidence(dataset="sha256:" + "a" * 64, risk="sha256:" + "b" * 64)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def test_what_is_put_comes_back(store: ArtifactStore) -> None:
    assert store.get(Evidence, store.put(EVIDENCE)) == EVIDENCE


def test_putting_twice_gives_the_same_reference(store: ArtifactStore) -> None:
    assert store.put(EVIDENCE) == store.put(EVIDENCE)


def test_one_changed_byte_is_refused(store: ArtifactStore) -> None:
    ref = store.put(EVIDENCE)
    path = Path(ref.uri)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(VerificationError, match="artifact-changed"):
        store.get(Evidence, ref)


def test_a_reference_of_another_kind_is_refused(store: ArtifactStore) -> None:
    ref = store.put(EVIDENCE)
    with pytest.raises(VerificationError, match="wrong-artifact"):
        store.get(Evidence, ArtifactRef(uri=ref.uri, digest=ref.digest, kind="plan"))


def test_the_place_comes_from_the_digest_and_not_from_the_reference(store: ArtifactStore, tmp_path: Path) -> None:
    ref = store.put(EVIDENCE)
    elsewhere = tmp_path / "forged.json"
    elsewhere.write_text("{}")
    assert store.get(Evidence, ArtifactRef(uri=str(elsewhere), digest=ref.digest, kind=ref.kind)) == EVIDENCE


@pytest.mark.parametrize("digest", ["sha256:../../etc/passwd", "../x", "", "sha256:" + "A" * 64])
def test_what_is_no_digest_names_no_file(store: ArtifactStore, digest: str) -> None:
    with pytest.raises(BadInput, match="malformed-digest"):
        store.get(Evidence, ArtifactRef(uri="", digest=digest, kind="evidence"))


def test_a_missing_artifact_says_what_to_do(store: ArtifactStore) -> None:
    with pytest.raises(BadInput, match="Run again"):
        store.find(Evidence, "sha256:" + "c" * 64)


def test_what_holds_names_of_things_is_readable_by_its_owner_alone(store: ArtifactStore) -> None:
    before = os.umask(0)
    try:
        private, shared = (Path(store.put(one).uri).stat().st_mode & 0o777 for one in (Listing(items=()), EVIDENCE))
    finally:
        os.umask(before)
    assert (private, shared) == (0o600, 0o666)
