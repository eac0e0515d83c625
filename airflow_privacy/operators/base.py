"""What all operators share: opening the workspace, mapping errors, returning a reference, keeping the flow for lineage."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_privacy.core.errors import BadInput, PrivacyError, TransientError
from airflow_privacy.hooks.workspace import open_workspace

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from airflow_privacy.core.model.flow import Flow, Outcome
    from airflow_privacy.core.model.refs import ArtifactRef
    from airflow_privacy.core.pipeline.approvals import Run
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace

Location = Any
"""A URI, an Airflow ``Asset`` or an ``ObjectStoragePath``; a string is templated."""


class PrivacyOperator(BaseOperator):
    """Base of the operators: ``execute`` opens the workspace, calls one step of the pipeline and returns its reference."""

    ui_color = "#e6f0ec"
    reads: ClassVar[str] = ""
    """The parameter that says where the step reads; lineage names it from the start, and when the step fails."""
    writes: ClassVar[str] = ""
    """The parameter that says where the step writes."""
    _flow: Flow | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the step. The return value holds a URI, a digest and counts: nothing else reaches XCom."""
        with value_free_errors():
            outcome = self.step(open_workspace(), caller_of(context))
            self._flow = outcome.flow
            return as_xcom(outcome.ref)

    def step(self, workspace: Workspace, caller: Caller) -> Outcome:
        """The operator's step of the pipeline."""
        raise NotImplementedError

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any]:
        """Where the step will read and write: names only, nothing was looked at yet."""
        from airflow_privacy.lineage.facets import lineage_of_places

        return lineage_of_places(reads=self._places(self.reads), writes=self._places(self.writes))

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002 - the provider's signature
        """What the step read from; a failed step wrote nothing that anybody may use."""
        from airflow_privacy.lineage.facets import lineage_of_places

        return lineage_of_places(reads=self._places(self.reads), writes=())

    def _places(self, parameter: str) -> tuple[str, ...]:
        return (location(getattr(self, parameter)),) if parameter else ()

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002 - the provider's signature
        """Inputs, outputs and what happened to each column, for OpenLineage."""
        from airflow_privacy.lineage.facets import lineage_of

        return lineage_of(self._flow)


@contextmanager
def value_free_errors() -> Iterator[None]:
    """Map errors to Airflow's: terminal ones fail the task at once, transient ones are retried.

    An error that is not ours may carry data in its text, and Airflow prints exceptions: only its type and place get through.
    """
    try:
        yield
        return
    except TransientError as error:
        mapped: AirflowException = AirflowException(str(error))
    except PrivacyError as error:
        mapped = AirflowFailException(str(error))
    except AirflowException:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence against values in foreign messages
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        mapped = AirflowException(f"[unexpected] {type(error).__name__} at {place}; its text is not shown, it may hold data")
    raise mapped from None


def caller_of(context: Context) -> Caller:
    """Who runs this task, for the ledger."""
    from airflow_privacy.core.pipeline.workspace import Caller

    instance = context["task_instance"]
    return Caller(actor="airflow", run=f"{instance.dag_id}/{instance.run_id}", task=instance.task_id)


def run_of(context: Context) -> Run:
    """This run and who asked for it: ``None`` where nobody did, as in scheduled and asset-triggered runs."""
    from airflow_privacy.core.pipeline.approvals import Run

    instance = context["task_instance"]
    requester = getattr(context["dag_run"], "triggering_user_name", None)
    return Run(dag_id=instance.dag_id, run_id=instance.run_id, task_id=instance.task_id, requester=requester or None)


def as_xcom(ref: ArtifactRef) -> dict[str, Any]:
    """A reference as plain data."""
    return {"uri": ref.uri, "digest": ref.digest, "kind": ref.kind, "counts": dict(ref.counts)}


def reference(value: object, *, name: str) -> ArtifactRef:
    """A reference from another task's return value, or from its JSON text.

    :raises BadInput: it is neither.
    """
    from airflow_privacy.core.model.codec import convert
    from airflow_privacy.core.model.refs import ArtifactRef

    if isinstance(value, ArtifactRef):
        return value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping):
        raise BadInput(
            "no-reference",
            f"{name} is not a reference to an artifact",
            do="Pass the output of the task that makes it, and see that this task ran.",
        )
    return convert(ArtifactRef, dict(value), where=name)


def references(values: object, *, name: str) -> list[ArtifactRef]:
    """As :func:`reference`, of one task's return value or of several."""
    given = values if isinstance(values, list | tuple) else [values]
    return [reference(item, name=name) for item in given]


def location(value: Location) -> str:
    """The URI of a string, an Asset or an ObjectStoragePath."""
    return str(getattr(value, "uri", value))
