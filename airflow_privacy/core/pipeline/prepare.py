"""Before anything is changed: check the contract, look at the data, make the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from airflow_privacy.core.contract.check import check_table, require
from airflow_privacy.core.contract.difference import compare
from airflow_privacy.core.contract.odcs import load_contract
from airflow_privacy.core.detect.drift import (
    OnDrift,
    against_contract,
    against_findings,
    require_no_failure,
    rules_with,
    summary,
    with_drift,
)
from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.io.source import TableSource
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.contract import Contract, Table
from airflow_privacy.core.model.drift import Drift, DriftRules
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.flow import Flow, FlowTable, Outcome
from airflow_privacy.core.model.overruled import overruled, weakened
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.refs import ArtifactRef, ColumnType
from airflow_privacy.core.pipeline.last_findings import BASELINE, last_findings, names_of
from airflow_privacy.core.pipeline.places import open_table
from airflow_privacy.core.pipeline.recognizers import look_by, own_engine
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, links_of, record
from airflow_privacy.core.policy.load import load_policy
from airflow_privacy.core.policy.resolve import resolve


def split_table(reference: str) -> tuple[str, str | None]:
    """``contract.yaml#orders`` names one table of a contract that has several."""
    path, _, table = reference.partition("#")
    return path, table or None


def table_of(contract: Contract, name: str | None, *, where: str) -> Table:
    """The table that a reference names; a contract with one table needs no name.

    :raises BadInput: no such table, or several to choose from.
    """
    tables = {table.name: table for table in contract.tables}
    if name is None and len(tables) == 1:
        return contract.tables[0]
    if name in tables:
        return tables[name]
    raise BadInput(
        "unknown-table",
        f"The contract has no table {name!r}" if name else "The contract has several tables",
        where=where,
        do=f"Name one after '#': {', '.join(tables) or 'it has none'}.",
    )


def agreed_table(reference: str | None) -> tuple[Contract, Table] | tuple[None, None]:
    """The contract that a reference names, and its table; nothing where there is no reference."""
    if not reference:
        return None, None
    path, name = split_table(reference)
    agreed = load_contract(path).contract
    return agreed, table_of(agreed, name, where=path)


def check_contract(workspace: Workspace, caller: Caller, *, source: str, contract: str, previous: str | None) -> Outcome:
    """Compare a table with its contract, and the contract with the one before it.

    :raises CheckFailed: the table breaks a promise, or the new contract weakens privacy.
    """
    path, name = split_table(contract)
    loaded = load_contract(path)
    table = table_of(loaded.contract, name, where=path)
    opened = open_table(workspace, source)
    ref = workspace.artifacts.put(loaded.contract, counts={"columns": len(table.columns)})
    try:
        if previous:
            refuse_weakening(loaded.contract, split_table(previous)[0])
        require(check_table(table, loaded.contract, opened, now=workspace.now()))
    except CheckFailed as error:
        record(workspace, caller, "refused", links=links_of(ref), reason=error.reason)
        raise
    record(workspace, caller, "checked", links={**links_of(ref), "source": opened.digest}, counts={"rows": opened.rows})
    return Outcome(ref=ref, flow=Flow(inputs=(flow_of(opened),)))


def refuse_weakening(contract: Contract, previous: str) -> None:
    """:raises CheckFailed: naming every change that weakens privacy."""
    weaker = [change for change in compare(load_contract(previous).contract, contract) if change.weakening]
    if weaker:
        raise CheckFailed(
            "contract-weakened",
            f"The contract weakens privacy against version {previous}: " + "; ".join(change.what for change in weaker),
            where=contract.name,
            do="Restore the promise, or have the change agreed and drop the comparison.",
        )


