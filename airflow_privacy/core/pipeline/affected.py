"""Which models learned from versions that are gone now, or that are to go. Names, versions and digests: nothing of a subject.

From the ledger's facts ``registered`` alone: code that read the files without asking is not known to it. A successor that is
registered later is another version, and its models are not affected.
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.pipeline.revocation import is_revoked
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.policy.environments import normalise


class AffectedModel(Value, frozen=True, kw_only=True):
    """A model that took a version as training input. ``dataset`` and ``passport`` are digests; ``revoked``: the version is not to
    be used any more."""

    model: str
    uri: str
    version: str
    dataset: str
    passport: str
    registered_at: str
    revoked: bool


def affected_models(workspace: Workspace, dataset: str, *, versions: Iterable[str] | None = None) -> tuple[AffectedModel, ...]:
    """The models that took a version of the dataset at *dataset*: its folder, or the place that it was masked from.

    :param versions: only these versions; all by default.
    :returns: the oldest registration first; a model once for each version.
    """
    if not workspace.ledger_path.is_file():
        return ()
    place, wanted = normalise(dataset), None if versions is None else set(versions)
    found: dict[tuple[str, str], AffectedModel] = {}
    for _, fact in LedgerView(workspace.ledger_path).facts():
        if fact.kind != "registered":
            continue
        links = {link.kind: link.digest for link in fact.links}
        taken = workspace.artifacts.find(Dataset, links["dataset"])
        at_place = normalise(taken.uri) == place
        if at_place and (wanted is None or taken.version in wanted):
            found.setdefault(
                (fact.reason, taken.version),
                AffectedModel(
                    model=fact.reason,
                    uri=taken.uri,
                    version=taken.version,
                    dataset=links["dataset"],
                    passport=links["passport"],
                    registered_at=fact.at,
                    revoked=is_revoked(workspace, "passport", links["passport"]),
                ),
            )
    return tuple(found.values())
