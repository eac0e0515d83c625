"""The ``[privacy]`` options: one function each, read when called and never at import."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk.configuration import conf

SECTION = "privacy"


def home() -> Path:
    """The privacy home: keyring, ledger, anchors and, by default, artifacts. Default ``$AIRFLOW_HOME/privacy``."""
    given = conf.get(SECTION, "home", fallback="")
    return Path(given).expanduser() if given else Path(conf.get("core", "dags_folder")).expanduser().parent / "privacy"


def artifacts() -> Path:
    """Where artifacts lie. Default ``<home>/artifacts``."""
    given = conf.get(SECTION, "artifacts", fallback="")
    return Path(given).expanduser() if given else home() / "artifacts"


def keyring() -> str:
    """Where the root key lies: ``local`` (default), ``connection://<conn_id>`` or ``aws-kms://<conn_id>/<key>``."""
    return str(conf.get(SECTION, "keyring", fallback="local")) or "local"


def ledger_is_shared() -> bool:
    """Whether the ledger's file is on a file system that every worker host shares. Default no."""
    return bool(conf.getboolean(SECTION, "ledger_is_shared", fallback=False))


def assign_approvers() -> bool:
    """Whether a request is assigned to the policy's approvers by user id.

    Default yes, which fits auth managers whose user id is the user name. With FAB, whose ids are numbers, turn it off: whoever
    may answer tasks can then answer, and the gate still accepts only the policy's approvers by name.
    """
    return bool(conf.getboolean(SECTION, "assign_approvers", fallback=True))


def recognizers() -> Path | None:
    """A file with recognizers in Presidio's YAML format that detection over tables asks, too. Default none."""
    given = conf.get(SECTION, "recognizers", fallback="")
    return Path(given).expanduser() if given else None


def executor() -> str:
    """The executors that Airflow is configured with."""
    return str(conf.get("core", "executor", fallback="LocalExecutor"))
