"""S3 and stores that speak its API, over a client that the caller built (boto3's, or one like it).

An object is visible when its upload is completed, never before: a killed writer leaves at most an unfinished multipart upload
below ``<dataset>/versions/``, which a lifecycle rule (AbortIncompleteMultipartUpload) clears away. Killed between two completions
it leaves parts without a manifest, which nobody reads and the retry overwrites with the same bytes. Pointers move by conditional
put (``If-None-Match``, ``If-Match``): a store that ignores these headers does not protect against concurrent publishers.

With a KMS key every object is written with SSE-KMS and looked at afterwards; one that the store did not encrypt so is deleted.
That protects against whoever gets at the store's disks, or may read the bucket and not use the key; not against the store itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable, VerificationError
from airflow_privacy.core.io.local import LocalStorage, full_chunk
from airflow_privacy.core.io.spool import Spool
from airflow_privacy.core.io.storage import Document, Storage, Storages

_SCHEME = re.compile(r"s3[an]?://(?P<place>.*)", re.IGNORECASE | re.DOTALL)
_UPLOAD_BYTES = 8 << 20  # at least 5 MiB for all but the last piece; at most 10,000 pieces, so 80 GB an object
_TAKEN = ("PreconditionFailed", "412")
_MISSING = ("NoSuchKey", "404", "NotFound")
_DENIED = ("AccessDenied", "403", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken")


class S3Client(Protocol):
    """What is used of boto3's client."""

    def get_object(self, **kwargs: Any) -> Any: ...
    def head_object(self, **kwargs: Any) -> Any: ...
    def put_object(self, **kwargs: Any) -> Any: ...
    def delete_object(self, **kwargs: Any) -> Any: ...
    def list_objects_v2(self, **kwargs: Any) -> Any: ...
    def create_multipart_upload(self, **kwargs: Any) -> Any: ...
    def upload_part(self, **kwargs: Any) -> Any: ...
    def complete_multipart_upload(self, **kwargs: Any) -> Any: ...
    def abort_multipart_upload(self, **kwargs: Any) -> Any: ...


class S3Place(NamedTuple):
    """``s3://<login>@<bucket>/<key>``; *login* is a connection's id, empty where none is named."""

    login: str
    bucket: str
    key: str


def parse_s3(uri: str) -> S3Place | None:
    """The parts of an ``s3://`` URI (also ``s3a://``, ``s3n://``), ``None`` for any other. Keys are taken as they stand.

    :raises BadInput: no bucket, a password, or a key whose path has empty parts, ``.`` or ``..``.
    """
    match = _SCHEME.fullmatch(uri)
    if match is None:
        return None
    netloc, _, key = match["place"].partition("/")
    login, _, bucket = netloc.rpartition("@")
    if ":" in login:
        raise BadInput("secret-in-uri", "The URI holds a password", do="Use a connection's id: s3://conn_id@bucket/key.")
    key = key.removesuffix("/")
    odd = [part for part in key.split("/") if part in ("", ".", "..")] if key else []
    if not bucket or odd or any(ord(char) < 32 for char in uri):
        raise BadInput("bad-uri", "The S3 URI has no bucket, or a key with empty parts, '.' or '..'", do="Name the place itself.")
    return S3Place(login, bucket, key)


