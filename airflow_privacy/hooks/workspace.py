"""The workspace that tasks of this Airflow work in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_privacy import config
from airflow_privacy.core.errors import BadInput

if TYPE_CHECKING:
    from airflow_privacy.core.pipeline.workspace import Workspace

_ONE_HOST = ("LocalExecutor", "SequentialExecutor")


def open_workspace() -> Workspace:
    """The privacy home and artifact store of ``[privacy]``.

    :raises BadInput: the executor runs tasks on several hosts, and the ledger's file is not said to be shared; or
        ``[privacy] keyring`` is malformed.
    """
    from airflow_privacy.core.io.artifacts import ArtifactStore
    from airflow_privacy.core.pipeline.workspace import Workspace
    from airflow_privacy.hooks.keyring import key_wrapper
    from airflow_privacy.hooks.sql import connection_databases
    from airflow_privacy.hooks.storage import connection_storages

    executors = [name.strip() for name in config.executor().split(",")]
    many_hosts = [name for name in executors if not any(name.endswith(local) for local in _ONE_HOST)]
    if many_hosts and not config.ledger_is_shared():
        raise BadInput(
            "ledger-not-shared",
            f"The ledger is a file of one host, and {', '.join(many_hosts)} runs tasks on several",
            where="[privacy] ledger_is_shared",
            do="Put the privacy home on storage that all workers share and set the option to True.",
        )
    return Workspace(
        home=config.home(),
        artifacts=ArtifactStore(config.artifacts()),
        storages=connection_storages(),
        key_wrapper=key_wrapper(config.keyring()),
        databases=connection_databases(),
        recognizers=config.recognizers(),
    )
