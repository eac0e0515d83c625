"""Rows of one Parquet file: judged by their columns, and written again without some of them.

Kept: the schema with its field ids, the file's key-value metadata byte for byte, and per column compression, dictionary,
encoding and statistics; one row group for each that keeps a row, in order (one larger than 256 MiB comes out in several), and its
sorting columns. Values of dictionaries that no row has any more are not written again. Not kept: who made the file, level of
compression, page sizes, bloom filters, row groups without rows.

A file that would come out with another schema (types that Arrow does not know, …) is refused before anything is written.
Statistics are not used to skip row groups: every row is counted, and what other programs wrote about their rows is their word.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from re import sub
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable
from airflow_privacy.core.io.formats.frames import refuse_duplicates
from airflow_privacy.core.io.purge.row_judge import Asked, Counted, no_columns, not_rewritable, wrongly_written

_GROUP_BYTES = 256 << 20
_SLAB_ROWS = 250_000
_BUFFER = 1 << 20
_DICTIONARY = {"RLE_DICTIONARY", "PLAIN_DICTIONARY"}
_ENCODINGS = ("DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT")
_FOREIGN = (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, TypeError, KeyError)


@dataclass(frozen=True)
class ParquetRows:
    """One Parquet file that is not encrypted."""

    path: Path = dataclasses.field(repr=False)

    def judged(self, asked: Asked) -> Iterator[pl.DataFrame]:
        """See :class:`RowFile`."""
        with _foreign(asked.where), self._opened() as file:
            leaves = _leaves(file.schema_arrow)
            refuse_duplicates([name for name, _ in leaves], asked.where)
            known = dict(leaves)
            stored = asked.stored(list(known))
            if not stored:
                yield no_columns(file.metadata.num_rows)
            batches = file.iter_batches(batch_size=_SLAB_ROWS, columns=[known[name] for name in stored]) if stored else ()
            for batch in batches:
                yield _frame(pa.Table.from_batches([batch]), stored, known)

    def require_rewritable(self, asked: Asked) -> None:
        """See :class:`RowFile`."""
        with _foreign(asked.where), self._opened() as file:
            _settings(file, asked.where)

    def rewrite(self, out: Path, asked: Asked) -> Counted:
        """See :class:`RowFile`. Memory holds one row group, of at most 256 MiB before compression."""
        stays: list[pa.BooleanArray] = []
        with _foreign(asked.where), self._opened() as file:
            known = dict(_leaves(file.schema_arrow))
            stored = asked.stored(list(known))
            schema, settings = _settings(file, asked.where)
            with pq.ParquetWriter(out, schema, **settings) as writer:
                for piece in _pieces(file):
                    stay = (~asked.expired(_frame(piece, stored, known))).to_arrow()
                    stays.append(stay)
                    kept = _kept(piece, stay)
                    if kept.num_rows:
                        writer.write_table(kept.replace_schema_metadata(None), row_group_size=kept.num_rows)
                # Not with the schema: Arrow would put its own in place of the file's.
                writer.add_key_value_metadata(_metadata(file))
        rows = sum(len(stay) for stay in stays)
        expired = rows - sum(stay.true_count for stay in stays)
        self._verify(out, asked, stays, rows - expired)
        return Counted(rows, expired)

    def _verify(self, out: Path, asked: Asked, stays: list[pa.BooleanArray], rows: int) -> None:
        """Read both again, row group by row group."""
        with _foreign(asked.where), self._opened() as file, ParquetRows(out)._opened() as written:
            known = dict(_leaves(file.schema_arrow))
            stored = asked.stored(list(known))
            number = 0
            same = written.metadata.num_rows == rows and _shape(written) == _shape(file) and _metadata(written) == _metadata(file)
            for piece, stay in zip(_pieces(file), stays, strict=True):
                if not same:
                    break
                if not stay.true_count:
                    continue
                found = written.read_row_group(number)
                number += 1
                same = _are_same(_kept(piece, stay), found) and not asked.expired(_frame(found, stored, known)).any()
            if not same or number != written.num_row_groups:
                raise wrongly_written(asked.where)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        with pq.ParquetFile(self.path, buffer_size=_BUFFER, pre_buffer=False) as file:
            yield file


def _pieces(file: Any) -> Iterator[pa.Table]:
    """Row groups; of a large one, parts."""
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        if group.total_byte_size <= _GROUP_BYTES:
            yield file.read_row_group(number)
            continue
        rows = max(1, group.num_rows * _GROUP_BYTES // group.total_byte_size)
        for batch in file.iter_batches(batch_size=rows, row_groups=[number]):
            yield pa.Table.from_batches([batch])


def _kept(piece: pa.Table, stay: pa.BooleanArray) -> pa.Table:
    if stay.true_count == len(stay):
        return piece
    kept = piece.filter(stay)
    for number, column in enumerate(kept.schema):
        if pa.types.is_dictionary(column.type):
            kept = kept.set_column(number, column, _without_unused(kept.column(number), column.type))
    return kept


def _without_unused(column: pa.ChunkedArray, dtype: pa.DictionaryType) -> pa.ChunkedArray:
    """A dictionary is written as it is: with the values of rows that are gone, if they are left in it."""
    whole = column.unify_dictionaries().combine_chunks()
    chunk = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    used = pc.unique(chunk.indices).drop_null()
    used = used.take(pc.sort_indices(used))
    indices = pc.index_in(chunk.indices, value_set=used).cast(dtype.index_type)
    return pa.chunked_array([pa.DictionaryArray.from_arrays(indices, chunk.dictionary.take(used), ordered=dtype.ordered)])


def _frame(table: pa.Table, stored: tuple[str, ...], known: Mapping[str, str]) -> pl.DataFrame:
    """The rule's columns by their names; what lies in a struct is called by its path."""
    series = []
    for name in stored:
        top, *inner = [known[name]] if known[name] in table.column_names else _path(table.schema, name)
        values = pl.Series(name, table.column(top))
        for field in inner:
            values = values.struct.field(field)
        is_text = values.dtype == pl.Categorical or isinstance(values.dtype, pl.Enum)
        series.append((values.cast(pl.String) if is_text else values).alias(name))
    frame = pl.DataFrame(series)
    return frame if series else no_columns(table.num_rows)


