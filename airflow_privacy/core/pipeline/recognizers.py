"""A user's own recognizers, from a file in Presidio's YAML format."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import polars as pl

from airflow_privacy.core.detect.column_names import words
from airflow_privacy.core.detect.found import Look, Looked
from airflow_privacy.core.detect.recognize.engine import Engine, build_engine
from airflow_privacy.core.errors import BadInput

#: Seconds of processor time that a user's pattern may take for one value; Presidio allows a minute.
SECONDS = 1.0


def own_engine(path: Path, language: str = "en", *, seconds: float | None = None) -> Engine:
    """The recognizers of a file for *language*, and no others.

    :raises BadInput: ``bad-recognizers``: it cannot be read, or has none for the language.
    """
    # Presidio's list is only read to be left out.
    engine = build_engine(language=language, recognizers=(), custom=path, timeout=SECONDS if seconds is None else seconds)
    if not engine.entities:
        raise BadInput("bad-recognizers", f"The file has no recognizer for the language {language!r}", where=str(path))
    return engine


def look_by(engine: Engine) -> Look:
    """What detection over tables asks: words of the column's name are context. Columns are looked at one after the other, as
    Presidio's log and spaCy's words belong to no thread.
    """
    lock = Lock()

    def look(values: pl.Series) -> Looked:
        with lock:
            return engine.about(words(values.name)).look(values)

    return look
