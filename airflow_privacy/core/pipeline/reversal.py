"""Re-identification: reversible tokens are turned back, for a purpose, with an approval, and on the record.

Protects against: turning back without somebody else's signed agreement to exactly these columns, this purpose and this place;
identifiers that end up beside the tokens' recipients. Not against: code that runs as a task and holds the scope's key.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from airflow_privacy.core.attest.approval import verify_approval
from airflow_privacy.core.errors import BadInput, CheckFailed, TerminalError, VerificationError
from airflow_privacy.core.keyring import public_keys
from airflow_privacy.core.mask.parts import slabs_of, write_part
from airflow_privacy.core.mask.pseudonymization.reverse import reverse_column
from airflow_privacy.core.mask.run import MaskResult
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.flow import Flow, Outcome
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.policy import Boundary, Environment, Policy
from airflow_privacy.core.model.refs import ArtifactRef, ColumnType
from airflow_privacy.core.model.reversal import Reversal
from airflow_privacy.core.model.techniques import REVERSIBLE, name_of
from airflow_privacy.core.pipeline.apply import table_of_dataset
from airflow_privacy.core.pipeline.approvals import Request, Run, require_no_rejection, short, valid_approvals
from airflow_privacy.core.pipeline.at_rest import key_uses
from airflow_privacy.core.pipeline.places import Place, open_dataset, write_masked
from airflow_privacy.core.pipeline.revocation import require_not_revoked
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.policy.environments import boundary_of, environment_of


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A reversal with all that it rests on."""

    dataset: Dataset
    plan: MaskingPlan
    contract: Contract
    boundary: Boundary
    environment: Environment
    reversal: Reversal

    @property
    def digest(self) -> str:
        """What an approver agrees to."""
        return digest_of(self.reversal)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """How the columns were masked."""
        return tuple(decision for decision in self.plan.decisions if decision.column in self.reversal.columns)


def gather_reversal(workspace: Workspace, *, dataset: ArtifactRef, columns: Sequence[str], purpose: str, out: str) -> Asked:
    """Read the dataset and its parents, and see that this may be asked for at all.

    :raises CheckFailed: the contract does not allow the purpose, a column cannot be turned back, or *out* lies outside the
        environment that the data came from.
    :raises BadInput: no column, or one that the dataset does not have.
    :raises VerificationError: ``revoked``: a subject was erased from it.
    """
    store = workspace.artifacts
    masked = store.get(Dataset, dataset)
    require_not_revoked(workspace, "dataset", dataset.digest, where=masked.uri)
    plan = store.find(MaskingPlan, masked.plan)
    contract, policy = store.find(Contract, plan.contract), store.find(Policy, plan.policy)
    _require_columns(plan, columns)
    if purpose not in contract.purposes:
        raise CheckFailed(
            "purpose-not-allowed",
            f"The contract does not allow the purpose {purpose!r}",
            where=plan.contract_file.uri,
            do=f"It allows: {', '.join(contract.purposes) or 'none (privacy.purposes)'}.",
        )
    environment = environment_of(policy, out)
    if environment.name != plan.source_environment:
        raise CheckFailed(
            "not-the-source-environment",
            f"Identifiers go back to the environment that they came from, {plan.source_environment!r}, and nowhere else",
            where=out,
        )
    reversal = Reversal(dataset=dataset.digest, columns=tuple(sorted(set(columns))), purpose=purpose, out=out)
    return Asked(
        dataset=masked,
        plan=plan,
        contract=contract,
        boundary=boundary_of(policy, plan.source_environment, plan.destination),
        environment=environment,
        reversal=reversal,
    )


def ask_reversal(workspace: Workspace, caller: Caller, asked: Asked) -> Request:
    """Write the request for an approver.

    :raises TerminalError: it was rejected in this run, or the key that an answer is signed with is missing.
    """
    workspace.keyring().signer("approval")
    require_no_rejection(workspace.ledger(), asked.digest, run=caller.run)
    record(workspace, caller, "requested", links={"evidence": asked.digest, "dataset": asked.reversal.dataset})
    reversal, plan = asked.reversal, asked.plan
    lines = [
        f"**{plan.table}**, {asked.dataset.rows:,} rows, version `{asked.dataset.version}`, released to "
        f"{plan.destination} for {plan.purpose}.",
        "",
        "These columns would be turned back into the identifiers that they stand for:",
        "",
        *(f"- **{_plain(d.column)}** ({d.entity or d.role}, {name_of(d.technique)})" for d in asked.decisions),
        "",
        f"Purpose **{reversal.purpose}**. The result goes to `{_plain(reversal.out)}`, in {plan.source_environment}.",
        "",
        f"You agree to exactly this, bound to `{asked.digest}`, and to nothing else.",
    ]
    return Request(
        evidence=asked.digest,
        nonce=secrets.token_hex(16),
        subject=f"Re-identify {plan.table} for {reversal.purpose}? Request {short(asked.digest)}",
        body="\n".join(lines),
        approvers=asked.boundary.approvers,
        hours=asked.boundary.approval_hours,
        asked_at=workspace.now(),
    )


