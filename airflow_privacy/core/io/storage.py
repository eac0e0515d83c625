"""Where datasets lie: what the rest of ``io`` asks of a file system or an object store.

A :class:`Storage` is bound to one URI, a dataset's folder or a table's file; names are relative to it, with ``/`` between
folders. Whoever opens a dataset gives a ``Storages``, the function from a URI to its storage: the local one knows paths and
``file://``, and the caller that holds connections knows more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias


class Document(NamedTuple):
    """A small object, and the tag by which :meth:`Storage.replace_if` knows whether it is still the same."""

    data: bytes
    etag: str


class Stage(Protocol):
    """A folder in the making. Nothing of it can be seen before :meth:`commit`; leaving without it leaves nothing behind."""

    def add(self, path: Path) -> None:
        """Take a finished file over from :meth:`Storage.scratch`, under its own name."""
        ...

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Send a file chunk by chunk. What *chunks* raises passes through."""
        ...

    def commit(self, last: str, data: bytes) -> bool:
        """Show everything, *last* at the end: who finds *last* finds all. ``False`` if it was there already, and is unchanged."""
        ...


class Storage(Protocol):
    """One folder or file somewhere. All methods raise :class:`StorageUnavailable` where a later try may succeed."""

    @property
    def uri(self) -> str:
        """For messages; holds no credentials."""
        ...

    def local(self, name: str = "") -> Path | None:
        """Where the file can be read in place; ``None`` where it has to be fetched."""
        ...

    def size(self, name: str = "") -> int | None:
        """Bytes of an object, ``None`` if there is none."""
        ...

    def names(self, below: str = "") -> list[str]:
        """The objects below a folder, relative to it, sorted; none if there is no such folder.

        :raises VerificationError: a link or another thing that is no regular file lies there.
        """
        ...

    def chunks(self, name: str, size: int) -> Iterator[bytes]:
        """An object's bytes, *size* at a time, the last fewer.

        :raises VerificationError: it is missing, or a link.
        """
        ...

    def fetch(self, name: str) -> Document | None:
        """A small object as a whole."""
        ...

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a small object in one step; ``False`` if there is one of that name, which stays."""
        ...

    def replace_if(self, name: str, data: bytes, etag: str) -> bool:
        """Replace a small object in one step if it still is the one of *etag*; ``False`` if it is not."""
        ...

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no error."""
        ...

    def scratch(self) -> AbstractContextManager[Path]:
        """A local folder to make files in, gone afterwards."""
        ...

    def stage(self, name: str) -> AbstractContextManager[Stage]:
        """A folder *name* in the making."""
        ...


Storages: TypeAlias = Callable[[str], Storage]
