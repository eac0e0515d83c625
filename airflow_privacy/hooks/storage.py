"""Storages of this Airflow: local paths, and S3 through the connection that a URI names."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.s3 import S3Client, S3Storage, parse_s3

if TYPE_CHECKING:
    from airflow_privacy.core.io.storage import Storage, Storages

_DEFAULT = "aws_default"


def connection_storages() -> Storages:
    """From a URI to its storage: ``s3://conn_id@bucket/key`` with that connection, ``s3://bucket/key`` with ``aws_default``.

    Without an ``aws_default`` the worker's own credentials count, as everywhere in Airflow. A connection that a URI names must be
    there: to fall back to the worker's credentials would cross an environment's boundary without a word.
    """
    clients: dict[str, S3Client] = {}

    def storage(uri: str) -> Storage:
        place = parse_s3(uri)
        if place is None:
            return local_storage(uri)
        connection = place.login or _DEFAULT
        if connection not in clients:
            clients[connection] = _client(connection, required=bool(place.login))
        return S3Storage(clients[connection], place.bucket, place.key)

    return storage


def _client(connection: str, *, required: bool) -> S3Client:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.sdk.exceptions import AirflowNotFoundException

    missing = False
    if required:
        try:
            S3Hook.get_connection(connection)
        except AirflowNotFoundException:
            missing = True
    if missing:
        raise BadInput(
            "no-connection", f"There is no connection {connection!r}", do="Create it, or name another: s3://conn_id@bucket/key."
        )
    return cast("S3Client", S3Hook(aws_conn_id=connection).get_conn())
