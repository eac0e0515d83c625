"""A flow as OpenLineage inputs and outputs: schema, versions, tags per field, column lineage with masking flags.

Column lineage follows the masking plan: a released column comes from the column of its name, by the plan's technique, and from
those that the technique reads beside it: directly where their values are in the result (a token of several columns), indirectly
where they only say how it is changed. Left-out records show as indirect filters. Facets hold names, types, digests and counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from airflow.providers.openlineage.extractors import OperatorLineage
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    OutputDatasetFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    dataset_version_dataset,
    output_statistics_output_dataset,
    schema_dataset,
    tags_dataset,
)

from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.flow import Flow, FlowTable
from airflow_privacy.core.model.levels import describe, satisfies
from airflow_privacy.core.model.plan import Decision, MaskingPlan
from airflow_privacy.core.model.risk import RiskReport
from airflow_privacy.core.model.techniques import Keep, Microaggregate, Technique, name_of, parts_of
from airflow_privacy.core.model.techniques.reads import deciding_columns, joined_columns
from airflow_privacy.lineage import removals, training

_PRODUCER_TAG = "airflow-privacy"


def lineage_of(flow: Flow | None) -> OperatorLineage[Any, Any]:
    """The provider's value for a finished task; empty where the task recorded no flow."""
    if flow is None:
        return OperatorLineage()
    return OperatorLineage(
        inputs=[_input(flow, table) for table in flow.inputs],
        outputs=[*(_output(flow, table) for table in flow.outputs), *removals.outputs(flow.removals, dataset_name)],
        run_facets=training.run_facets(flow.training),
        job_facets=training.job_facets(flow.training, [dataset_name(table.uri) for table in flow.inputs]),
    )


def lineage_of_places(*, reads: Sequence[str], writes: Sequence[str]) -> OperatorLineage[Any, Any]:
    """The provider's value where only names are known: before a task ran, and after it failed."""
    return OperatorLineage(
        inputs=[InputDataset(*dataset_name(uri)) for uri in reads], outputs=[OutputDataset(*dataset_name(uri)) for uri in writes]
    )


def emit_reading(flow: Flow) -> None:
    """Send an event of the running task with what it reads, for a task of the DAG author's own, which has no method for it.

    Never fails: the ledger has the fact, and lineage can be sent from there.
    """
    from airflow.providers.openlineage.api import emit_dataset_lineage

    found = lineage_of(flow)
    emit_dataset_lineage(inputs=found.inputs, additional_run_facets=found.run_facets, additional_job_facets=found.job_facets)


def dataset_name(uri: str) -> tuple[str, str]:
    """Namespace and name of a dataset by OpenLineage's naming: ``("file", "/data/x")``, ``("s3://bucket", "x")``.

    The connection in ``s3://conn_id@bucket/x`` says how it is reached, not which dataset it is.
    """
    parts = urlsplit(uri.removeprefix("delta+").removeprefix("iceberg+"))
    if parts.scheme in ("", "file"):
        return "file", str(Path(unquote(parts.path) if parts.scheme else uri).absolute())
    if parts.scheme == "sql":
        # The server behind the connection is not looked up here: a name that needs the database would be missing when it is down.
        return f"sql://{parts.netloc}", unquote(parts.path.strip("/"))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path.strip("/")


def _input(flow: Flow, table: FlowTable) -> InputDataset:
    namespace, name = dataset_name(table.uri)
    checks: dict[str, InputDatasetFacet] = {}
    if flow.risk:
        checks["dataQualityAssertions"] = _assertions(flow.risk)
    return InputDataset(namespace=namespace, name=name, facets=_facets(flow, table), inputFacets=checks)


def _output(flow: Flow, table: FlowTable) -> OutputDataset:
    namespace, name = dataset_name(table.uri)
    facets = _facets(flow, table)
    if flow.plan and flow.inputs:
        facets["columnLineage"] = _column_lineage(flow.plan, flow.inputs[0], table, masks=flow.masks)
    counts: dict[str, OutputDatasetFacet] = {
        "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=table.rows)
    }
    return OutputDataset(namespace=namespace, name=name, facets=facets, outputFacets=counts)


def _facets(flow: Flow, table: FlowTable) -> dict[str, DatasetFacet]:
    facets: dict[str, DatasetFacet] = {}
    if table.columns:
        facets["schema"] = schema_dataset.SchemaDatasetFacet(
            fields=[
                schema_dataset.SchemaDatasetFacetFields(name=column.name, type=column.dtype, ordinal_position=position)
                for position, column in enumerate(table.columns, 1)
            ]
        )
    if table.version:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=table.version)
    tags = _tags(flow.findings, table)
    if tags:
        facets["tags"] = tags_dataset.TagsDatasetFacet(tags=tags)
    return facets


