"""S3 as a storage: what is visible when, what conditional writes hold off, and errors without a foreign word."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from s3_bucket import Bucket

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError
from airflow_privacy.core.io import s3
from airflow_privacy.core.io.local import LocalStorage
from airflow_privacy.core.io.s3 import S3Place, S3Storage, parse_s3


@pytest.fixture(params=["local", "s3"])
def storage(request, tmp_path, bucket):
    return LocalStorage(tmp_path / "d") if request.param == "local" else S3Storage(bucket.client, bucket.name, "d")


def content(storage, name):
    return b"".join(storage.chunks(name, 10))


def test_a_stage_shows_everything_on_commit_and_nothing_before(storage, tmp_path):
    with storage.stage("versions/v") as stage:
        stage.write("a", [b"one", b"two"])
        assert storage.names("versions/v") == []
        assert stage.commit("z", b"last")
    assert storage.names("versions/v") == ["a", "z"]
    assert content(storage, "versions/v/a") == b"onetwo"


def test_a_stage_that_is_left_shows_nothing(storage):
    def broken():
        yield b"one"
        raise VerificationError("chunk-differs", "x")

    with pytest.raises(VerificationError), storage.stage("versions/v") as stage:
        stage.write("a", [b"whole"])
        stage.write("b", broken())
    assert storage.names("versions/v") == []


def test_a_stage_whose_last_object_is_there_says_so(storage):
    for expected in (True, False):
        with storage.stage("versions/v") as stage:
            stage.write("a", [b"one"])
            assert stage.commit("z", b"last") is expected
    assert storage.names("versions/v") == ["a", "z"]


def test_files_are_taken_over_from_the_scratch_folder(storage):
    with storage.scratch() as folder:
        (folder / "a").write_bytes(b"x" * 100)
        with storage.stage("v") as stage:
            stage.add(folder / "a")
            stage.commit("z", b"")
    assert content(storage, "v/a") == b"x" * 100
    assert not folder.exists()


def test_a_put_if_absent_leaves_what_is_there(storage):
    assert storage.put_if_absent("p", b"first")
    assert not storage.put_if_absent("p", b"second")
    assert content(storage, "p") == b"first"


def test_a_replacement_needs_the_tag_of_what_is_there(storage):
    storage.put_if_absent("p", b"first")
    tag = storage.fetch("p").etag
    assert storage.replace_if("p", b"second", tag)
    assert not storage.replace_if("p", b"third", tag)
    assert storage.fetch("p").data == b"second"


def test_a_replacement_of_what_is_gone_is_refused(storage):
    storage.put_if_absent("p", b"first")
    tag = storage.fetch("p").etag
    storage.delete("p")
    storage.delete("p")
    assert not storage.replace_if("p", b"second", tag)
    assert storage.fetch("p") is None


def test_chunks_have_the_size_that_is_asked(storage):
    storage.put_if_absent("p", bytes(25))
    assert [len(chunk) for chunk in storage.chunks("p", 10)] == [10, 10, 5]
    assert storage.size("p") == 25


def test_a_missing_object_is_refused_by_name(storage):
    assert storage.size("none") is None
    with pytest.raises(VerificationError, match=r"file-missing.*none"):
        list(storage.chunks("none", 10))


def test_an_abandoned_stage_leaves_no_upload(bucket):
    storage = S3Storage(bucket.client, bucket.name, "d")
    with pytest.raises(KeyboardInterrupt), storage.stage("versions/v") as stage:
        stage.write("a", [b"one"])
        assert bucket.unfinished() == ["d/versions/v/a"]
        raise KeyboardInterrupt
    assert bucket.unfinished() == []
    assert bucket.objects() == []


def test_large_objects_go_in_several_pieces(bucket):
    storage = S3Storage(bucket.client, bucket.name, "d")
    chunks = [bytes([number]) * (3 << 20) for number in range(4)]
    with storage.stage("v") as stage:
        stage.write("a", iter(chunks))
        stage.commit("z", b"")
    assert bucket.get("d/v/a") == b"".join(chunks)
    assert bucket.client.head_object(Bucket=bucket.name, Key="d/v/a")["ETag"].endswith('-2"')


def test_names_are_listed_over_several_pages(bucket, monkeypatch):
    for number in range(5):
        bucket.put(f"d/{number}", b"x")
    bucket.put("d/folder/", b"")
    bucket.put("dd/no", b"x")
    real = bucket.client.list_objects_v2
    monkeypatch.setattr(bucket.client, "list_objects_v2", lambda **given: real(MaxKeys=2, **given))
    assert S3Storage(bucket.client, bucket.name, "d").names() == ["0", "1", "2", "3", "4"]


PLACES = {
    "s3://bucket/a/b": S3Place("", "bucket", "a/b"),
    "S3A://conn@bucket/a b%20#c?d": S3Place("conn", "bucket", "a b%20#c?d"),
    "s3://bucket": S3Place("", "bucket", ""),
    "s3://bucket/a/": S3Place("", "bucket", "a"),
    "/data/x": None,
    "file:///data/x": None,
    "s3/x": None,
}


@pytest.mark.parametrize("uri", list(PLACES))
def test_a_uri_is_taken_apart(uri):
    assert parse_s3(uri) == PLACES[uri]


@pytest.mark.parametrize(
    "uri", ["s3://", "s3:///a", "s3://b/a//c", "s3://b/../c", "s3://b/./c", "s3://b/a\nc", "s3://key:canary@b/a"]
)
def test_an_unusable_uri_is_refused_and_not_repeated(uri):
    with pytest.raises(BadInput) as caught:
        parse_s3(uri)
    assert "canary" not in str(caught.value)


def test_a_missing_bucket_is_bad_input(bucket):
    storage = S3Storage(bucket.client, "no-such-bucket-here", "d")
    with pytest.raises(BadInput, match="no-such-bucket") as caught:
        storage.names()
    assert caught.value.__suppress_context__


def test_a_store_that_does_not_answer_can_be_tried_again():
    client = boto3.client(
        "s3", endpoint_url="http://127.0.0.1:9", aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1",
        config=Config(retries={"max_attempts": 0}, connect_timeout=1),
    )  # fmt: skip
    for call in (
        lambda s: s.size("a"),
        lambda s: s.names(),
        lambda s: s.put_if_absent("a", b""),
        lambda s: list(s.chunks("a", 1)),
    ):
        with pytest.raises(StorageUnavailable) as caught:
            call(S3Storage(client, "bucket", "d"))
        assert "127.0.0.1" not in str(caught.value)
        assert caught.value.__suppress_context__
    client.close()


class _Refusing:
    """A client that fails as boto3's does, with one code."""

    def __init__(self, code):
        self.code = code

    def __getattr__(self, name):
        def call(**given):
            error = RuntimeError("canary")
            error.response = {"Error": {"Code": self.code, "Message": "canary"}}
            raise error

        return call


@pytest.mark.parametrize(
    ("code", "kind"), [("AccessDenied", BadInput), ("SlowDown", StorageUnavailable), ("500", StorageUnavailable)]
)
def test_errors_name_their_code_only(code, kind):
    with pytest.raises(kind, match=code) as caught:
        S3Storage(_Refusing(code), "bucket", "d").put_if_absent("a", b"")
    assert "canary" not in str(caught.value)


def test_an_error_of_the_code_itself_is_not_hidden():
    class Broken:
        def head_object(self, **_):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        S3Storage(Broken(), "bucket", "d").size("a")


def test_pieces_join_small_chunks_and_keep_an_empty_object(monkeypatch):
    monkeypatch.setattr(s3, "_UPLOAD_BYTES", 4)
    assert list(s3._pieces([b"ab", b"c", b"defg", b"h"])) == [b"abcdefg", b"h"]
    assert list(s3._pieces([])) == [b""]


def test_a_bucket_is_shown_without_its_client(bucket: Bucket):
    assert repr(S3Storage(bucket.client, "bucket", "d")) == "S3Storage(s3://bucket/d)"
