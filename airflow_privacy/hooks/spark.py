"""Engines by name: this worker, or Spark on this worker or by an Airflow connection.

The connection is read as Airflow's Spark provider reads it (types ``spark`` and ``spark_connect``), and the provider need not be
installed: it brings ``pyspark-client``, which installs other files under the same names as pyspark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.s3 import S3Client, S3Storage, parse_s3

if TYPE_CHECKING:
    from airflow_privacy.core.io.storage import Storage
    from airflow_privacy.core.keyring.wrap import Context, Wrapper
    from airflow_privacy.core.pipeline.apply import MaskTable
    from airflow_privacy.core.pipeline.workspace import Workspace
    from airflow_privacy.hooks.keyring import KmsWrapper

_ENGINE = re.compile(r"spark(://(?P<connection>[\w.-]+))?")


@contextmanager
def open_engine(engine: str) -> Iterator[MaskTable]:
    """The engine of a name: ``local``, ``spark`` (a session on this worker) or ``spark://<conn_id>``.

    :raises BadInput: another name, or a connection that is not there or not for a driver in a task.
    :raises MissingExtra: pyspark is not installed.
    """
    from airflow_privacy.core.mask.run import mask_table

    if engine == "local":
        yield mask_table
        return
    match = _ENGINE.fullmatch(engine)
    if match is None:
        raise BadInput("unknown-engine", "There is no such engine", where=engine, do="Use local, spark or spark://<conn_id>.")
    from airflow_privacy.core.spark.engine import spark_engine
    from airflow_privacy.core.spark.session import spark_session

    master, options = _of_connection(match["connection"]) if match["connection"] else ("local[*]", {})
    with spark_session(master, options=options) as session:
        yield spark_engine(session, executor_workspace())


def executor_workspace() -> Workspace:
    """What executors work in: this Airflow's privacy home, at the same path there, without Airflow's connections."""
    from airflow_privacy import config  # an executor that imports this module should not import Airflow
    from airflow_privacy.core.io.artifacts import ArtifactStore
    from airflow_privacy.core.pipeline.workspace import Workspace

    return Workspace(
        home=config.home(),
        artifacts=ArtifactStore(config.artifacts()),
        storages=executor_storage,
        key_wrapper=executor_wrapper(config.keyring()),
    )


def executor_wrapper(option: str) -> Wrapper | None:
    """The root of ``[privacy] keyring`` as executors reach it: the home's file, or AWS KMS with their own rights.

    :raises BadInput: the root lies in an Airflow connection, or behind one.
    """
    if option == "local":
        return None
    if option.startswith("aws-kms:///"):
        return ExecutorKms(option.removeprefix("aws-kms:///"))
    raise BadInput(
        "keyring-not-on-executors",
        "A Spark executor has no Airflow connections, and the keyring's root needs one",
        where="[privacy] keyring",
        do="Use aws-kms:///<key> and give the executors a role that may decrypt with it, or the local engine.",
    )


@dataclass(frozen=True)
class ExecutorKms:
    """A key of AWS KMS, by the rights of whoever uses it; it holds no client and no secret, so that it can travel."""

    key: str

    @property
    def name(self) -> str:
        return "aws-kms"

    def wrap(self, octets: bytes, context: Context) -> bytes:
        return self._wrapper().wrap(octets, context)

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        return self._wrapper().unwrap(wrapped, context)

    def _wrapper(self) -> KmsWrapper:
        import boto3

        from airflow_privacy.hooks.keyring import KmsWrapper

        return KmsWrapper(partial(boto3.client, "kms"), self.key)


def executor_storage(uri: str) -> Storage:
    """Paths, and ``s3://bucket/key`` with the executor's own credentials (its role, or its environment).

    :raises BadInput: the URI names an Airflow connection, whose credentials do not travel.
    """
    place = parse_s3(uri)
    if place is None:
        return local_storage(uri)
    if place.login:
        raise BadInput(
            "connection-on-executor",
            "A Spark executor has no Airflow connections",
            where=place.login,
            do="Name the bucket alone and give the executors a role that may read it.",
        )
    return S3Storage(_s3(), place.bucket, place.key)


@lru_cache(maxsize=1)
def _s3() -> S3Client:
    import boto3

    return cast("S3Client", boto3.client("s3"))


def _of_connection(name: str) -> tuple[str, Mapping[str, str]]:
    """A Spark connection as master and options: ``queue``, ``namespace`` and every ``spark.…`` setting among its extras."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found: Any = BaseHook.get_connection(name)
    except AirflowNotFoundException:
        found = None
    if found is None:
        raise BadInput("no-connection", f"There is no connection {name!r}", do="Create it, or name another.")
    extra = found.extra_dejson
    if extra.get("deploy-mode", "client") != "client":
        raise BadInput(
            "unsupported-deploy-mode",
            "The driver is the task itself, as in deploy mode client",
            where=f"connection {name}",
            do="Set deploy-mode to client in a connection for this engine.",
        )
    options = {key: str(value) for key, value in extra.items() if key.startswith("spark.")}
    if extra.get("queue"):
        options["spark.yarn.queue"] = str(extra["queue"])
    if extra.get("namespace"):
        options["spark.kubernetes.namespace"] = str(extra["namespace"])
    return _master(found), options


def _master(found: Any) -> str:
    host, port = found.host or "", f":{found.port}" if found.port else ""
    if found.conn_type == "spark_connect":
        given = {"user_id": found.login, "token": found.password, "use_ssl": found.extra_dejson.get("use_ssl")}
        parameters = "".join(f";{key}={quote(str(value), safe='')}" for key, value in given.items() if value)
        return f"sc://{host.removeprefix('sc://')}{port}/{parameters}"
    if found.conn_type == "spark" and ("://" in host or not port):
        return f"{host}{port}"
    return f"{found.conn_type}://{host}{port}"