def detect(
    workspace: Workspace,
    caller: Caller,
    *,
    source: str,
    contract: str | None,
    sample_rows: int | None = None,
    on_drift: OnDrift | None = None,
    called: str = "",
    progress: Callable[[int, int], None] | None = None,
    announce: Callable[[ArtifactRef], None] | None = None,
) -> Outcome:
    """Look at every column of a table, and compare it with the contract and with what was seen the last time.

    The findings are stored whether or not their drift lets the run go on; a column that the contract does not know stops it
    before anything is read.

    :param on_drift: what all drift leads to, whatever the contract says.
    :param called: the name to find the last findings by, where the source lies elsewhere each time; the source by default.
    :param announce: is given the findings' reference as soon as they are stored, also where the drift then fails.
    :raises CheckFailed: ``schema-drift`` or ``findings-drift``.
    :raises BadInput: ``bad-recognizers``.
    """
    agreed, table = agreed_table(contract)
    rules = rules_with(agreed.drift if agreed else DriftRules(), on_drift)
    contract_ref = workspace.artifacts.put(agreed) if agreed else None
    opened = open_table(workspace, source)
    links = {"source": opened.digest, **names_of(called or source, agreed, table)}
    custom = look_by(own_engine(workspace.recognizers)) if workspace.recognizers else None
    drift = against_contract(opened.columns, table, rules) if table and rules else ()
    _require(workspace, caller, drift, links, where=table.name if table else source)
    findings = detect_columns(
        opened,
        table=table,
        contract_digest=contract_ref.digest if contract_ref else None,
        sample_rows=sample_rows,
        progress=progress,
        custom=custom,
    )
    if rules:
        names = {kind: links[kind] for kind in links if kind != "source"}
        last = last_findings(workspace, caller, names=names, source_digest=opened.digest)
        if last:
            links[BASELINE] = last[0]
            drift += against_findings(findings, last[1], table, rules)
    findings = with_drift(findings, drift)
    ref = workspace.artifacts.put(findings, counts=_counts(findings))
    if announce is not None:
        announce(ref)
    links = {**links_of(ref), **links}
    _require(workspace, caller, drift, links, where=table.name if table else source)
    said = "; ".join(filter(None, (summary(drift), _overruled(findings))))
    record(workspace, caller, "detected", links=links, counts=ref.counts, reason=said)
    return Outcome(ref=ref, flow=Flow(inputs=(flow_of(opened),), findings=findings))


def _require(workspace: Workspace, caller: Caller, drift: Sequence[Drift], links: Mapping[str, str], *, where: str) -> None:
    """:raises CheckFailed: a drift fails the run; the ledger says which."""
    try:
        require_no_failure(drift, where=where)
    except CheckFailed as error:
        counts = {"drift": len(drift)}
        record(workspace, caller, "refused", links=links, counts=counts, reason=f"{error.reason}; {summary(drift)}")
        raise


def plan_masking(
    workspace: Workspace,
    caller: Caller,
    *,
    contract: str,
    policy: str,
    findings: ArtifactRef,
    purpose: str,
    recipient: str,
    destination: str,
) -> Outcome:
    """Decide what happens to every column; nothing is touched yet."""
    path, name = split_table(contract)
    agreed = load_contract(path)
    rules = load_policy(policy)
    seen = workspace.artifacts.get(Findings, findings)
    if seen.contract is not None and seen.contract != digest_of(agreed.contract):
        raise CheckFailed("contract-changed", "The contract changed after detection", where=path, do="Run detection again.")
    try:
        plan = resolve(
            contract=agreed.contract,
            contract_file=agreed.file,
            table=table_of(agreed.contract, name, where=path),
            findings=seen,
            policy=rules.policy,
            policy_file=rules.file,
            purpose=purpose,
            recipient=recipient,
            destination=destination,
        )
    except CheckFailed as error:
        record(workspace, caller, "refused", links=links_of(findings), reason=error.reason)
        raise
    parents = (workspace.artifacts.put(agreed.contract), workspace.artifacts.put(rules.policy), findings)
    ref = workspace.artifacts.put(plan, counts={"columns": len(plan.decisions), "released": len(plan.released())})
    record(workspace, caller, "planned", links=links_of(*parents, ref), counts=ref.counts)
    source = FlowTable(uri=plan.source, version=plan.source_digest, columns=source_columns(plan), rows=seen.rows_total)
    return Outcome(ref=ref, flow=Flow(inputs=(source,), findings=seen, plan=plan))


def flow_of(source: TableSource) -> FlowTable:
    """A source as one end of a step."""
    return FlowTable(uri=source.uri, version=source.digest, columns=source.columns, rows=source.rows)


def source_columns(plan: MaskingPlan) -> tuple[ColumnType, ...]:
    """The columns that a plan decides on, as they are before masking."""
    return tuple(ColumnType(name=decision.column, dtype=decision.dtype) for decision in plan.decisions)


def _counts(findings: Findings) -> dict[str, int]:
    return {
        "rows": findings.rows_scanned,
        "columns": len(findings.columns),
        "personal": sum(column.role != "non-sensitive" for column in findings.columns),
        "drift": len(findings.drift),
        "quarantined": sum(column.quarantined for column in findings.columns),
        "overruled": len(overruled(findings)),
        "weakened": weakened(findings),
    }


def _overruled(findings: Findings) -> str:
    """Where the contract's pins say something else than detection did: the columns, and which of them it protects less."""
    changed = overruled(findings)
    if not changed:
        return ""
    told = [f"{one.column!r} (protects less)" if one.weakening else repr(one.column) for one in changed]
    return f"the contract overrules detection on {', '.join(told)}"
