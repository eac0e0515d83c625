"""Afterwards: does the ledger hold, and does a published dataset have a passport that holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from airflow_privacy.core.model.passport import Statement
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class CheckedPassport:
    """A passport that holds."""

    statement: Statement
    digest: str
