"""Erase a person on request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.operators.base import reference
from airflow_privacy.operators.purging import Mode, PurgingOperator

if TYPE_CHECKING:
    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.model.refs import ArtifactRef
    from airflow_privacy.core.pipeline.purge_execution import Purged
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class EraseSubjectOperator(PurgingOperator):
    """Look for the person of a request, erase whom somebody confirmed, or look again.

    Neither parameters nor XCom hold an identifier: the request is taken in with ``airflow-privacy erase request``, and who of the
    found candidates is the person is said with ``airflow-privacy erase review``. As long as one is undecided ``plan`` fails with
    ``not-reviewed`` at once, however many retries the task has, and holds no worker: review, then clear the task.

    ``execute`` may be killed and run again. Where old versions of a table may not go yet, the task defers until they may.

    :param subject: the request's id. For ``execute`` also what a task in the mode ``plan`` returned: then exactly that plan is
        carried out, and with the id the newest one. For ``verify`` what a task in the mode ``execute`` returned, or the
        certificate's digest. (templated)
    :param contracts: for ``plan``: files or folders of contracts. (templated)
    :param mode: ``plan`` returns the purge-plan, ``execute`` and ``verify`` the certificate.
    :param deadline: for ``plan``: an earlier deadline than the law's one month, RFC 3339. (templated)
    :param approvals: for ``execute``: what one or more gates over the plan returned; what a skipped gate left counts for nothing.
        (templated)
    :param max_share: a plan needs an approval when a larger share of a place is to go, 0 to 1.
    :param follow: for ``plan``: references of a database that may be empty and are followed all the same, as ``table.column``.
    :param throttle: rows a second at most. Default: as fast as the store gives them up.
    :raises CheckFailed: ``not-reviewed``; ``came-back``: the person is there again.
    """

    template_fields: Sequence[str] = ("subject", "contracts", "deadline", "approvals")
    told: ClassVar[Mapping[str, str]] = {"expired": "to go", "held": "held", "models": "models affected"}

    def __init__(
        self,
        *,
        subject: Any,
        contracts: str | Sequence[str] = (),
        mode: Mode = "plan",
        deadline: str = "",
        approvals: Any = None,
        max_share: float = 0.3,
        follow: Sequence[str] = (),
        throttle: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.subject = subject
        self.contracts = contracts
        self.mode = mode
        self.deadline = deadline
        self.approvals = approvals
        self.max_share = max_share
        self.follow = follow
        self.throttle = throttle

    def planned(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.erase import plan_erasure

        done = plan_erasure(
            workspace,
            caller,
            request=self._request(),
            contracts=[self.contracts] if isinstance(self.contracts, str) else list(self.contracts),
            max_share=self.max_share,
            follow=tuple(self.follow),
            deadline=_moment(self.deadline) if self.deadline else None,
            progress=self.telling("places looked at"),
        )
        if done.outcome is None:
            open_, of = done.counts["open"], done.counts["candidates"]
            raise CheckFailed(
                "not-reviewed",
                f"{open_:,} of {of:,} candidates wait for somebody to say who is the person",
                where=f"request {self._request()}",
                do=f"Run airflow-privacy erase review {self._request()}, then clear this task.",
            )
        return done.outcome

    def plan_to_execute(self, workspace: Workspace, caller: Caller) -> ArtifactRef:  # noqa: ARG002 - the retention's plans go by it
        """The plan that was given, else the newest one of the request."""
        from airflow_privacy.core.pipeline.erase_status import newest_plan

        found = _as_reference(self.subject)
        return found if found is not None else newest_plan(workspace, self._request())

    def carry_out(self, workspace: Workspace, caller: Caller, **given: Any) -> Purged:
        from airflow_privacy.core.pipeline.erase import run_erasure

        return run_erasure(workspace, caller, **given)

    def verified(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.erase_verify import verify_erasure

        if isinstance(self.subject, str) and self.subject.startswith("sha256:"):
            certificate = workspace.artifacts.reference("certificate", self.subject)
        else:
            certificate = reference(self.subject, name="subject")
        return verify_erasure(workspace, caller, certificate=certificate)

    def _request(self) -> str:
        """:raises BadInput: no id: it may be an identifier in the wrong place, and is not shown."""
        from airflow_privacy.core.pipeline.erase_files import is_request_id

        if isinstance(self.subject, str) and is_request_id(self.subject):
            return self.subject
        raise BadInput(
            "bad-request-id",
            "The subject is not a request's id of 12 hexadecimal digits",
            where="subject",
            do="Pass the id that airflow-privacy erase request printed, never an identifier.",
        )


def _as_reference(subject: Any) -> ArtifactRef | None:
    """A task's return value, or its JSON text; ``None`` for anything else."""
    from airflow_privacy.core.model.refs import ArtifactRef

    if isinstance(subject, str):
        try:
            subject = json.loads(subject)
        except ValueError:
            return None
    return reference(subject, name="subject") if isinstance(subject, Mapping | ArtifactRef) else None


def _moment(text: str) -> datetime:
    """:raises BadInput: it is no time with a zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        raise BadInput("bad-argument", "A deadline is a time with a zone", where="deadline", do="Write 2026-06-30T12:00+02:00.")
    return found
