"""Which model learns from a dataset, as OpenLineage facets: the standard's ``lineage`` facet of the job, and one of our own.

The standard names jobs and datasets, no models; ``airflowPrivacy_trainingInput`` does. Its schema lies beside this module.
"""

from __future__ import annotations

from collections.abc import Sequence

import attr
from openlineage.client.facet_v2 import JobFacet, RunFacet, lineage

from airflow_privacy.core.model.flow import TrainingUse

TRAINING_INPUT = "airflowPrivacy_trainingInput"
SCHEMA_URL = "https://airflow-privacy.dev/spec/1-0-0/TrainingInputRunFacet.json#/$defs/TrainingInputRunFacet"


@attr.define
class TrainingInputRunFacet(RunFacet):
    """The model that takes the run's input, and what the input's passport states. Names and digests."""

    model: str
    purpose: str
    privacyLevel: str  # noqa: N815 - OpenLineage's spelling
    passport: str

    @staticmethod
    def _get_schema() -> str:
        return SCHEMA_URL


def run_facets(use: TrainingUse | None) -> dict[str, RunFacet]:
    """The model by name; empty where the step is not about training."""
    if use is None:
        return {}
    return {
        TRAINING_INPUT: TrainingInputRunFacet(model=use.model, purpose=use.purpose, privacyLevel=use.level, passport=use.passport)
    }


def job_facets(use: TrainingUse | None, inputs: Sequence[tuple[str, str]]) -> dict[str, JobFacet]:
    """That the event's own job is what the inputs feed.

    :param inputs: namespace and name of each.
    """
    if use is None:
        return {}
    fed = [lineage.LineageDatasetInput(namespace=namespace, name=name, type="DATASET") for namespace, name in inputs]
    return {"lineage": lineage.LineageJobFacet(entries=[lineage.LineageJobEntry(type="JOB", inputs=list(fed))])}
