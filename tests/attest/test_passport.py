"""Passports: one test for each way to fail."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec
import pytest

from airflow_privacy.core.attest.approval import sign_approval
from airflow_privacy.core.attest.dsse import sign_value
from airflow_privacy.core.attest.passport import issue_passport, verify_passport
from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.model.codec import sha256
from airflow_privacy.core.model.levels import KAnonymous
from airflow_privacy.core.model.passport import PAYLOAD_TYPE, Release, Statement, Subject
from airflow_privacy.core.model.release import Approval

FILES = {"part-00000.parquet": sha256(b"zero"), "part-00001.parquet": sha256(b"one")}
RELEASE = Release(
    dataset="file:///lake/customers",
    version="0123456789abcdef",
    manifest=sha256(b"manifest"),
    evidence=sha256(b"evidence"),
    plan=sha256(b"plan"),
    risk=sha256(b"risk"),
    approvals=(sha256(b"approval"),),
    level=KAnonymous(k=5, l=2),
    k=5,
    purpose="churn",
    recipient="ml-team",
    destination="training",
    issued_at="2026-01-01T12:00:00Z",
    expires_at="2026-04-01T12:00:00Z",
    checkpoint="airflow-privacy/test\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
)
SUBJECTS = tuple(Subject(name=name, digest={"sha256": digest.removeprefix("sha256:")}) for name, digest in FILES.items())
STATEMENT = Statement(subject=SUBJECTS, predicate=RELEASE)
NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def passport(signer) -> bytes:
    return issue_passport(STATEMENT, signer)


def reason(passport: bytes, key: bytes, **changes: object) -> str:
    given: dict[str, object] = {"now": NOW, "files": FILES}
    with pytest.raises(VerificationError) as caught:
        verify_passport(passport, key, **(given | changes))  # type: ignore[arg-type]
    return caught.value.reason


def release_but(**changes: object) -> Statement:
    return msgspec.structs.replace(STATEMENT, predicate=msgspec.structs.replace(RELEASE, **changes))


def test_a_passport_comes_back_and_holds(passport, signer) -> None:
    assert verify_passport(passport, signer.public_key, now=NOW, files=FILES) == STATEMENT
    assert verify_passport(passport, signer.public_key, now=NOW, files=FILES, dataset=RELEASE.dataset) == STATEMENT


def test_a_passport_is_an_in_toto_statement_in_dsse(passport) -> None:
    envelope = json.loads(passport)
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"][0] == {"name": "part-00000.parquet", "digest": {"sha256": SUBJECTS[0].digest["sha256"]}}
    assert sorted(statement) == ["_type", "predicate", "predicateType", "subject"]


def test_digests_may_be_bare(passport, signer) -> None:
    bare = {name: digest.removeprefix("sha256:") for name, digest in FILES.items()}
    verify_passport(passport, signer.public_key, now=NOW, files=bare)


@pytest.mark.parametrize("field", Release.__struct_fields__)
def test_an_edited_field_is_refused(passport, signer, field) -> None:
    envelope = json.loads(passport)
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"][field] = {"level": {"level": "raw"}, "k": 6, "approvals": []}.get(field, "other")
    envelope["payload"] = base64.b64encode(json.dumps(statement, separators=(",", ":"), sort_keys=True).encode()).decode()
    assert reason(json.dumps(envelope).encode(), signer.public_key) == "bad-signature"


def test_another_key_is_refused(passport, other_signer) -> None:
    assert reason(passport, other_signer.public_key) == "bad-signature"


def test_a_signed_approval_is_no_passport(signer) -> None:
    approval = Approval(
        evidence="e",
        nonce="n",
        dag_id="d",
        run_id="r",
        task_id="t",
        requester=None,
        responder="bob",
        decision="approve",
        answered_at="2026-01-01T12:00:00Z",
        expires_at="2026-01-01T12:00:00Z",
    )
    assert reason(sign_approval(approval, signer), signer.public_key) == "wrong-payload-type"


def test_an_expired_passport_is_refused(passport, signer) -> None:
    assert reason(passport, signer.public_key, now=datetime(2026, 4, 1, 12, tzinfo=UTC)) == "expired"
    verify_passport(passport, signer.public_key, now=datetime(2026, 4, 1, 11, 59, tzinfo=UTC), files=FILES)


def test_a_passport_from_the_future_is_refused(passport, signer) -> None:
    assert reason(passport, signer.public_key, now=datetime(2026, 1, 1, 11, tzinfo=UTC)) == "issued-in-future"


def test_a_passport_of_another_dataset_is_refused(passport, signer) -> None:
    assert reason(passport, signer.public_key, dataset="file:///lake/other") == "wrong-dataset"


def test_another_datasets_files_are_refused(passport, signer) -> None:
    other = {name: sha256(name.encode()) for name in FILES}
    assert reason(passport, signer.public_key, files=other) == "file-changed"


def test_one_changed_file_is_named(passport, signer) -> None:
    with pytest.raises(VerificationError, match="part-00001") as caught:
        verify_passport(passport, signer.public_key, now=NOW, files=FILES | {"part-00001.parquet": sha256(b"zero")})
    assert caught.value.reason == "file-changed"


def test_two_swapped_files_are_refused(passport, signer) -> None:
    one, two = FILES
    assert reason(passport, signer.public_key, files={one: FILES[two], two: FILES[one]}) == "file-changed"


def test_a_missing_file_is_refused(passport, signer) -> None:
    assert reason(passport, signer.public_key, files={"part-00000.parquet": FILES["part-00000.parquet"]}) == "file-missing"
    assert reason(passport, signer.public_key, files={}) == "file-missing"


def test_an_extra_file_is_refused(passport, signer) -> None:
    assert reason(passport, signer.public_key, files=FILES | {"part-00002.parquet": sha256(b"two")}) == "file-unknown"


class Lazy(Mapping[str, str]):
    def __init__(self, names: list[str]) -> None:
        self.names, self.hashed = names, []

    def __getitem__(self, name: str) -> str:
        self.hashed.append(name)
        return FILES[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def test_no_file_is_hashed_before_signature_and_names_hold(passport, signer, other_signer) -> None:
    extra = Lazy([*FILES, "part-00002.parquet"])
    assert reason(passport, signer.public_key, files=extra) == "file-unknown"
    assert reason(passport, other_signer.public_key, files=extra) == "bad-signature"
    assert extra.hashed == []
    whole = Lazy(list(FILES))
    verify_passport(passport, signer.public_key, now=NOW, files=whole)
    assert sorted(whole.hashed) == sorted(FILES)


MALFORMED = {
    "no file": msgspec.structs.replace(STATEMENT, subject=()),
    "a file twice": msgspec.structs.replace(STATEMENT, subject=(SUBJECTS[0], SUBJECTS[0])),
    "no digest": msgspec.structs.replace(STATEMENT, subject=(Subject(name="a", digest={}),)),
    "another digest": msgspec.structs.replace(STATEMENT, subject=(Subject(name="a", digest={"sha1": "0" * 40}),)),
    "a prefixed digest": msgspec.structs.replace(STATEMENT, subject=(Subject(name="a", digest={"sha256": sha256(b"")}),)),
    "another type": msgspec.structs.replace(STATEMENT, type_="https://in-toto.io/Statement/v0.1"),
    "another predicate": msgspec.structs.replace(STATEMENT, predicate_type="https://slsa.dev/provenance/v1"),
    "expiry before issue": release_but(expires_at="2025-12-31T12:00:00Z"),
    "a time without zone": release_but(expires_at="2026-04-01T12:00:00"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_statement_is_neither_issued_nor_believed(signer, case) -> None:
    with pytest.raises(BadInput, match="malformed-passport"):
        issue_passport(MALFORMED[case], signer)
    signed = sign_value(MALFORMED[case], payload_type=PAYLOAD_TYPE, signer=signer)
    assert reason(signed, signer.public_key) in {"malformed-passport", "malformed-time"}


def test_now_needs_a_time_zone(passport, signer) -> None:
    with pytest.raises(BadInput, match="naive-time"):
        verify_passport(passport, signer.public_key, now=datetime(2026, 2, 1), files=FILES)  # noqa: DTZ001, RUF100