def reidentify(
    workspace: Workspace,
    caller: Caller,
    *,
    run: Run,
    dataset: ArtifactRef,
    columns: Sequence[str],
    purpose: str,
    approvals: Sequence[ArtifactRef],
    out: str,
) -> Outcome:
    """Turn columns back into a new version of the dataset at *out*; all other columns stay as they are.

    Rows and values are counted in the ledger before the result can be seen. Doing it again gives the same version.

    :raises TerminalError: the approval does not cover exactly this, or a key was destroyed; nothing is visible then.
    """
    links = {"dataset": dataset.digest}
    try:
        asked = gather_reversal(workspace, dataset=dataset, columns=columns, purpose=purpose, out=out)
        valid_approvals(workspace, asked, approvals, run=run)
        return _turn_back(workspace, caller, asked, approvals)
    except TerminalError as error:
        record(workspace, caller, "refused", links=links, reason=error.reason)
        raise


def reidentify_approved(
    workspace: Workspace,
    caller: Caller,
    *,
    dataset: ArtifactRef,
    columns: Sequence[str],
    purpose: str,
    approval: ArtifactRef,
    out: str,
) -> Outcome:
    """As :func:`reidentify`, outside a run: on behalf of the run that the approval was given in, as long as it holds."""
    key = public_keys(workspace.home)["approval"].public_key
    given = verify_approval(workspace.artifacts.get_bytes(approval), key)
    run = Run(dag_id=given.dag_id, run_id=given.run_id, task_id=given.task_id, requester=given.requester)
    return reidentify(
        workspace, caller, run=run, dataset=dataset, columns=columns, purpose=purpose, approvals=[approval], out=out
    )


def _turn_back(workspace: Workspace, caller: Caller, asked: Asked, approvals: Sequence[ArtifactRef]) -> Outcome:
    store, reversal = workspace.artifacts, asked.reversal
    keys = _keys(workspace, asked)
    masked = open_dataset(workspace, asked.dataset)
    agreed = {f"approval-{number}": ref.digest for number, ref in enumerate(approvals, 1)}
    counts = {"rows": asked.dataset.rows, "columns": len(reversal.columns), "values": 0}

    back = {decision.column for decision in asked.decisions}
    columns = tuple(ColumnType(name=c.name, dtype="string" if c.name in back else c.dtype) for c in asked.dataset.columns)
    links = {"evidence": asked.digest, "dataset": reversal.dataset, **agreed}

    def write(folder: Path) -> MaskResult:
        parts, rows = [], []
        for number, slab in enumerate(slabs_of(masked.slabs())):
            parts.append(f"part-{number:05d}.parquet")
            rows.append(slab.height)
            write_part(_reversed(slab, asked.decisions, keys), folder / parts[-1])
            counts["values"] += sum(slab.height - slab[name].null_count() for name in reversal.columns)
        record(workspace, caller, "reidentified", links=links, counts=counts, reason=reversal.purpose)
        return MaskResult(
            rows_read=sum(rows),
            rows_written=sum(rows),
            rows_suppressed=0,
            rows_left_out=0,
            columns=columns,
            parts=tuple(parts),
            part_rows=tuple(rows),
            kept=(),
        )

    place = Place(uri=reversal.out, environment=asked.environment, scope=asked.plan.scope)
    written, _ = write_masked(workspace, place, asked.digest, write)
    uses = key_uses(written.files)
    result = Dataset(
        uri=reversal.out,
        version=written.version,
        plan=store.put(reversal).digest,
        sources=(reversal.dataset,),
        rows=asked.dataset.rows,
        rows_read=asked.dataset.rows,
        rows_suppressed=0,
        columns=columns,
        files=written.files,
        scope=asked.plan.scope if uses else "",
        keys=uses,
        rows_digest=written.rows_digest,
    )
    ref = store.put(result, counts=counts)
    flow = Flow(
        inputs=(table_of_dataset(asked.dataset),),
        outputs=(table_of_dataset(result),),
        findings=store.find(Findings, asked.plan.findings),
    )
    return Outcome(ref=ref, flow=flow)


def _reversed(slab: pl.DataFrame, decisions: Sequence[Decision], keys: dict[str, str]) -> pl.DataFrame:
    return slab.with_columns(
        reverse_column(slab[decision.column], decision.technique, keys[name_of(decision.technique)]).alias(decision.column)
        for decision in decisions
    )


def _keys(workspace: Workspace, asked: Asked) -> dict[str, str]:
    """The very key versions that the tokens were made with."""
    used = {use.technique: use for use in asked.dataset.keys}
    keyring = workspace.keyring()
    keys = {}
    for technique in sorted({name_of(decision.technique) for decision in asked.decisions}):
        use = used.get(technique)
        if use is None:
            raise VerificationError("key-unknown", f"The dataset does not say which key its {technique} tokens were made with")
        key = keyring.technique_key(asked.dataset.scope, technique, use.version)
        if key.id != use.id:
            what = f"The key of {asked.dataset.scope}, version {use.version}, is not the one that the tokens were made with"
            raise VerificationError("wrong-key", what)
        keys[technique] = key.hex()
    return keys


def _require_columns(plan: MaskingPlan, columns: Sequence[str]) -> None:
    released = {decision.column: decision for decision in plan.released()}
    unknown = sorted(set(columns) - set(released))
    if unknown or not columns:
        what = f"The dataset has no column {', '.join(map(repr, unknown))}" if unknown else "No column is named"
        raise BadInput("unknown-column", what, do="Name columns of the masked dataset.")
    for name in columns:
        if not isinstance(released[name].technique, REVERSIBLE):
            raise CheckFailed(
                "not-reversible", f"Column {name!r} was masked by {name_of(released[name].technique)}, which nothing turns back"
            )


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() and char not in "`*[]<>|\\" else "?" for char in text)
