"""Admit a published dataset to training, and read it in the training task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import Location, PrivacyOperator, location, reference, value_free_errors

if TYPE_CHECKING:
    import polars as pl

    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class RegisterTrainingInputOperator(PrivacyOperator):
    """Fail unless a published dataset's passport proves that this model may learn from it; record that it does.

    Refused is a dataset without a passport that holds (expired, of another dataset, signed by another key, files or manifest
    changed), one released for another purpose, and one whose privacy level the model does not accept.

    :param dataset: the folder that the dataset was published in, or its Asset. (templated)
    :param purpose: what the model is for; it must be the release's. (templated)
    :param requires: a predicate over privacy levels, such as ``"k_anonymous(k>=5) or pseudonymized"``. (templated)
    :param model: the model's name. (templated)
    """

    template_fields: Sequence[str] = ("dataset", "purpose", "requires", "model")
    reads = "dataset"

    def __init__(self, *, dataset: Location, purpose: str, requires: str, model: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.purpose = purpose
        self.requires = requires
        self.model = model

    def step(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.training import register_training_input

        return register_training_input(
            workspace, caller, dataset=location(self.dataset), purpose=self.purpose, requires=self.requires, model=self.model
        )


def read_training_input(registered: Any, *, model: str) -> pl.DataFrame:
    """In a training task: the rows of a registered dataset, as a Polars frame (``.to_pandas()`` at the edge).

    Every byte is held against the passport first, and the task's lineage gets the dataset with its version and the model.

    :param registered: what :class:`RegisterTrainingInputOperator` returned.
    :param model: the model that it was registered for.
    :raises AirflowFailException: it was not registered for this model, or does not hold any more.
    """
    from airflow_privacy.core.pipeline.training import read_training_set
    from airflow_privacy.lineage.facets import emit_reading

    with value_free_errors():
        found = read_training_set(open_workspace(), reference(registered, name="registered"), model=model)
        emit_reading(found.flow)
        return found.frame
