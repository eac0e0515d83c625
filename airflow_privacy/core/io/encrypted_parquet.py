"""Parquet parts encrypted at rest by Parquet's modular encryption (parquet-format's Encryption.md), with keys from a keyring.

A part has one random 256-bit data key; footer and all columns are AES_GCM_V1: each page and each module of metadata on its own,
its place in the file authenticated. The wrapped data key and the name of the key that wraps it lie in the part itself. Nonces are
random, so that the same rows never give the same bytes twice.

Protects against: whoever reads the disk or bucket without the keyring; changed, swapped or truncated modules. Hides names, types,
statistics and values; not the number of parts, their sizes, or that they are Parquet. Other Parquet readers can read a part with
a KMS client of this kind.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable, VerificationError

_ZSTD_LEVEL = 3
_SEALED = b"PARE"


class DataKeys(Protocol):
    """Wraps data keys. Errors of the package pass through to the caller."""

    def current(self) -> str:
        """The name of the key that wraps new data keys."""
        ...

    def wrap(self, data_key: bytes, name: str) -> bytes:
        """A data key under the key of that name."""
        ...

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """The data key again."""
        ...


def encrypt_part(plain: Path, out: Path, keys: DataKeys) -> str:
    """Write the rows of *plain* to the new file *out*, encrypted, one row group at a time.

    :returns: the name of the key that wraps the part's data key.
    :raises BadInput: *plain* is no Parquet file.
    :raises StorageUnavailable: the disk is full or failed.
    :raises KeyUnavailable, KeyServiceUnavailable: as *keys* raises.
    """
    name = keys.current()
    with _foreign(BadInput("not-parquet", "A part is not a readable Parquet file", where=plain.name)) as failed:
        settings = pe.EncryptionConfiguration(
            footer_key=name,
            uniform_encryption=True,
            encryption_algorithm="AES_GCM_V1",
            plaintext_footer=False,
            double_wrapping=False,  # the key is at hand: one more between it and the data key would save nothing
            data_key_length_bits=256,
            internal_key_material=True,
        )
        factory = pe.CryptoFactory(lambda _: _Client(keys, failed))
        sealed = factory.file_encryption_properties(pe.KmsConnectionConfig(), settings)
        options = {"compression": "zstd", "compression_level": _ZSTD_LEVEL, "write_statistics": False}
        with (
            pq.ParquetFile(plain) as source,
            pq.ParquetWriter(out, source.schema_arrow, encryption_properties=sealed, **options) as writer,
        ):
            for group in range(source.num_row_groups):
                table = source.read_row_group(group)
                writer.write_table(table, row_group_size=max(table.num_rows, 1))
    return name


def read_part(path: Path, keys: DataKeys) -> pl.DataFrame:
    """The rows of an encrypted part.

    :raises KeyUnavailable, KeyServiceUnavailable: as *keys* raises; ``key-destroyed`` is final.
    :raises VerificationError: the part is damaged, not encrypted, or of another scope.
    :raises StorageUnavailable: the disk failed.
    """
    with _opened(path, keys) as part:
        return _frame(part.read())


def rows_of(path: Path, keys: DataKeys) -> int:
    """How many rows an encrypted part holds. Raises as :func:`read_part`; the rows themselves are not read."""
    with _opened(path, keys) as part:
        return int(part.metadata.num_rows)


def same_rows(part: Path, sealed: Path, keys: DataKeys) -> bool:
    """Whether a part, encrypted or not, and an encrypted one hold the same columns, types and rows in the same order.

    Compared by row groups; equal row groups are part of being the same.

    :raises VerificationError: *sealed* is not encrypted, or one of the two cannot be decrypted.
    """
    with _opened(part, keys, sealed=False) as here, _opened(sealed, keys) as there:
        if here.num_row_groups != there.num_row_groups or not here.schema_arrow.equals(there.schema_arrow):
            return False
        groups = range(here.num_row_groups)
        return all(_frame(here.read_row_group(group)).equals(_frame(there.read_row_group(group))) for group in groups)


@contextmanager
def _opened(path: Path, keys: DataKeys, *, sealed: bool = True) -> Iterator[Any]:
    refused = VerificationError(
        "part-not-decrypted", "A part cannot be decrypted: it is damaged, not encrypted, or of another scope", where=path.name
    )
    with _foreign(refused) as failed:
        if sealed and not _is_sealed(path):
            raise refused  # Arrow would read it as it is, and nobody would know
        factory = pe.CryptoFactory(lambda _: _Client(keys, failed))
        opening = factory.file_decryption_properties(pe.KmsConnectionConfig())
        with pq.ParquetFile(path, decryption_properties=opening) as part:
            yield part


def _is_sealed(path: Path) -> bool:
    """Whether the footer is encrypted: such a file begins and ends with ``PARE``."""
    with path.open("rb") as file:
        start = file.read(len(_SEALED))
        file.seek(-min(len(_SEALED), path.stat().st_size), 2)
        return start == file.read() == _SEALED


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


class _Client(pe.KmsClient):  # type: ignore[misc] # Arrow ships no types
    """What Arrow asks for wrapping; an error of the keyring is kept, since Arrow may put it into other words."""

    def __init__(self, keys: DataKeys, failed: list[PrivacyError]) -> None:
        pe.KmsClient.__init__(self)
        self._keys = keys
        self._failed = failed

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        return base64.b64encode(self._kept(self._keys.wrap, bytes(key_bytes), master_key_identifier))

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:
        return self._kept(self._keys.unwrap, base64.b64decode(wrapped_key), master_key_identifier)

    def _kept(self, call: Callable[[bytes, str], bytes], octets: bytes, name: str) -> bytes:
        try:
            return call(octets, name)
        except PrivacyError as error:
            self._failed.append(error)
            raise


@contextmanager
def _foreign(refused: PrivacyError) -> Iterator[list[PrivacyError]]:
    """Arrow's errors, which may print cells, as ours: the keyring's own first, then a failed disk, else *refused*."""
    failed: list[PrivacyError] = []
    failure: PrivacyError
    try:
        yield failed
        return
    except PrivacyError as error:
        failure = failed[0] if failed else error
    except OSError as error:
        disk = StorageUnavailable("storage-failed", "The disk did not do it", where=refused.where, do="Try again.")
        missing = isinstance(error, FileNotFoundError) or error.errno is None
        failure = failed[0] if failed else refused if missing else disk
    except (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, KeyError, TypeError):
        failure = failed[0] if failed else refused
    raise failure from None