class S3Storage:
    """A bucket's objects below a key, or the object of that key.

    :param kms_key: write with SSE-KMS under this key (id, ARN or alias); empty: under the account's key for S3. ``None``: as the
        bucket does by itself.
    """

    def __init__(self, client: S3Client, bucket: str, key: str = "", *, kms_key: str | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._kms_key = kms_key

    def __repr__(self) -> str:
        return f"S3Storage({self.uri})"

    @property
    def uri(self) -> str:
        return f"s3://{self._bucket}/{self._key}"

    def with_kms(self, kms_key: str) -> S3Storage:
        """The same place, written with SSE-KMS."""
        return S3Storage(self._client, self._bucket, self._key, kms_key=kms_key)

    def local(self, name: str = "") -> Path | None:  # noqa: ARG002 - the protocol's signature
        return None

    def size(self, name: str = "") -> int | None:
        if not (self._key or name):
            return None
        try:
            with _answering(name):
                return int(self._client.head_object(**self._object(name))["ContentLength"])
        except _Missing:
            return None

    def names(self, below: str = "") -> list[str]:
        prefix = "/".join(part for part in (self._key, below) if part)
        prefix = f"{prefix}/" if prefix else ""
        found: list[str] = []
        more: dict[str, str] = {}
        with _answering(below or self.uri):
            while True:
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **more)
                found += [entry["Key"].removeprefix(prefix) for entry in page.get("Contents", ())]
                if not page.get("IsTruncated"):
                    break
                more = {"ContinuationToken": page["NextContinuationToken"]}
        return sorted(name for name in found if name and not name.endswith("/"))  # some tools write objects for folders

    def chunks(self, name: str, size: int) -> Iterator[bytes]:
        try:
            with _answering(name):
                body = self._client.get_object(**self._object(name))["Body"]
        except _Missing:
            body = None
        if body is None:
            raise VerificationError("file-missing", "A file is missing", where=_last(name) or self.uri)
        try:
            with _answering(name):
                while chunk := full_chunk(body, size):
                    yield chunk
        finally:
            body.close()

    def fetch(self, name: str) -> Document | None:
        try:
            with _answering(name):
                found = self._client.get_object(**self._object(name))
                return Document(found["Body"].read(), found["ETag"])
        except _Missing:
            return None

    def put_if_absent(self, name: str, data: bytes) -> bool:
        return self._put(name, data, IfNoneMatch="*")

    def replace_if(self, name: str, data: bytes, etag: str) -> bool:
        return self._put(name, data, IfMatch=etag)

    def delete(self, name: str) -> None:
        with _answering(name):
            self._client.delete_object(**self._object(name))

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A spool: parts are made on the worker's disk and then uploaded."""
        spool = Spool()
        try:
            folder = spool.path()
            folder.mkdir()
            yield folder
        finally:
            spool.close()

    @contextmanager
    def stage(self, name: str) -> Iterator[S3Stage]:
        stage = S3Stage(self._client, self._bucket, self._object(name)["Key"], kms_key=self._kms_key)
        try:
            yield stage
        finally:
            stage.abort()

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": "/".join(part for part in (self._key, name) if part)}

    def _put(self, name: str, data: bytes, **condition: str) -> bool:
        try:
            with _answering(name):
                self._client.put_object(**self._object(name), Body=data, **condition, **_sse(self._kms_key))
            _require_sse(self._client, self._object(name), self._kms_key)
        except (_Taken, _Missing):  # If-Match on an object that is gone answers 404
            return False
        return True