def _leaves(schema: pa.Schema) -> list[tuple[str, str]]:
    """Names of the columns, those inside structs by their path, and what Arrow calls them."""
    found: list[tuple[str, str]] = []

    def walk(path: str, dtype: pa.DataType) -> None:
        if pa.types.is_struct(dtype):
            for field in dtype:
                walk(f"{path}.{field.name}", field.type)
        else:
            found.append((path, path))

    for field in schema:
        walk(field.name, field.type)
    return found


def _path(schema: pa.Schema, name: str) -> list[str]:
    """From the column to the field in its structs."""

    def walk(fields: Any, rest: str) -> list[str]:
        for field in fields:
            if field.name == rest:
                return [field.name]
            if rest.startswith(f"{field.name}.") and pa.types.is_struct(field.type):
                found = walk(field.type, rest.removeprefix(f"{field.name}."))
                if found:
                    return [field.name, *found]
        return []

    return walk(schema, name)


def _settings(file: Any, where: str) -> tuple[pa.Schema, dict[str, Any]]:
    """The schema to write with, and how: as the file was written, as far as it tells.

    :raises BadInput: ``not-rewritable``.
    """
    if any(_holds_dictionary(field.type, nested=False) for field in file.schema_arrow):
        raise not_rewritable("The Parquet file has categories inside lists or structs", where)
    schema = file.schema_arrow.with_metadata(None)
    fixed = _columns(file.metadata) | {"store_schema": False}
    int96 = any(file.metadata.schema.column(number).physical_type == "INT96" for number in range(file.metadata.num_columns))
    for compliant, integers in product((True, False), repeat=2):
        settings = fixed | {
            "use_compliant_nested_type": compliant,
            "store_decimal_as_integer": integers,
            "use_deprecated_int96_timestamps": int96,
        }
        if _would_be(schema, settings) == _shape(file):
            return schema, settings
    raise not_rewritable("The Parquet file has column types that Arrow writes in another way", where)


