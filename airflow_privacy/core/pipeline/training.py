"""Into training: what a model may learn from, checked when it is registered and again when it is read.

A dataset enters training by its passport alone. The ledger keeps which model took which version, so that a change, an erasure or
a revocation of the data leads to the models. Not protected against: code that reads the files without asking.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import polars as pl

from airflow_privacy.core.errors import BadInput, CheckFailed, TerminalError, VerificationError
from airflow_privacy.core.io.version_copy import Current
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.core.model.flow import Flow, Outcome, TrainingUse
from airflow_privacy.core.model.levels import describe, parse_predicate, satisfies
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.refs import ArtifactRef
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.model.risk import RiskReport
from airflow_privacy.core.pipeline.apply import table_of_dataset
from airflow_privacy.core.pipeline.places import open_dataset
from airflow_privacy.core.pipeline.proof import CheckedPassport, facts_linking, verify_passport_of
from airflow_privacy.core.pipeline.workspace import Caller, Workspace, record
from airflow_privacy.core.policy.environments import normalise


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """The rows of a registered dataset, and the flow by which lineage knows them."""

    frame: pl.DataFrame
    flow: Flow


def register_training_input(
    workspace: Workspace, caller: Caller, *, dataset: str, purpose: str, requires: str, model: str
) -> Outcome:
    """Admit a published dataset as a model's training input, and record that in the ledger.

    :param dataset: the folder that it was published in.
    :param purpose: what the model is for; it must be the purpose that the release was approved for.
    :param requires: a predicate over privacy levels, such as ``"k_anonymous(k>=5) or pseudonymized"``.
    :param model: the model's name.
    :raises VerificationError: nothing is published there, or the passport does not hold: expired, of another dataset, signed by
        another key, files or manifest changed.
    :raises CheckFailed: the purpose is another one, or the privacy level is not among those required.
    :raises BadInput: *requires* is no predicate, or *model* is empty.
    """
    parse_predicate(requires)
    if not model.strip():
        raise BadInput("no-model", "The model has no name", do="Name the model that learns from this dataset.")
    try:
        checked = _published_at(workspace, dataset)
        release = checked.statement.predicate
        if release.purpose != purpose:
            raise CheckFailed(
                "wrong-purpose",
                f"The dataset was released for {release.purpose!r}, not for {purpose!r}",
                where=dataset,
                do="Have a release for this purpose approved.",
            )
        if not satisfies(release.level, requires):
            raise CheckFailed(
                "level-not-accepted",
                f"The dataset's privacy level is {describe(release.level)}, and model {model!r} requires {requires!r}",
                where=dataset,
                do="Release it with a policy that reaches the required level.",
            )
    except TerminalError as error:
        record(workspace, caller, "refused", links={}, reason=error.reason)
        raise
    published = workspace.artifacts.find(Dataset, release.dataset)
    counts = {"rows": published.rows, "files": len(published.files)}
    record(
        workspace,
        caller,
        "registered",
        links={"passport": checked.digest, "dataset": release.dataset},
        counts=counts,
        reason=model,
    )
    ref = msgspec.structs.replace(workspace.artifacts.reference("dataset", release.dataset), counts=counts)
    return Outcome(ref=ref, flow=_flow(workspace, checked, published, model=model))


def read_training_set(workspace: Workspace, dataset: ArtifactRef, *, model: str) -> TrainingSet:
    """Read a registered dataset's rows. Each file is held against manifest and passport first.

    :param dataset: what :func:`register_training_input` returned.
    :param model: the model that it was registered for.
    :raises VerificationError: it was never registered for this model, or its passport does not hold any more.
    :raises StorageUnavailable: a file cannot be read.
    :raises KeyUnavailable: it is encrypted, and its key was destroyed or is not to be had.
    """
    fact = _registration(workspace, dataset, model)
    passport = next(link.digest for link in fact.links if link.kind == "passport")
    published = workspace.artifacts.get(Dataset, dataset)
    # By the passport that was registered: a newer version may have been published since.
    current = Current(version=published.version, passport=passport)
    checked = verify_passport_of(workspace, published.uri, current=current)
    if checked.statement.predicate.dataset != dataset.digest:
        raise VerificationError("wrong-dataset", "The passport is about another dataset", where=published.uri)
    frame = pl.concat(list(open_dataset(workspace, published).slabs()))
    return TrainingSet(frame=frame, flow=_flow(workspace, checked, published, model=model))


def _published_at(workspace: Workspace, dataset: str) -> CheckedPassport:
    """:raises VerificationError: unless what was published in this very folder is there, whole and valid."""
    place = normalise(dataset)
    try:
        checked = verify_passport_of(workspace, dataset)
    except BadInput as error:
        problem = error
    else:
        # A dataset copied over another one proves its own passport, and is still not the one that was asked for.
        published = workspace.artifacts.find(Dataset, checked.statement.predicate.dataset)
        if normalise(published.uri) == place:
            return checked
        raise VerificationError(
            "wrong-dataset",
            f"The passport is of the dataset that was published at {published.uri}",
            where=dataset,
            do="Name the folder that it was published in.",
        )
    raise VerificationError(
        problem.reason, problem.what, where=problem.where or dataset, do=problem.do or "Use a published dataset."
    )


def _registration(workspace: Workspace, dataset: ArtifactRef, model: str) -> Fact:
    facts = [fact for _, fact in facts_linking(workspace, dataset) if (fact.kind, fact.reason) == ("registered", model)]
    if not facts:
        raise VerificationError(
            "not-registered",
            f"The dataset was not registered as a training input of model {model!r}",
            where=dataset.uri,
            do="Put RegisterTrainingInputOperator before the training task.",
        )
    return facts[-1]


def _flow(workspace: Workspace, checked: CheckedPassport, published: Dataset, *, model: str) -> Flow:
    release, store = checked.statement.predicate, workspace.artifacts
    plan = store.find(MaskingPlan, release.plan)
    return Flow(
        inputs=(table_of_dataset(published),),
        findings=store.find(Findings, plan.findings),
        plan=plan,
        risk=store.find(RiskReport, release.risk),
        training=TrainingUse(model=model, purpose=release.purpose, level=describe(release.level), passport=checked.digest),
    )
