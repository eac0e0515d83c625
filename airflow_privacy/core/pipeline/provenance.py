"""Where a model or a dataset comes from: model ← training set ← staging ← raw, with what happened on the way.

Read from the ledger and the artifacts alone. Each artifact is held against its digest and each fact against its leaf; that the
leaves are the signed ones is what ``ledger verify`` shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from airflow_privacy.core.errors import BadInput, PrivacyError
from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.findings import Role
from airflow_privacy.core.model.levels import describe
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.release import Fact
from airflow_privacy.core.model.risk import RiskReport
from airflow_privacy.core.model.techniques import Drop, name_of
from airflow_privacy.core.pipeline.places import current_at
from airflow_privacy.core.pipeline.proof import facts_of
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.policy.environments import normalise


class ColumnOrigin(Value, frozen=True, kw_only=True):
    """What became of one source column; ``released`` is ``None`` where it was dropped."""

    source: str
    role: Role
    technique: str
    rule: str
    released: str | None


class Step(Value, frozen=True, kw_only=True):
    """An edge of the tree: what was done to ``origin``, when, in which run.

    ``kind`` is the fact's: ``registered``, ``transferred`` or ``masked``. ``columns`` is there where columns changed.
    """

    kind: str
    how: str
    at: str
    run: str
    links: dict[str, str]
    columns: tuple[ColumnOrigin, ...] = ()
    origin: Origin


class Origin(Value, frozen=True, kw_only=True):
    """A model or table, and the steps that made it.

    ``version`` is a dataset's version or a source's digest, empty for a model, and ``rows`` is ``None`` for a model.
    """

    kind: Literal["model", "training set", "staging", "raw"]
    name: str
    version: str = ""
    rows: int | None = None
    steps: tuple[Step, ...] = ()


class Provenance(Value, frozen=True, kw_only=True):
    """The tree of what was asked for; ``columns`` goes from the sources to what is released, over all steps."""

    tree: Origin
    columns: tuple[ColumnOrigin, ...]


def provenance(workspace: Workspace, target: str) -> Provenance:
    """The origins of a model or of a dataset.

    :param target: a model's name, or the folder of a released or masked dataset. A folder with a pointer stands for the version
        that is published now, any other for the one that was made last.
    :raises BadInput: the ledger knows no such model or dataset, or there is no ledger.
    :raises VerificationError: an artifact on the way was changed.
    """
    history = _History(workspace)
    tree = history.model(target) or history.folder(target)
    if tree is None:
        raise BadInput(
            "unknown-target",
            "The ledger knows neither a model nor a dataset of this name",
            where=target,
            do="Name a model that was registered, or the folder of a masked or released dataset.",
        )
    return Provenance(tree=tree, columns=_columns_of(tree))


class _History:
    """The facts by kind, and the trees that follow from them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._facts = [fact for _, fact in facts_of(workspace)]

    def model(self, name: str) -> Origin | None:
        """A model with every dataset version that was registered for it, the newest first."""
        latest = {_links(fact)["dataset"]: fact for fact in self._of("registered") if fact.reason == name}
        newest = sorted(latest.values(), key=self._facts.index, reverse=True)
        steps = tuple(
            _step(fact, "registered as training input, passport checked", self._training_set(_links(fact)["passport"]))
            for fact in newest
        )
        return Origin(kind="model", name=name, steps=steps) if steps else None

    def folder(self, target: str) -> Origin | None:
        """What is published in a folder; where nothing is, what was masked into it last."""
        place = normalise(target)
        try:
            published = current_at(self._workspace, target).passport
        except PrivacyError:
            published = ""
        transfers = [fact for fact in self._of("transferred") if normalise(self._dataset(fact).uri) == place]
        current = [fact for fact in transfers if _links(fact)["passport"] == published] or transfers
        if current:
            return self._training_set(_links(current[-1])["passport"])
        masked = [fact for fact in self._of("masked") if normalise(self._dataset(fact).uri) == place]
        return self._staging(masked[-1]) if masked else None

    def _training_set(self, passport: str) -> Origin:
        transfer = self._last("transferred", "passport", passport)
        succeeded = self._succeeded(transfer)
        if succeeded is not None:
            how = f"rows left out: {transfer.reason}"
            return _table("training set", self._dataset(transfer), _step(transfer, how, self._training_set(succeeded)))
        evidence = _links(transfer)["evidence"]
        asked = _links(self._last("requested", "evidence", evidence, until=transfer))
        agreed = set(_links(self._last("released", "evidence", evidence, until=transfer)).values())
        approvers = sorted({fact.actor for fact in self._of("answered") if _links(fact).get("approval") in agreed})
        report = self._workspace.artifacts.find(RiskReport, asked["risk"])
        dataset = self._dataset(transfer)
        plan = self._workspace.artifacts.find(MaskingPlan, dataset.plan)
        how = f"copied byte for byte, approved by {', '.join(approvers)} for {plan.purpose}, {describe(report.level)}"
        masked = self._last("masked", "dataset", asked["dataset"], until=transfer)
        return _table("training set", dataset, _step(transfer, how, self._staging(masked)))

    def _succeeded(self, transfer: Fact) -> str | None:
        """The passport that a successor was published in place of."""
        dataset = _links(transfer)["dataset"]
        revoked = [fact for fact in self._of("revoked") if _links(fact).get("successor") == dataset]
        return _links(revoked[-1])["passport"] if revoked else None

    def _staging(self, fact: Fact) -> Origin:
        dataset = self._dataset(fact)
        plan = self._workspace.artifacts.find(MaskingPlan, dataset.plan)
        raw = Origin(kind="raw", name=plan.source, version=plan.source_digest, rows=dataset.rows_read)
        columns = _changes(plan)
        techniques = ", ".join(dict.fromkeys(column.technique for column in columns))
        return _table("staging", dataset, _step(fact, f"masked: {techniques}", raw, columns))

    def _of(self, kind: str) -> Iterable[Fact]:
        return (fact for fact in self._facts if fact.kind == kind)

    def _last(self, kind: str, link: str, digest: str, *, until: Fact | None = None) -> Fact:
        """The newest fact of that kind and link, no newer than *until*: the same work may be done again later.

        :raises BadInput: there is none: it was erased, or the ledger is another one.
        """
        end = len(self._facts) if until is None else self._facts.index(until)
        found = [fact for fact in self._facts[:end] if fact.kind == kind and _links(fact).get(link) == digest]
        if found:
            return found[-1]
        raise BadInput("fact-missing", f"The ledger has no fact '{kind}' about this {link}", where=digest)

    def _dataset(self, fact: Fact) -> Dataset:
        return self._workspace.artifacts.find(Dataset, _links(fact)["dataset"])