def _columns(metadata: Any) -> dict[str, Any]:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    sorting = {tuple(group.sorting_columns) for group in groups}
    settings: dict[str, Any] = {"version": metadata.format_version if metadata.format_version != "1.0" else "2.6"}
    if not groups:
        return settings
    columns = [groups[0].column(number) for number in range(metadata.num_columns)]
    used = {column.path_in_schema: set(column.encodings) for column in columns}
    plain = {name: [one for one in _ENCODINGS if one in seen] for name, seen in used.items() if not seen & _DICTIONARY}
    encodings = {name: found[0] for name, found in plain.items() if found}
    return settings | {
        "compression": {column.path_in_schema: _codec(column.compression) for column in columns},
        "use_dictionary": [name for name, seen in used.items() if seen & _DICTIONARY],
        "column_encoding": encodings or None,
        "write_statistics": [column.path_in_schema for column in columns if column.is_stats_set],
        "write_page_index": any(column.has_column_index for column in columns),
        "sorting_columns": next(iter(sorting)) or None if len(sorting) == 1 else None,
    }


def _codec(name: str) -> str:
    return "NONE" if name == "UNCOMPRESSED" else name


def _would_be(schema: pa.Schema, settings: Mapping[str, Any]) -> list[str]:
    """The Parquet schema of a file written so."""
    buffer = io.BytesIO()
    try:
        with pq.ParquetWriter(buffer, schema, **settings):
            pass
    except _FOREIGN:
        return []
    with pq.ParquetFile(io.BytesIO(buffer.getvalue())) as made:
        return _shape(made)


def _shape(file: Any) -> list[str]:
    # The first lines hold an address and the root's name. Whether a type was told the old way or the new is not its meaning.
    told = sub(r", (?:is_from_converted_type|force_set_converted_type)=\w+", "", str(file.schema))
    return told.splitlines()[2:]


def _metadata(file: Any) -> dict[bytes, bytes]:
    return dict(file.metadata.metadata or {})


def _holds_dictionary(dtype: pa.DataType, *, nested: bool) -> bool:
    if pa.types.is_dictionary(dtype):
        return nested
    return any(_holds_dictionary(dtype.field(number).type, nested=True) for number in range(dtype.num_fields))


def _are_same(kept: pa.Table, found: pa.Table) -> bool:
    if kept.num_rows != found.num_rows or kept.column_names != found.column_names:
        return False
    return all(_is_same(one, other) for one, other in zip(kept.columns, found.columns, strict=True))


def _is_same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    if pa.types.is_dictionary(one.type):
        one, other = one.cast(one.type.value_type), other.cast(one.type.value_type)
    # Arrow says that NaN differs from itself; Polars does not.
    return one.equals(other) or (one.type == other.type and pl.Series(one).equals(pl.Series(other), null_equal=True))


@contextmanager
def _foreign(where: str) -> Iterator[None]:
    """Arrow's and Polars' errors, which may print cells, as ours."""
    failure: PrivacyError
    try:
        yield
        return
    except PrivacyError:
        raise
    except OSError as error:
        failure = _unreadable(where)
        if error.errno is not None:
            failure = StorageUnavailable("storage-failed", "The disk did not do it", where=where, do="Try again.")
    except _FOREIGN:
        failure = _unreadable(where)
    raise failure from None


def _unreadable(where: str) -> BadInput:
    return BadInput(
        "unreadable-parquet",
        "The Parquet file cannot be read: it is damaged, encrypted in part, or was changed meanwhile",
        where=where,
        do="Write the file again.",
    )
