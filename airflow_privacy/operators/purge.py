"""Keep the retention promise of a contract: plan, delete, look again; later look once more."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_privacy.core.errors import BadInput
from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import (
    Location,
    PrivacyOperator,
    as_xcom,
    caller_of,
    location,
    reference,
    references,
    run_of,
    value_free_errors,
)

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from airflow_privacy.core.model.refs import ArtifactRef
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace

_SECONDS_BETWEEN_LINES = 10.0
_SHORTEST_WAIT = timedelta(minutes=1)


class RetentionPurgeOperator(PrivacyOperator):
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
    ui_color = "#f3d9d4"

    def __init__(
        self,
        *,
        contract: Location | None = None,
        mode: Literal["plan", "execute", "verify"] = "plan",
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

    def execute(self, context: Context) -> dict[str, Any]:
        with value_free_errors():
            workspace, caller = open_workspace(), caller_of(context)
            if self.mode == "plan":
                return as_xcom(self._planned(workspace, caller))
            if self.mode == "verify":
                return self._verified(workspace, caller)
            if self.mode != "execute":
                raise BadInput("bad-argument", "The mode is plan, execute or verify", where="mode")
            plan = reference(self.plan, name="plan") if self.plan is not None else self._own_plan(workspace, caller)
            return self._carried_out(context, workspace, plan)

    def go_on(self, context: Context, event: object, plan: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the trigger's
        """Go on after waiting. The plan comes from the task that waited: templates are rendered again, and may say another."""
        with value_free_errors():
            return self._carried_out(context, open_workspace(), reference(plan, name="plan"))

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002 - the provider's signature
        """Nothing: what is gone is said when somebody looked, and nobody did."""
        from airflow_privacy.lineage.facets import lineage_of

        return lineage_of(None)

    def _planned(self, workspace: Workspace, caller: Caller) -> ArtifactRef:
        from airflow_privacy.core.pipeline.purge import plan_purge

        done = plan_purge(
            workspace, caller, contract=self._contract(), max_share=self.max_share, progress=self._telling("places looked at")
        )
        self._flow = done.flow
        counts = done.ref.counts
        told = ("expired", "young", "held", "future", "unknown")
        self.log.info(
            "%s: %s at %d places%s",
            done.ref.digest,
            ", ".join(f"{counts.get(name, 0):,} {name}" for name in told),
            counts["places"],
            "; needs an approval" if counts["needs_approval"] else "",
        )
        return done.ref

    def _own_plan(self, workspace: Workspace, caller: Caller) -> ArtifactRef:
        """The plan that a killed try of this task began to carry out, else a new one."""
        from airflow_privacy.core.pipeline.purge_runs import begun_plan

        begun = begun_plan(workspace, caller, contract=self._contract())
        if begun is not None:
            self.log.info("Going on with %s", begun.digest)
            return begun
        return self._planned(workspace, caller)

    def _carried_out(self, context: Context, workspace: Workspace, plan: ArtifactRef) -> dict[str, Any]:
        from airflow_privacy.core.io.purge.target import Pace
        from airflow_privacy.core.pipeline.purge import run_purge

        given = self.approvals if isinstance(self.approvals, list | tuple) else [self.approvals]
        done = run_purge(
            workspace,
            caller_of(context),
            plan=plan,
            approvals=references([one for one in given if one is not None], name="approvals"),
            run=run_of(context),
            pace=Pace(rows_per_second=self.throttle),
            progress=self._telling("purged"),
        )
        self._flow = done.flow
        if done.ref is not None:
            counts = done.ref.counts
            self.log.info("%s: %s gone, %s kept", done.ref.digest, f"{counts['gone']:,}", f"{counts['kept']:,}")
            return as_xcom(done.ref)
        from airflow.providers.standard.triggers.temporal import DateTimeTrigger

        until = max(done.waiting_until or workspace.now(), workspace.now() + _SHORTEST_WAIT)
        self.log.info("Old versions of a table may go at %s: waiting", until.isoformat(timespec="seconds"))
        self.defer(trigger=DateTimeTrigger(moment=until), method_name="go_on", kwargs={"plan": as_xcom(plan)})
        raise AssertionError  # defer does not return

    def _verified(self, workspace: Workspace, caller: Caller) -> dict[str, Any]:
        from airflow_privacy.core.pipeline.purge import verify_purge

        done = verify_purge(workspace, caller, certificate=reference(self.certificate, name="certificate"))
        self._flow = done.flow
        self.log.info("%s: still gone at %d places", done.ref.digest, done.ref.counts["places"])
        return as_xcom(done.ref)

    def _contract(self) -> ArtifactRef | str:
        if self.contract is None:
            raise BadInput("no-contract", "There is no contract to plan by", where="contract", do="Pass a contract.")
        return reference(self.contract, name="contract") if isinstance(self.contract, Mapping) else location(self.contract)

    def _telling(self, what: str) -> Callable[[int, int], None]:
        """Progress as a line in the task's log now and then: counts alone."""
        last, said = 0.0, (-1, -1)

        def tell(done: int, of: int) -> None:
            nonlocal last, said
            moment = time.monotonic()
            if (done, of) != said and (done >= of or moment - last >= _SECONDS_BETWEEN_LINES):
                last, said = moment, (done, of)
                self.log.info("%s of %s %s", f"{done:,}", f"{of:,}", what)

        return tell


def certificates_due() -> list[dict[str, Any]]:
    """In a task: references of all certificates that say that it is time to look again, and that nobody has looked at since.

    To be mapped over: ``RetentionPurgeOperator.partial(task_id="verify", mode="verify").expand(certificate=…)``.
    """
    from airflow_privacy.core.pipeline.purge_runs import due_certificates

    with value_free_errors():
        return [as_xcom(ref) for ref in due_certificates(open_workspace())]
