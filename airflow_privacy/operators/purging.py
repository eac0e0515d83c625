"""What retention and erasure share as tasks: the modes, a plan carried out under approvals and a throttle, and a wait without a
worker where old versions of a table may not go yet."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_privacy.core.errors import BadInput
from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import (
    PrivacyOperator,
    as_xcom,
    caller_of,
    reference,
    references,
    run_of,
    value_free_errors,
)

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from airflow_privacy.core.io.purge.target import Pace, Progress
    from airflow_privacy.core.model.flow import Outcome
    from airflow_privacy.core.model.refs import ArtifactRef
    from airflow_privacy.core.pipeline.approvals import Run
    from airflow_privacy.core.pipeline.purge_execution import Purged
    from airflow_privacy.core.pipeline.workspace import Caller, Workspace

Mode = Literal["plan", "execute", "verify"]

_SECONDS_BETWEEN_LINES = 10.0
_SHORTEST_WAIT = timedelta(minutes=1)


class PurgingOperator(PrivacyOperator):
    """A subclass assigns ``mode``, ``approvals`` and ``throttle``, and says what each mode does."""

    ui_color = "#f3d9d4"
    told: ClassVar[Mapping[str, str]]
    """Which counts of a plan the log tells, and how it calls them."""
    mode: Mode
    approvals: Any
    throttle: float | None

    @abstractmethod
    def planned(self, workspace: Workspace, caller: Caller) -> Outcome:
        """The mode ``plan``."""

    @abstractmethod
    def plan_to_execute(self, workspace: Workspace, caller: Caller) -> ArtifactRef:
        """Which plan the mode ``execute`` carries out."""

    @abstractmethod
    def carry_out(
        self,
        workspace: Workspace,
        caller: Caller,
        *,
        plan: ArtifactRef,
        approvals: Sequence[ArtifactRef],
        run: Run,
        pace: Pace,
        progress: Progress,
    ) -> Purged:
        """Carry *plan* out, or go on with it."""

    @abstractmethod
    def verified(self, workspace: Workspace, caller: Caller) -> Outcome:
        """The mode ``verify``."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the mode. The return value holds a URI, a digest and counts: nothing else reaches XCom."""
        with value_free_errors():
            workspace, caller = open_workspace(), caller_of(context)
            if self.mode == "plan":
                return as_xcom(self.make_plan(workspace, caller))
            if self.mode == "verify":
                done = self.verified(workspace, caller)
                self._flow = done.flow
                self.log.info("%s: still gone at %d places", done.ref.digest, done.ref.counts["places"])
                return as_xcom(done.ref)
            if self.mode != "execute":
                raise BadInput("bad-argument", "The mode is plan, execute or verify", where="mode")
            return self._carried_out(context, workspace, self.plan_to_execute(workspace, caller))

    def go_on(self, context: Context, event: object, plan: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the trigger's
        """Go on after waiting. The plan comes from the task that waited: templates are rendered again, and may say another."""
        with value_free_errors():
            return self._carried_out(context, open_workspace(), reference(plan, name="plan"))

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002 - the provider's signature
        """Nothing: what is gone is said when somebody looked, and nobody did."""
        from airflow_privacy.lineage.facets import lineage_of

        return lineage_of(None)

    def make_plan(self, workspace: Workspace, caller: Caller) -> ArtifactRef:
        """Plan, and say in the log how much would go."""
        done = self.planned(workspace, caller)
        self._flow = done.flow
        counts = done.ref.counts
        self.log.info(
            "%s: %s at %d places%s",
            done.ref.digest,
            ", ".join(f"{counts.get(name, 0):,} {word}" for name, word in self.told.items()),
            counts["places"],
            "; needs an approval" if counts["needs_approval"] else "",
        )
        return done.ref

    def telling(self, what: str) -> Callable[[int, int], None]:
        """Progress as a line in the task's log now and then: counts alone."""
        last, said = 0.0, (-1, -1)

        def tell(done: int, of: int) -> None:
            nonlocal last, said
            moment = time.monotonic()
            if (done, of) != said and (done >= of or moment - last >= _SECONDS_BETWEEN_LINES):
                last, said = moment, (done, of)
                self.log.info("%s of %s %s", f"{done:,}", f"{of:,}", what)

        return tell

    def _carried_out(self, context: Context, workspace: Workspace, plan: ArtifactRef) -> dict[str, Any]:
        from airflow_privacy.core.io.purge.target import Pace

        given = self.approvals if isinstance(self.approvals, list | tuple) else [self.approvals]
        done = self.carry_out(
            workspace,
            caller_of(context),
            plan=plan,
            approvals=references([one for one in given if one is not None], name="approvals"),
            run=run_of(context),
            pace=Pace(rows_per_second=self.throttle),
            progress=self.telling("purged"),
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
