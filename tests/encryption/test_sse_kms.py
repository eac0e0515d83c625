"""SSE-KMS: every object is written with the key, looked at afterwards, and deleted where the store ignored it."""

from __future__ import annotations

from typing import Any

import pytest
from s3_bucket import Bucket

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.s3 import S3Storage, encrypted_at

KEY = "11111111-2222-3333-4444-555555555555"
ARN = f"arn:aws:kms:us-east-1:123456789012:key/{KEY}"


def encryption(bucket: Bucket, key: str) -> tuple[Any, Any]:
    head = bucket.client.head_object(Bucket=bucket.name, Key=key)
    return head.get("ServerSideEncryption"), head.get("SSEKMSKeyId")


@pytest.mark.parametrize("key", [KEY, ARN, "alias/privacy", ""])
def test_uploads_in_pieces_and_small_objects_carry_the_key(bucket: Bucket, key: str) -> None:
    storage = S3Storage(bucket.client, bucket.name, "d").with_kms(key)
    with storage.stage("v") as stage:
        stage.write("a", (bytes([number]) * (3 << 20) for number in range(4)))
        assert stage.commit("z", b"last")
    assert storage.put_if_absent("p", b"x")
    tag = storage.fetch("p")
    assert tag is not None
    assert storage.replace_if("p", b"y", tag.etag)
    assert bucket.client.head_object(Bucket=bucket.name, Key="d/v/a")["ETag"].endswith('-2"')
    for name in ("d/v/a", "d/v/z", "d/p"):
        kind, used = encryption(bucket, name)
        assert kind == "aws:kms"
        assert not key or used == key


def test_without_a_key_the_bucket_decides(bucket: Bucket) -> None:
    S3Storage(bucket.client, bucket.name, "d").put_if_absent("p", b"x")
    assert encryption(bucket, "d/p")[0] != "aws:kms"


class _Ignoring:
    """A store that takes no notice of the encryption that is asked for."""

    def __init__(self, client: Any, **instead: str) -> None:
        self.client, self.instead = client, instead

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.client, name)
        if name not in ("put_object", "create_multipart_upload"):
            return call

        def ignoring(**given: Any) -> Any:
            kept = {key: value for key, value in given.items() if key not in ("ServerSideEncryption", "SSEKMSKeyId")}
            return call(**kept, **self.instead)

        return ignoring


@pytest.mark.parametrize(
    "instead", [{}, {"ServerSideEncryption": "AES256"}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "x"}]
)
def test_an_object_that_was_not_encrypted_so_is_deleted_and_refused(bucket: Bucket, instead: dict[str, str]) -> None:
    storage = S3Storage(_Ignoring(bucket.client, **instead), bucket.name, "d", kms_key=KEY)
    with pytest.raises(VerificationError, match="not-encrypted-at-rest"):
        storage.put_if_absent("p", b"x")
    with pytest.raises(VerificationError, match="not-encrypted-at-rest"), storage.stage("v") as stage:
        stage.write("a", [b"x"])
        stage.commit("z", b"last")
    assert bucket.objects() == []
    assert bucket.unfinished() == []


def test_an_object_that_was_there_is_left_alone(bucket: Bucket) -> None:
    bucket.put("d/p", b"first")
    assert not S3Storage(bucket.client, bucket.name, "d", kms_key=KEY).put_if_absent("p", b"second")
    assert bucket.get("d/p") == b"first"


def test_only_the_place_that_asks_is_written_so(bucket: Bucket) -> None:
    storages = encrypted_at(bucket.storages, bucket.uri("out"), KEY)
    storages(bucket.uri("out")).put_if_absent("p", b"x")
    storages(bucket.uri("other")).put_if_absent("p", b"x")
    assert encryption(bucket, "out/p")[0] == "aws:kms"
    assert encryption(bucket, "other/p")[0] != "aws:kms"


def test_a_file_system_cannot_do_it() -> None:
    with pytest.raises(BadInput, match="encryption-not-possible"):
        encrypted_at(local_storage, "/data/x", KEY)("/data/x")


class _Refusing:
    def put_object(self, **_: Any) -> Any:
        error = RuntimeError("canary")
        error.response = {"Error": {"Code": "KMS.DisabledException", "Message": "canary"}}  # type: ignore[attr-defined]
        raise error


def test_a_key_that_kms_refuses_is_terminal() -> None:
    with pytest.raises(BadInput, match=r"access-denied.*KMS\.DisabledException") as caught:
        S3Storage(_Refusing(), "bucket", "d", kms_key=KEY).put_if_absent("p", b"x")  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)
