"""A subject in a published dataset as a target of a purge: find, remove, look again."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from airflow_privacy.core.io.purge.target import Target
from airflow_privacy.core.pipeline.successor import BelowThreshold
from airflow_privacy.core.pipeline.workspace import Caller, Workspace


def published_target(
    workspace: Workspace,
    caller: Caller,
    *,
    uri: str,
    subject_values: Mapping[str, pl.Series],
    request: str,
    below_threshold: BelowThreshold = "fail",
) -> Target:
    """The target whose ``remove`` is ``erase_from_published``. Its step has the method ``drop-versions`` and counts rows."""
    raise NotImplementedError
