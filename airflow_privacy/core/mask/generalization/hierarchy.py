"""Generalization by a value's ancestors in a hierarchy file, as ARX writes them: ``value;level 1;level 2…``, one line a value."""

from __future__ import annotations

import csv
import functools
import io
from pathlib import Path

import polars as pl

from airflow_privacy.core.errors import BadInput, CheckFailed, VerificationError
from airflow_privacy.core.mask.base import Spec, Tools, text_type
from airflow_privacy.core.mask.canonical import canonical_text, present
from airflow_privacy.core.model.codec import sha256
from airflow_privacy.core.model.techniques import Hierarchy

TOP = "*"


def ancestor(column: str, technique: Hierarchy, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A value to its ancestor; one that the file does not have becomes ``*``, so that nothing unforeseen passes.

    Protects against matching exact categories. Does not protect where few share an ancestor.

    :raises VerificationError: the file is not the one that the policy was read with.
    :raises BadInput: it cannot be read, or has no such level.
    """
    del tools
    above = read_hierarchy(column, technique)
    value = canonical_text(column, dtype).str.strip_chars()
    return present(column, dtype, value.replace_strict(above, default=TOP, return_dtype=pl.String))


def read_hierarchy(column: str, technique: Hierarchy) -> dict[str, str]:
    """Value → ancestor at the technique's level."""
    data = read_pinned("hierarchy", column, technique.file, technique.sha256)
    return dict(_levels(data, technique.file, technique.level))


def read_pinned(what: str, column: str, file: str, digest: str) -> bytes:
    """A file that a rule names, as it was when the policy was read.

    :param what: what the file is to the column, in a word: ``hierarchy``.
    :param digest: ``sha256:…``; empty where nothing pins the file.
    :raises BadInput: it cannot be read.
    :raises VerificationError: it is another one.
    """
    try:
        data = Path(file).read_bytes()
    except OSError:
        data = None
    if data is None:
        raise BadInput(f"{what}-missing", f"The {what} of column {column!r} cannot be read", where=file)
    if digest and sha256(data) != digest:
        raise VerificationError(
            f"{what}-changed",
            f"The {what} of column {column!r} is not the one that the policy was read with",
            where=file,
            do="Trigger a new run.",
        )
    return data


@functools.lru_cache(maxsize=64)
def _levels(data: bytes, where: str, level: int) -> tuple[tuple[str, str], ...]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    found: dict[str, str] = {}
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=";"), 1):
        if not row:
            continue
        if len(row) <= level:
            raise BadInput("hierarchy-malformed", f"Line {number} has {len(row) - 1} levels, not {level}", where=where)
        value = row[0].strip()
        if found.setdefault(value, row[level].strip()) != row[level].strip():
            raise CheckFailed("hierarchy-malformed", f"Line {number} gives a value a second ancestor", where=where)
    if not found:
        raise BadInput("hierarchy-malformed", "The hierarchy is empty or not UTF-8", where=where)
    return tuple(found.items())


SPECS: dict[type, Spec] = {Hierarchy: Spec(ancestor, text_type)}
