"""What was made of a dataset: the folders that it was masked into, and the models that learned from a version of one.

Names, versions and digests: nothing of a subject. From the ledger alone: code that read files without asking is not known to it.
A successor that is registered later is another version, and its models are not affected by what went before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.pipeline.revocation import is_revoked
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.policy.environments import Location, normalise


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
    """The models that took a version of the dataset at *dataset*: its folder, or the table that it was masked from.

    :param versions: only these versions; all by default.
    :returns: the oldest registration first; a model once for each version.
    """
    place, wanted = normalise(dataset), None if versions is None else set(versions)
    found: dict[tuple[str, str, str], AffectedModel] = {}
    for fact in _facts(workspace):
        if fact.kind != "registered":
            continue
        links = {link.kind: link.digest for link in fact.links}
        taken = workspace.artifacts.find(Dataset, links["dataset"])
        if place in (normalise(taken.uri), _source(workspace, taken)) and (wanted is None or taken.version in wanted):
            found.setdefault(
                (fact.reason, taken.uri, taken.version),
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


def derived_datasets(workspace: Workspace, source: str) -> tuple[str, ...]:
    """The places that the table at *source* was masked into, staged and published ones, in the order in which that was done.

    Whether anything lies there now is for the reader to see. Folders that tokens were turned back into are not among them.
    """
    place, found = normalise(source), dict[str, None]()
    for fact in _facts(workspace):
        for link in fact.links if fact.kind in ("masked", "released", "transferred") else ():
            if link.kind == "dataset":
                made = workspace.artifacts.find(Dataset, link.digest)
                if _source(workspace, made) == place:
                    found.setdefault(made.uri)
    return tuple(found)


def _source(workspace: Workspace, dataset: Dataset) -> Location:
    return normalise(workspace.artifacts.find(MaskingPlan, dataset.plan).source)


def _facts(workspace: Workspace) -> Iterator[Fact]:
    if workspace.ledger_path.is_file():
        yield from (fact for _, fact in LedgerView(workspace.ledger_path).facts())
