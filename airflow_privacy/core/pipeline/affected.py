"""Which models learned from versions that are gone now, or that are to go. A stub of the interface; the work follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_privacy.core.pipeline.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class AffectedModel:
    """A model that took a version as training input. Names, versions and digests only."""

    model: str
    uri: str
    version: str
    dataset: str
    passport: str
    registered_at: str
    revoked: bool


def affected_models(workspace: Workspace, dataset: str, *, versions: Iterable[str] | None = None) -> tuple[AffectedModel, ...]:
    """The models that took a version of the dataset at *dataset*, or one that was made of it.

    :param versions: only these versions; all by default.
    """
    raise NotImplementedError
