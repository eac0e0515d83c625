"""The files of a table whose rows are judged: where they lie, and each of them opened by its content."""

from __future__ import annotations

from pathlib import Path

from airflow_privacy.core.io.content import read_content
from airflow_privacy.core.io.formats.csv_dialect import find_dialect, read_header
from airflow_privacy.core.io.formats.frames import Part
from airflow_privacy.core.io.purge.parquet_rows import ParquetRows
from airflow_privacy.core.io.purge.row_judge import RowFile, not_rewritable
from airflow_privacy.core.io.purge.text_records import text_of
from airflow_privacy.core.io.purge.text_rows import TextRows, has_keys
from airflow_privacy.core.io.spool import Spool

_NOT_DATA = ("manifest.json", "current.json")


def is_data(name: str) -> bool:
    """Names that begin with a dot or an underscore are other tools' markers, and unfinished files."""
    return name not in _NOT_DATA and not any(part.startswith((".", "_")) and "=" not in part for part in name.split("/"))


def open_rows(path: Path, where: str) -> RowFile | None:
    """A file by its content; ``None`` for an empty one.

    :raises BadInput: ``not-rewritable`` for compressed text and Avro; ``encrypted-parquet``, ``unsupported-format``; what the
        format finds.
    """
    if path.stat().st_size == 0:
        return None
    spool = Spool()
    try:
        content = read_content(path, where, spool)
        if content.compression:
            raise not_rewritable(f"The file is compressed with {content.compression}", where)
        if content.format == "avro":
            raise not_rewritable("The file is Avro", where)
        if content.format == "parquet":
            return ParquetRows(path)
        if content.format == "jsonl":
            return TextRows(path, text_of(path, content.encoding, None), None)
        part = Part(content.path, where)  # in UTF-8, whatever the file is in
        dialect = find_dialect(part)
        return TextRows(path, text_of(path, content.encoding, dialect), tuple(read_header(part, dialect)))
    finally:
        spool.close()


def unseen_keys(file: RowFile, names: set[str], where: str) -> set[str]:
    """Those of *names* that no object of a JSON lines file has: rather misspelt than missing everywhere. The columns of other
    files are known, so that none is unseen there."""
    if not isinstance(file, TextRows) or file.header is not None or not names:
        return set()
    return names - has_keys(file.path, file.text, tuple(names), where)
