"""Erase a person on request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import Context

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import PrivacyOperator, as_xcom, caller_of, reference, run_of, value_free_errors

if TYPE_CHECKING:
    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.pipeline.purge_execution import Purged
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class EraseSubjectOperator(PrivacyOperator):
    """Look for the person of a request, erase whom somebody confirmed, or look again.

    Neither parameters nor XCom hold an identifier: the request was taken in with ``airflow-privacy erase request``, and its
    candidates are decided with ``airflow-privacy erase review``. Until then ``plan`` fails: clear the task afterwards.
    ``execute`` retries while old versions of a table may not go yet.

    :param subject: the request's id; for ``verify`` the output of the task that executed, or the certificate's digest.
    :param contracts: files or folders of contracts, for ``plan``; for ``execute`` they are not needed.
    :param mode: ``plan``, ``execute`` (the newest plan of the request) or ``verify``.
    :param deadline: an earlier deadline than the law's one month, RFC 3339; for ``plan``.
    :raises CheckFailed: ``not-reviewed``: candidates wait for somebody; ``came-back``.
    """

    template_fields: Sequence[str] = ("subject", "contracts", "deadline")

    def __init__(
        self,
        *,
        subject: Any,
        contracts: str | Sequence[str] = (),
        mode: Literal["plan", "execute", "verify"] = "plan",
        deadline: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.subject = subject
        self.contracts = contracts
        self.mode = mode
        self.deadline = deadline

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the mode. The return value holds a URI, a digest and counts: nothing else reaches XCom."""
        with value_free_errors():
            workspace, caller = open_workspace(), caller_of(context)
            if self.mode == "execute":
                done = self._execute(workspace, caller, context)
                self._flow = done.flow
                assert done.ref is not None  # noqa: S101 - _execute raises
                return as_xcom(done.ref)
            outcome = self.step(workspace, caller)
            self._flow = outcome.flow
            return as_xcom(outcome.ref)

    def step(self, workspace: Workspace, caller: Caller) -> Outcome:
        """``plan`` and ``verify``."""
        if self.mode == "verify":
            from airflow_privacy.core.pipeline.erase_verify import verify_erasure

            return verify_erasure(workspace, caller, certificate=self._certificate(workspace))
        if self.mode != "plan":
            raise BadInput("bad-argument", "The mode is plan, execute or verify", where="mode")
        from datetime import datetime

        from airflow_privacy.core.pipeline.erase import plan_erasure

        try:
            deadline = datetime.fromisoformat(self.deadline) if self.deadline else None
        except ValueError:
            deadline = datetime.min
        if deadline is not None and deadline.utcoffset() is None:
            raise BadInput("bad-argument", "A deadline is a time with a zone", where="deadline")
        contracts = [self.contracts] if isinstance(self.contracts, str) else list(self.contracts)
        planned = plan_erasure(workspace, caller, request=str(self.subject), contracts=contracts, deadline=deadline)
        if planned.outcome is None:
            counts = planned.counts
            raise CheckFailed(
                "not-reviewed",
                f"{counts['open']:,} of {counts['candidates']:,} candidates wait for somebody to say who is the person",
                where=f"request {self.subject}",
                do=f"Run airflow-privacy erase review {self.subject}, then clear this task.",
            )
        return planned.outcome

    def _execute(self, workspace: Workspace, caller: Caller, context: Context) -> Purged:
        from airflow_privacy.core.errors import TransientError
        from airflow_privacy.core.pipeline.erase import run_erasure
        from airflow_privacy.core.pipeline.erase_status import newest_plan

        done = run_erasure(workspace, caller, plan=newest_plan(workspace, str(self.subject)), run=run_of(context))
        if done.ref is None:
            until = done.waiting_until.isoformat(timespec="seconds") if done.waiting_until else "later"
            raise TransientError(
                "not-yet", f"Old versions of a table may not go before {until}", do="The task goes on when retried."
            )
        return done

    def _certificate(self, workspace: Workspace) -> Any:
        if isinstance(self.subject, str) and self.subject.startswith("sha256:"):
            return workspace.artifacts.reference("certificate", self.subject)
        return reference(self.subject, name="subject")