class S3Stage:
    """Uploads that are completed together; the last object, the one that readers look for, by conditional put."""

    def __init__(self, client: S3Client, bucket: str, key: str, *, kms_key: str | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._kms_key = kms_key
        self._open: list[tuple[dict[str, str], list[dict[str, object]]]] = []

    def add(self, path: Path) -> None:
        self.write(path.name, LocalStorage(path.parent).chunks(path.name, _UPLOAD_BYTES))

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        target = {"Bucket": self._bucket, "Key": f"{self._key}/{name}"}
        with _answering(name):
            target["UploadId"] = self._client.create_multipart_upload(**target, **_sse(self._kms_key))["UploadId"]
        sent: list[dict[str, object]] = []
        self._open.append((target, sent))
        for number, piece in enumerate(_pieces(chunks), start=1):
            with _answering(name):
                answer = self._client.upload_part(**target, PartNumber=number, Body=piece)
            sent.append({"PartNumber": number, "ETag": answer["ETag"]})

    def commit(self, last: str, data: bytes) -> bool:
        while self._open:
            target, sent = self._open[0]
            with _answering(target["Key"]):
                self._client.complete_multipart_upload(**target, MultipartUpload={"Parts": sent})
            del self._open[0]
            _require_sse(self._client, {"Bucket": target["Bucket"], "Key": target["Key"]}, self._kms_key)
        return S3Storage(self._client, self._bucket, self._key, kms_key=self._kms_key).put_if_absent(last, data)

    def abort(self) -> None:
        """Drop what is not completed."""
        while self._open:
            target, _ = self._open.pop()
            with suppress(PrivacyError, _Missing), _answering(target["Key"]):
                self._client.abort_multipart_upload(**target)


def encrypted_at(storages: Storages, place: str, kms_key: str) -> Storages:
    """*storages*, with what is written at the URI *place* encrypted by SSE-KMS.

    :raises BadInput: when *place* is opened: it is not on S3.
    """

    def storage(uri: str) -> Storage:
        found = storages(uri)
        if uri != place:
            return found
        if isinstance(found, S3Storage):
            return found.with_kms(kms_key)
        raise BadInput(
            "encryption-not-possible",
            "The environment asks for sse-kms, which S3 alone can do",
            where=found.uri,
            do="Choose a place on S3, or encryption: keyring.",
        )

    return storage


def _sse(kms_key: str | None) -> dict[str, str]:
    if kms_key is None:
        return {}
    return {"ServerSideEncryption": "aws:kms", **({"SSEKMSKeyId": kms_key} if kms_key else {})}


def _require_sse(client: S3Client, target: dict[str, str], kms_key: str | None) -> None:
    """See that an object is encrypted as asked; delete it where it is not."""
    if kms_key is None:
        return
    with _answering(target["Key"]):
        found = client.head_object(**target)
    used = str(found.get("SSEKMSKeyId", ""))
    # The answer is an ARN: of an alias it names the key behind it, which cannot be told from here.
    by_name = not kms_key or "alias/" in kms_key
    if found.get("ServerSideEncryption") == "aws:kms" and (by_name or used.rpartition("/")[2] == kms_key.rpartition("/")[2]):
        return
    with _answering(target["Key"]):
        client.delete_object(**target)
    raise VerificationError(
        "not-encrypted-at-rest",
        "The object store did not encrypt an object with the key that was asked for; it was deleted",
        where=_last(target["Key"]),
        do="Check that the store supports SSE-KMS, and the bucket's policy.",
    )


class _Missing(Exception):
    """404, for the callers above."""


class _Taken(Exception):
    """412, for the callers above."""


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks joined to what an upload takes; one empty piece if there is nothing."""
    waiting: list[bytes] = []
    held = 0
    nothing_sent = True
    for chunk in chunks:
        waiting.append(chunk)
        held += len(chunk)
        if held >= _UPLOAD_BYTES:
            yield b"".join(waiting)
            waiting, held, nothing_sent = [], 0, False
    if held or nothing_sent:
        yield b"".join(waiting)


@contextmanager
def _answering(name: str) -> Iterator[None]:
    """Turn the client's errors into ours. Only their code gets through: the text may hold keys and addresses."""
    try:
        yield
    except Exception as error:
        failure = _translated(error, _last(name))
        if failure is None:
            raise
    else:
        return
    raise failure from None


def _translated(error: Exception, where: str) -> Exception | None:
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        code = str(answer.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            return _Missing()
        if code in _TAKEN:
            return _Taken()
        if code == "NoSuchBucket":
            return BadInput("no-such-bucket", "There is no such bucket", where=where, do="Check the URI.")
        if code in _DENIED or code.startswith("KMS."):
            return BadInput(
                "access-denied", f"The object store refuses the access: {code}", where=where, do="Check the connection's rights."
            )
        return StorageUnavailable("storage-failed", f"The object store did not do it: {code}", where=where, do="Try again.")
    if type(error).__module__.partition(".")[0] in ("botocore", "boto3", "urllib3", "s3transfer") or isinstance(error, OSError):
        failure = type(error).__name__
        return StorageUnavailable("storage-failed", f"The object store did not answer: {failure}", where=where, do="Try again.")
    return None


def _last(name: str) -> str:
    return name.rpartition("/")[2]