def _tags(findings: Findings | None, table: FlowTable) -> list[tags_dataset.TagsDatasetFacetFields]:
    names = {column.name for column in table.columns}
    tags = []
    for column in findings.columns if findings else ():
        if column.name not in names:
            continue
        given = {"role": column.role, "entity": column.entity}
        tags += [
            tags_dataset.TagsDatasetFacetFields(key=key, value=value, source=_PRODUCER_TAG, field=column.name)
            for key, value in given.items()
            if value
        ]
    return tags


def _column_lineage(
    plan: MaskingPlan, source: FlowTable, target: FlowTable, *, masks: bool
) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    namespace, name = dataset_name(source.uri)
    decisions = {decision.column: decision for decision in plan.decisions}

    def origin(column: str, transformation: column_lineage_dataset.Transformation) -> column_lineage_dataset.InputField:
        return column_lineage_dataset.InputField(namespace=namespace, name=name, field=column, transformations=[transformation])

    fields = {
        column.name: column_lineage_dataset.Fields(
            inputFields=[origin(*one) for one in (_origins(decisions[column.name]) if masks else [(column.name, _identity())])]
        )
        for column in target.columns
    }
    filters = [origin(*one) for one in _filters(plan)] if masks else []
    return column_lineage_dataset.ColumnLineageDatasetFacet(fields=fields, dataset=filters)


def _identity() -> column_lineage_dataset.Transformation:
    return column_lineage_dataset.Transformation(type="DIRECT", subtype="IDENTITY", description="copied", masking=False)


def _origins(decision: Decision) -> list[tuple[str, column_lineage_dataset.Transformation]]:
    """The columns that a masked column comes from, its own first, with how."""
    technique = decision.technique
    how = f"{technique_words(technique)} by rule {decision.rule}"
    if isinstance(technique, Keep):
        own = column_lineage_dataset.Transformation(type="DIRECT", subtype="IDENTITY", description=how, masking=False)
        return [(decision.column, own)]
    subtype = "AGGREGATION" if isinstance(technique, Microaggregate) else "TRANSFORMATION"
    own = column_lineage_dataset.Transformation(type="DIRECT", subtype=subtype, description=how, masking=True)
    decides = column_lineage_dataset.Transformation(type="INDIRECT", subtype="CONDITIONAL", description=how, masking=True)
    joined = joined_columns(technique)
    return [
        *((name, own) for name in (decision.column, *joined)),
        *((name, decides) for name in deciding_columns(technique) if name not in (decision.column, *joined)),
    ]


def technique_words(technique: Technique) -> str:
    """A technique by name, with the names of those that it is made of: ``free_text (surrogate, redact)``."""
    inner = dict.fromkeys(name_of(part) for part in parts_of(technique) if part is not technique)
    return name_of(technique) + (f" ({', '.join(inner)})" if inner else "")


def _filters(plan: MaskingPlan) -> list[tuple[str, column_lineage_dataset.Transformation]]:
    by_rule = [(rule.column, f"records left out by rule {rule.name}") for rule in plan.drop_records]
    suppression = plan.suppression
    by_k = (
        [(name, f"record suppression below k={suppression.k}") for name in suppression.quasi_identifiers] if suppression else []
    )
    return [
        (column, column_lineage_dataset.Transformation(type="INDIRECT", subtype="FILTER", description=why, masking=False))
        for column, why in (*by_rule, *by_k)
    ]


def _assertions(report: RiskReport) -> data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet:
    limits, found = report.thresholds, report.after
    checks = [
        ("k_anonymity", found.k >= limits.min_k, f">={limits.min_k}", str(found.k)),
        (
            "prosecutor_risk",
            found.prosecutor <= limits.max_prosecutor_risk,
            f"<={limits.max_prosecutor_risk}",
            f"{found.prosecutor:.6f}",
        ),
        ("marketer_risk", found.marketer <= limits.max_marketer_risk, f"<={limits.max_marketer_risk}", f"{found.marketer:.6f}"),
        ("privacy_level", satisfies(report.level, limits.level), limits.level, describe(report.level)),
    ]
    if limits.min_l > 1:
        checks.append(("l_diversity", (found.l or 0) >= limits.min_l, f">={limits.min_l}", str(found.l)))
    return data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
        assertions=[
            data_quality_assertions_dataset.Assertion(
                assertion=name, success=holds, severity="error", expected=limit, actual=seen
            )
            for name, holds, limit, seen in checks
        ]
    )
