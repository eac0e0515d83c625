"""Keep the retention promise of a contract: plan, delete, look again; later look once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_privacy.core.errors import BadInput
from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import Location, as_xcom, location, reference, value_free_errors
from airflow_privacy.operators.purging import Mode, PurgingOperator

if TYPE_CHECKING:
    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.model.refs import ArtifactRef
    from airflow_privacy.core.pipeline.purge_execution import Purged
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace


class RetentionPurgeOperator(PurgingOperator):
    """Delete what has outlived the period that a contract promises, and nothing else.

    ``plan`` finds it at every place of the contract and deletes nothing. ``execute`` deletes what a plan names, looks again and
    certifies; without *plan* it plans first, and fails where that plan needs an approval. ``verify`` looks again later and fails
    if something came back.

    Each may be killed and run again: a purge goes on where it was and ends with the same certificate. Two purges of one dataset
    exclude each other; the second fails with an error that a retry cures. Where old versions of a table may not go yet, the task
    defers until they may, and holds no worker's slot.

    :param contract: an ODCS v3.1 file with a retention period, or what :class:`CheckContractOperator` returned; for ``plan``, and
        for ``execute`` without a plan. (templated)
    :param mode: ``plan`` returns the purge-plan, ``execute`` and ``verify`` the certificate.
    :param plan: for ``execute``: what a task in the mode ``plan`` returned. (templated)
    :param approvals: for ``execute``: what one or more gates over the plan returned; what a skipped gate left counts for nothing.
        (templated)
    :param certificate: for ``verify``: what a task in the mode ``execute`` returned. (templated)
    :param max_share: a plan needs an approval when a larger share of a place is to go, 0 to 1.
    :param throttle: rows or objects a second at most. Default: as fast as the store gives them up.
    """

    template_fields: Sequence[str] = ("contract", "plan", "approvals", "certificate")
    told: ClassVar[Mapping[str, str]] = {name: name for name in ("expired", "young", "held", "future", "unknown")}

    def __init__(
        self,
        *,
        contract: Location | None = None,
        mode: Mode = "plan",
        plan: Any = None,
        approvals: Any = None,
        certificate: Any = None,
        max_share: float = 0.3,
        throttle: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.contract = contract
        self.mode = mode
        self.plan = plan
        self.approvals = approvals
        self.certificate = certificate
        self.max_share = max_share
        self.throttle = throttle

    def planned(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.purge import plan_purge

        return plan_purge(
            workspace, caller, contract=self._contract(), max_share=self.max_share, progress=self.telling("places looked at")
        )

    def plan_to_execute(self, workspace: Workspace, caller: Caller) -> ArtifactRef:
        """The plan that was given; else the one that a killed try of this task began to carry out; else a new one."""
        if self.plan is not None:
            return reference(self.plan, name="plan")
        from airflow_privacy.core.pipeline.purge_runs import begun_plan

        begun = begun_plan(workspace, caller, contract=self._contract())
        if begun is not None:
            self.log.info("Going on with %s", begun.digest)
            return begun
        return self.make_plan(workspace, caller)

    def carry_out(self, workspace: Workspace, caller: Caller, **given: Any) -> Purged:
        from airflow_privacy.core.pipeline.purge import run_purge

        return run_purge(workspace, caller, **given)

    def verified(self, workspace: Workspace, caller: Caller) -> Outcome:
        from airflow_privacy.core.pipeline.purge import verify_purge

        return verify_purge(workspace, caller, certificate=reference(self.certificate, name="certificate"))

    def _contract(self) -> ArtifactRef | str:
        if self.contract is None:
            raise BadInput("no-contract", "There is no contract to plan by", where="contract", do="Pass a contract.")
        return reference(self.contract, name="contract") if isinstance(self.contract, Mapping) else location(self.contract)


def certificates_due() -> list[dict[str, Any]]:
    """In a task: references of all certificates that say that it is time to look again, and that nobody has looked at since.

    To be mapped over: ``RetentionPurgeOperator.partial(task_id="verify", mode="verify").expand(certificate=…)``.
    """
    from airflow_privacy.core.pipeline.purge_runs import due_certificates

    with value_free_errors():
        return [as_xcom(ref) for ref in due_certificates(open_workspace())]
