"""The only module that imports pyspark: sessions, and Spark's own types."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import polars as pl
import pyarrow as pa

from airflow_privacy.core.errors import BadInput, MissingExtra, TransientError

_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "localhost",
}
_ALWAYS = {
    "spark.ui.showConsoleProgress": "false",
    # A task has one core; more threads in each would only be in each other's way.
    "spark.executorEnv.POLARS_MAX_THREADS": "1",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
}


@contextmanager
def spark_session(master: str = "local[*]", *, options: Mapping[str, str] | None = None) -> Iterator[Any]:
    """A session on *master*; one that this process has already is used as it is, and left running.

    :param master: ``local[n]``, ``spark://host:port``, ``yarn``, ``k8s://…``, or ``sc://host:port`` for Spark Connect.
    :param options: ``spark.…`` settings.
    :raises MissingExtra: pyspark is not installed.
    :raises TransientError: the session does not start; for a local one, Java 17 or later is needed.
    """
    kind = _session_class()
    running = kind.getActiveSession()
    if running is not None:
        yield running
        return
    session = _start(kind, master, {**_ALWAYS, **(_LOCAL if master.startswith("local") else {}), **(options or {})})
    try:
        yield session
    finally:
        session.stop()


def _session_class() -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        pass
    else:
        return SparkSession
    raise MissingExtra("missing-extra", "pyspark is not installed", do="Install airflow-privacy[spark].")


def _start(kind: Any, master: str, options: Mapping[str, str]) -> Any:
    # Executors on this host run this Python, not whichever is first on the path.
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    logging.getLogger("py4j").setLevel(logging.WARNING)  # below, it logs what it sends to the JVM
    builder = kind.builder.remote(master) if master.startswith("sc://") else kind.builder.master(master)
    for name, value in options.items():
        builder = builder.config(name, value)
    try:
        with quiet():
            session = builder.appName("airflow-privacy").getOrCreate()
            if not master.startswith("sc://"):
                session.sparkContext.setLogLevel("ERROR")
    except ImportError:
        missing = True
    except Exception as error:  # noqa: BLE001 - its message may hold a token from the address
        missing, failure = False, type(error).__name__
    else:
        return session
    if missing:
        raise MissingExtra("missing-extra", "Spark Connect is not installed", do="Install pyspark[connect].")
    raise TransientError(
        "spark-not-started", f"There is no Spark session: {failure}", do="A local one needs Java 17; else see the cluster."
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Without pyspark's warning that it does not know this pandas: only Arrow batches go to and fro here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, message="PySpark does not yet fully support pandas")
        yield


def on_disk(frame: Any) -> Any:
    """*frame*, computed once and kept on the executors' disks until ``unpersist``."""
    from pyspark import StorageLevel

    return frame.persist(StorageLevel.DISK_ONLY)


def arrow_schema(frame: Any) -> pa.Schema:
    """The Arrow schema of a Spark frame."""
    from pyspark.sql.pandas.types import to_arrow_schema

    zone = frame.sparkSession.conf.get("spark.sql.session.timeZone")
    return to_arrow_schema(frame.schema, timezone=zone)


def spark_schema(masked: pl.Schema) -> Any:
    """Spark's types for masked columns.

    :raises BadInput: naming a column whose type Spark does not have.
    """
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StructType

    fields: list[Any] = []
    for name, dtype in masked.items():
        with quiet(), contextlib.suppress(Exception):
            fields += from_arrow_schema(pl.DataFrame(schema={name: dtype}).to_arrow().schema).fields
            continue
        raise BadInput("unsupported-type", f"Spark has no type {dtype.base_type().__name__}", where=f"column {name}")
    return StructType(fields)