def _links(fact: Fact) -> Mapping[str, str]:
    return {link.kind: link.digest for link in fact.links}


def _step(fact: Fact, how: str, origin: Origin, columns: tuple[ColumnOrigin, ...] = ()) -> Step:
    return Step(kind=fact.kind, how=how, at=fact.at, run=fact.run, links=dict(_links(fact)), columns=columns, origin=origin)


def _table(kind: Literal["training set", "staging"], dataset: Dataset, step: Step) -> Origin:
    return Origin(kind=kind, name=dataset.uri, version=dataset.version, rows=dataset.rows, steps=(step,))


def _changes(plan: MaskingPlan) -> tuple[ColumnOrigin, ...]:
    return tuple(
        ColumnOrigin(
            source=decision.column,
            role=decision.role,
            technique=name_of(decision.technique),
            rule=decision.rule,
            released=None if isinstance(decision.technique, Drop) else decision.column,
        )
        for decision in plan.decisions
    )


def _columns_of(tree: Origin) -> tuple[ColumnOrigin, ...]:
    """Of the newest line. A transfer changes no column, so that masking is the one step that says what became of them."""
    steps = tree.steps
    while steps and not steps[0].columns:
        steps = steps[0].origin.steps
    return steps[0].columns if steps else ()


def tree_lines(node: Origin) -> Iterator[str]:
    """The tree as text, a line each: what a thing is, and below it by which step it came from what."""
    version = f"  version {node.version}" if node.version else ""
    rows = f"  {node.rows:,} rows" if node.rows is not None else ""
    yield f"{node.kind} {node.name}{version}{rows}"
    for position, step in enumerate(node.steps, 1):
        last = position == len(node.steps)
        yield f"{'└' if last else '├'}─ {step.how}  ({step.at}, {step.run})"
        yield from (f"{' ' if last else '│'}  {line}" for line in tree_lines(step.origin))
