"""Ask a person to approve a release or a purge, on the evidence, in the Airflow UI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

from airflow_privacy import config
from airflow_privacy.core.errors import StorageUnavailable, VerificationError
from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import as_xcom, caller_of, reference, run_of, value_free_errors

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from airflow_privacy.core.pipeline.approvals import Answer, Approvable, Request
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace

APPROVE = "Approve"
REJECT = "Reject"


class ApprovalGateOperator(HITLOperator):
    """Park until an approver of the policy answers in *Required Actions*, then sign the answer.

    The form shows the plan and the risk, and carries the evidence digest. An answer counts only from a user whom the policy
    names, who did not trigger the run (for a scheduled run: who does not own the contract), in time, and for the same evidence.
    A rejection and a timeout fail the task, so that nothing downstream runs, and are final for the run. Clearing a gate that
    was not rejected asks again, unless the evidence changed.

    Over a purge-plan the form shows places, counts, what is kept and what is not covered, and carries the plan's digest; an
    answer counts from whom every contract of the plan names as an approver.

    :param dataset: what :class:`MaskOperator` returned, or the plan of a
        :class:`RetentionPurgeOperator` or an :class:`EraseSubjectOperator`. (templated)
    :param risk: what :class:`AssessRiskOperator` returned; none for a purge-plan. (templated)
    :param slot: which of several gates over the same evidence this is, counted from 1.
    :param only_if_needed: be skipped over a purge-plan that needs no approval; give the task that executes it the trigger rule
        ``none_failed``. A release always needs one. Default: ask about every plan.
    :param response_timeout: how long to wait; at most the boundary's ``approval_hours``, for a purge 24 hours. Default 24 hours.
    :param notifiers: called when the request is made, as for Airflow's own approval operators.
    """

    template_fields: Sequence[str] = ("dataset", "risk")
    ui_color = "#f6e7c8"

    def __init__(
        self,
        *,
        dataset: Any,
        risk: Any = None,
        slot: int = 1,
        only_if_needed: bool = False,
        response_timeout: timedelta = timedelta(hours=24),
        **kwargs: Any,
    ) -> None:
        # An answer that arrives while the worker is still parking fails the resumed task: asking again is the cure.
        kwargs.setdefault("retries", 2)
        kwargs.setdefault("retry_delay", timedelta(seconds=5))
        super().__init__(subject="", options=[APPROVE, REJECT], response_timeout=response_timeout, **kwargs)
        self.dataset = dataset
        self.risk = risk
        self.slot = slot
        self.only_if_needed = only_if_needed

    def execute(self, context: Context) -> None:
        """Write the request, see that the stored one is the one that was written, and park."""
        with value_free_errors():
            workspace = open_workspace()
            if self.only_if_needed and not self._is_needed(workspace):
                raise AirflowSkipException("The plan needs no approval")
            request = self.ask(workspace, caller_of(context))
            wait = min(self.response_timeout or timedelta.max, timedelta(hours=request.hours))
            self.subject, self.body = request.subject, request.body
            self._send(context, request)
            for notifier in self.notifiers:
                notifier(context)
        self.log.info("Waiting for the approval of evidence %s", request.evidence)
        raise TaskAwaitingInput(
            method_name="execute_complete",
            kwargs={"evidence": request.evidence, "nonce": request.nonce, "deadline": (request.asked_at + wait).isoformat()},
            timeout=wait,
        )

    def execute_complete(  # type: ignore[override]
        self, context: Context, event: dict[str, Any], evidence: str, nonce: str, deadline: str
    ) -> dict[str, Any]:
        """Check the answer, sign and record it."""
        from airflow_privacy.core.pipeline.approvals import conclude

        with value_free_errors():
            if event.get("error_type", "timeout") != "timeout":
                raise StorageUnavailable("answer-lost", "Airflow could not hand over the answer", do="It is asked for again.")
            workspace = open_workspace()
            return as_xcom(
                conclude(
                    workspace,
                    caller_of(context),
                    run=run_of(context),
                    gather=lambda: self.gather(workspace),
                    asked=evidence,
                    nonce=nonce,
                    deadline=datetime.fromisoformat(deadline),
                    answer=None if "error" in event or event.get("timedout") else _answer(event),
                )
            )

    def ask(self, workspace: Workspace, caller: Caller) -> Request:
        """What the form says."""
        if self._is_purge():
            from airflow_privacy.core.pipeline.purge_approval import ask_purge, gather_purge

            return ask_purge(workspace, caller, gather_purge(workspace, self._dataset()))
        from airflow_privacy.core.pipeline.release import ask

        return ask(workspace, caller, dataset=self._dataset(), risk=self._risk())

    def gather(self, workspace: Workspace) -> Approvable:
        """What the answer is about, read again."""
        if self._is_purge():
            from airflow_privacy.core.pipeline.purge_approval import gather_purge

            return gather_purge(workspace, self._dataset())
        from airflow_privacy.core.pipeline.evidence import gather

        return gather(workspace, dataset=self._dataset(), risk=self._risk())

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any]:
        """Nothing: the request is no step of the data."""
        from airflow_privacy.lineage.facets import lineage_of

        return lineage_of(None)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002 - the provider's signature
        """The dataset version that was decided on, and its risk thresholds as assertions; nothing of a purge."""
        from airflow_privacy.core.pipeline.evidence import reviewed
        from airflow_privacy.lineage.facets import lineage_of

        if self._is_purge():
            return lineage_of(None)
        return lineage_of(reviewed(open_workspace(), dataset=self._dataset(), risk=self._risk()))

    def _is_purge(self) -> bool:
        return bool(self._dataset().kind == "purge-plan")

    def _is_needed(self, workspace: Workspace) -> bool:
        """By the plan itself: what a reference counts is not signed."""
        from airflow_privacy.core.model.purge import PurgePlan

        return not self._is_purge() or workspace.artifacts.get(PurgePlan, self._dataset()).needs_approval

    def _dataset(self) -> Any:
        return reference(self.dataset, name="dataset")

    def _risk(self) -> Any:
        return reference(self.risk, name="risk")

    def _send(self, context: Context, request: Request) -> None:
        """Write the request and compare what Airflow stored with it.

        After a clear or a retry Airflow keeps the first request and its form: somebody would approve what they were not shown.
        """
        from airflow.sdk.api.datamodels._generated import HITLUser
        from airflow.sdk.execution_time.comms import CreateHITLDetailPayload, HITLDetailRequestResult
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        params = {
            "evidence": Param(request.evidence, const=request.evidence, type="string").serialize(),
            "comment": Param("", type=["null", "string"], description="Why, for the record. No personal data.").serialize(),
        }
        users = [HITLUser(id=name, name=name) for name in request.approvers] if config.assign_approvers() else []
        stored = SUPERVISOR_COMMS.send(
            msg=CreateHITLDetailPayload(
                ti_id=context["task_instance"].id,
                options=list(self.options),
                subject=request.subject,
                body=request.body,
                defaults=None,
                params=params,
                multiple=False,
                assigned_users=users,
            )
        )
        same = (
            isinstance(stored, HITLDetailRequestResult)
            and stored.subject == request.subject
            and stored.body == request.body
            and list(stored.options) == list(self.options)
            and not stored.defaults
            and _values(stored.params) == _values(params)
            and {user.id for user in stored.assigned_users or []} == {user.id for user in users}
        )
        if not same:
            raise VerificationError(
                "evidence-changed",
                "The evidence changed after this request was first made, and Airflow still shows the first one",
                where=f"task {self.task_id}",
                do="Trigger a new run.",
            )


def _values(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: param.get("value") for name, param in (params or {}).items()}


def _answer(event: Mapping[str, Any]) -> Answer:
    from airflow_privacy.core.pipeline.approvals import Answer

    user = event.get("responded_by_user") or {}
    given = event.get("params_input") or {}
    return Answer(
        approved=list(event["chosen_options"]) == [APPROVE],
        responder=str(user.get("name") or ""),
        at=event["responded_at"],
        evidence=given.get("evidence"),
        comment=str(given.get("comment") or ""),
    )
