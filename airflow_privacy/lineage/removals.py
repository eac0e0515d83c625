"""What a purge made go, as OpenLineage outputs: the standard's ``lifecycleStateChange``, and a facet of our own.

Nothing is said before a certificate: a removal exists only when a second look found nothing left. The standard knows DROP (the
dataset or all that was in its folder is gone), TRUNCATE (all rows are gone, the table is there) and OVERWRITE, which stands here
for some rows, files or versions; ``airflowPrivacy_purge`` says how many went and how. Its schema lies beside this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attr
from openlineage.client.event_v2 import OutputDataset
from openlineage.client.facet_v2 import OutputDatasetFacet, lifecycle_state_change_dataset

from airflow_privacy.core.model.flow import Removal

PURGE = "airflowPrivacy_purge"
SCHEMA_URL = "https://airflow-privacy.dev/spec/1-0-0/PurgeOutputDatasetFacet.json#/$defs/PurgeOutputDatasetFacet"
State = lifecycle_state_change_dataset.LifecycleStateChange

_ROWS = ("delete-rows", "rewrite-table", "rewrite-files")
_NO_DATASET = ("destroy-keys", "delete-traces")


@attr.define
class PurgeOutputDatasetFacet(OutputDatasetFacet):
    """How many of a dataset's things went, by which method, and the digests of plan and certificate."""

    method: str
    unit: str
    gone: int
    kept: int
    plan: str
    certificate: str

    @staticmethod
    def _get_schema() -> str:
        return SCHEMA_URL


def outputs(removals: Iterable[Removal], name: Callable[[str], tuple[str, str]]) -> list[OutputDataset]:
    """A dataset for each place from which something is gone; of several steps at one place, the one that says most.

    :param name: from a URI to namespace and name.
    """
    by_name: dict[tuple[str, str], Removal] = {}
    for removal in removals:
        if removal.gone and removal.method not in _NO_DATASET:
            at = name(removal.uri)
            by_name[at] = max(by_name.get(at, removal), removal, key=lambda one: (one.whole, one.gone))
    return [_output(*at, removal) for at, removal in by_name.items()]


def state_of(removal: Removal) -> State:
    """What became of the dataset."""
    if not removal.whole:
        return State.OVERWRITE
    return State.TRUNCATE if removal.method in _ROWS else State.DROP


def _output(namespace: str, name: str, removal: Removal) -> OutputDataset:
    changed = lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet(lifecycleStateChange=state_of(removal))
    said = PurgeOutputDatasetFacet(
        method=removal.method,
        unit=removal.unit,
        gone=removal.gone,
        kept=removal.kept,
        plan=removal.plan,
        certificate=removal.certificate,
    )
    return OutputDataset(namespace=namespace, name=name, facets={"lifecycleStateChange": changed}, outputFacets={PURGE: said})
