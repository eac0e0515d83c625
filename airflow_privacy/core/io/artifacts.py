"""The artifact store: immutable documents, named by the digest of their bytes.

Whoever reads an artifact gets the very bytes that its reference names, or an error; nothing is trusted because of where it lies.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import TypeVar

from airflow_privacy.core.errors import BadInput, StorageUnavailable, VerificationError, problem_of
from airflow_privacy.core.model.codec import Artifact, canonical, is_digest, parse, sha256
from airflow_privacy.core.model.refs import ArtifactRef

A = TypeVar("A", bound=Artifact)

_PRIVATE = frozenset({"purge-listing"})
"""Kinds that hold data values: nobody but the user whose tasks wrote them may read them."""


class ArtifactStore:
    """Artifacts under ``<root>/<kind>/<hex digest>.json`` on a local or mounted file system."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __repr__(self) -> str:
        return f"ArtifactStore({self._root})"

    def put(self, artifact: Artifact, *, counts: dict[str, int] | None = None) -> ArtifactRef:
        """Store an artifact; storing it again changes nothing."""
        return self.put_bytes(_kind(type(artifact)), canonical(artifact), counts=counts)

    def put_bytes(self, kind: str, data: bytes, *, counts: dict[str, int] | None = None) -> ArtifactRef:
        """Store a document that is not an artifact by itself, such as a signed envelope.

        :raises StorageUnavailable: the store cannot be written.
        """
        digest = sha256(data)
        path = self._path(kind, digest)
        try:
            if not (path.is_file() and path.read_bytes() == data):
                _write_atomically(path, data, mode=0o600 if kind in _PRIVATE else 0o666)
        except OSError as error:
            problem = problem_of(error)
        else:
            return ArtifactRef(uri=str(path), digest=digest, kind=kind, counts=counts or {})
        raise StorageUnavailable("artifact-not-written", f"Could not write a {kind} artifact: {problem}", where=str(path))

    def get(self, kind: type[A], ref: ArtifactRef) -> A:
        """Read the artifact that a reference names.

        :raises VerificationError: the bytes have another digest, or the reference is of another kind.
        :raises BadInput: there is no such artifact.
        """
        if ref.kind != _kind(kind):
            raise VerificationError("wrong-artifact", f"Expected a {_kind(kind)} artifact, got a reference to {ref.kind!r}")
        return parse(kind, self.get_bytes(ref), where=ref.uri)

    def find(self, kind: type[A], digest: str) -> A:
        """Read an artifact by its digest alone, from its place in this store."""
        return self.get(kind, self.reference(_kind(kind), digest))

    def reference(self, kind: str, digest: str) -> ArtifactRef:
        """A reference to where an artifact of this digest lies in this store."""
        if not is_digest(digest):
            raise BadInput("malformed-digest", f"A {kind} is named by something that is not a digest")
        return ArtifactRef(uri=str(self._path(kind, digest)), digest=digest, kind=kind)

    def get_bytes(self, ref: ArtifactRef) -> bytes:
        """The bytes that a reference names. Its place is derived from the digest: a reference cannot point out of the store."""
        path = self._path(ref.kind, self.reference(ref.kind, ref.digest).digest)
        try:
            data = path.read_bytes()
        except OSError:
            data = None
        if data is None:
            raise BadInput(
                "artifact-missing", f"There is no {ref.kind} artifact of this digest", where=str(path), do="Run again."
            )
        if sha256(data) != ref.digest:
            raise VerificationError(
                "artifact-changed",
                f"The stored {ref.kind} artifact is not the one that was made: its bytes were changed",
                where=str(path),
                do="Trigger a new run.",
            )
        return data

    def _path(self, kind: str, digest: str) -> Path:
        if not kind.replace("-", "").isalpha():
            raise BadInput("wrong-artifact", "A reference names a kind that is no word")
        return self._root / kind / f"{digest.removeprefix('sha256:')}.json"


def _kind(artifact: type[Artifact]) -> str:
    return str(artifact.__struct_config__.tag)


def _write_atomically(path: Path, data: bytes, *, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
