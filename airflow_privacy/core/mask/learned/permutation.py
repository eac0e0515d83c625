"""Permutation: every row gets the value of another row of the table, in an order that only the key's holder can follow."""

from __future__ import annotations

import mmap
import tempfile
import weakref
from itertools import accumulate, pairwise

import polars as pl
import pyarrow as pa

from airflow_privacy.core.errors import CheckFailed, StorageUnavailable
from airflow_privacy.core.mask.dtypes import plain
from airflow_privacy.core.mask.pseudonymization.pseudonymize import hmac_sha256

_PIECE = 250_000
_NEWEST = pl.CompatLevel.newest()


class Spooled:
    """Collects a column on the worker's disk, frame by frame, together with the rows' numbers in the source.

    The file has no name, so that it is gone with the process however that ends. It is not encrypted; ``TMPDIR`` says where it
    lies, and in a folder that is memory it takes memory.
    """

    def __init__(self, column: str, dtype: pl.DataType) -> None:
        self._column = column
        self._dtype = plain(dtype)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        weakref.finalize(self, self._file.close)
        self._writer: pa.RecordBatchFileWriter | None = None
        self._numbers: list[pl.Series] = []
        self._sizes: list[int] = []

    def add(self, values: pl.Series, numbers: pl.Series) -> None:
        """Append the values of the rows with these *numbers*, which rise from call to call.

        :raises CheckFailed: the type is none that Arrow's files hold.
        :raises StorageUnavailable: the disk is full or failed.
        """
        try:
            for piece in values.alias("value").to_frame().iter_slices(_PIECE):
                table = piece.rechunk().to_arrow(compat_level=_NEWEST)
                if self._writer is None:
                    self._writer = pa.ipc.new_file(self._file, table.schema)
                self._writer.write_table(table, max_chunksize=_PIECE)
                self._sizes.append(piece.height)
            self._numbers.append(numbers)
            return
        except pa.ArrowException:
            pass
        except OSError:
            raise _disk_failed() from None
        raise CheckFailed("technique-does-not-fit", f"Column {self._column!r} has a type that permute cannot write to disk")

    def permutation(self, key: str) -> Permutation:
        """The order by *key*, over all rows that were added."""
        numbers = pl.concat([pl.Series(dtype=pl.UInt64), *self._numbers])
        consecutive = not numbers.len() or int(numbers[-1]) == numbers.len() - 1
        order = _order(numbers, self._column, key)
        try:
            if self._writer is not None:
                self._writer.close()
            self._file.flush()
            held = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if self._writer is not None else None
        except (OSError, pa.ArrowException):
            raise _disk_failed() from None
        finally:
            self._file.close()
        return Permutation(held, self._sizes, order, None if consecutive else numbers, self._dtype)


class Permutation:
    """Which value every row gets. In memory 4 bytes a row, 12 where conditions left rows out, and about 60 while it is made."""

    def __init__(
        self, held: mmap.mmap | None, sizes: list[int], order: pl.Series, numbers: pl.Series | None, dtype: pl.DataType
    ) -> None:
        self._file = None if held is None else pa.ipc.open_file(pa.BufferReader(pa.py_buffer(held)))
        self._starts = pl.Series([0, *accumulate(sizes)], dtype=pl.UInt64)
        self._order = order
        self._numbers = numbers
        self._dtype = dtype

    def values(self, numbers: pl.Series) -> pl.Series:
        """The values that the rows with these *numbers* in the source get.

        :raises polars.exceptions.ComputeError: one of the rows was not there when the order was made. (The engine, which calls
            this, cannot carry an error of ours through its own code.)
        """
        places = numbers if self._numbers is None else self._numbers.search_sorted(numbers, side="left")
        known = (places < self._order.len()).all()
        if not known or (self._numbers is not None and not self._numbers.gather(places).equals(numbers)):
            raise pl.exceptions.ComputeError("a permutation was learned from other rows than are now masked")
        return self._gather(self._order.gather(places))

    def _gather(self, places: pl.Series) -> pl.Series:
        """The values in these places, batch by batch, so that each is read from the disk in one go."""
        wanted = pl.DataFrame({"place": places.cast(pl.UInt64)}).with_row_index("at").sort("place")
        cuts = wanted["place"].search_sorted(self._starts, side="left").to_list()
        found = [pl.Series("value", dtype=self._dtype)]
        for number, (first, last) in enumerate(pairwise(cuts)):
            if first < last:
                inside = wanted["place"][first:last] - self._starts[number]
                found.append(self._batch(number).gather(inside))
        return wanted.with_columns(pl.concat(found)).sort("at")["value"]

    def _batch(self, number: int) -> pl.Series:
        assert self._file is not None  # noqa: S101 - there are rows, so there is a file
        table = pl.from_arrow(self._file.get_batch(number))
        assert isinstance(table, pl.DataFrame)  # noqa: S101 - narrows the type
        return table["value"].cast(self._dtype)


def _order(numbers: pl.Series, column: str, key: str) -> pl.Series:
    """For each place the place whose value goes there: places sorted by the HMAC of their row's number.

    Sorting by 64 bits of a pseudorandom function gives any permutation with about equal chance, and one who lacks the key can no
    more tell it than the function's values.
    """
    label = f"{len(column)}:{column}:row:"
    drawn = [
        piece.select(hmac_sha256(pl.lit(label) + pl.col("n").cast(pl.String), key).str.slice(0, 16).alias("drawn"))
        .get_column("drawn")
        .str.to_integer(base=16, dtype=pl.UInt64)
        for piece in numbers.alias("n").to_frame().iter_slices(_PIECE)
    ]
    table = pl.concat([pl.Series("drawn", dtype=pl.UInt64), *drawn]).to_frame()
    return table.with_row_index("place").sort("drawn", maintain_order=True)["place"]


def _disk_failed() -> StorageUnavailable:
    return StorageUnavailable(
        "storage-failed",
        "The temporary folder could not take a column that is to be permuted",
        do="Give TMPDIR a folder with room for the column.",
    )
