"""Presidio's anonymizer: its operators, users' own ones, and how it settles overlapping entities.

The only module that knows presidio_anonymizer, which takes seconds to import: only when an operator or a text needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeAlias

import polars as pl

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.mask.base import Span, Spec, Tools, text_type
from airflow_privacy.core.mask.batches import by_batches
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.model.techniques import Presidio

Operate: TypeAlias = Callable[[str], str]
"""One value to what takes its place."""

_REFUSED = {
    "keep": ("It leaves the value as it is", "Say keep in the rule, so that the plan shows it."),
    "encrypt": ("Its key would stand in the policy", "Use aes_siv, whose key is in the keyring."),
    "custom": ("A policy holds no functions", "Name a class of your own: package.module:Class."),
    "surrogate_ahds": ("It sends values to a service", "Use surrogate."),
}
_RANDOM_HASH = ("Without a salt it draws one at random for every value, so that a retry gives other bytes", "Use hmac_token.")


def presidio(column: str, technique: Presidio, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """Every value through an operator of presidio-anonymizer: each distinct one once, as its canonical text.

    ``operator`` is ``mask``, ``replace``, ``redact`` or ``hash`` with a salt, or ``package.module:Class``, a subclass of
    ``presidio_anonymizer.operators.Operator`` that is installed where the task runs. ``parameters`` go to it, and ``entity_type``
    with them: in a text the kind of entity, for a column ``VALUE``. It must give equal output for equal input; some values are
    put in again by the check.

    What it protects against is the operator's affair. A hash's salt stands in the policy: whoever reads that can try all
    telephone numbers; ``hmac_token`` withstands this. A class is code that a policy's author lets the worker run.

    :raises CheckFailed: no such operator, one that is refused, bad parameters; or it fails on a value or gives no text.
    """
    del tools
    operate = operator_of(technique, column)

    def run(values: pl.Series) -> pl.Series:
        return _by_value(values, operate)

    return by_batches(canonical_text(column, dtype), run, pl.String(), column)


def operator_of(technique: Presidio, column: str) -> Operate:
    """The operator as a function, its parameters checked.

    :raises CheckFailed: as for :func:`presidio`.
    """
    operator = _operator(technique, column)
    parameters = {"entity_type": "VALUE", **technique.parameters}
    try:
        operator.validate(dict(parameters))
        good = True
    except Exception:  # noqa: BLE001 - its message may hold anything
        good = False
    if not good:
        raise CheckFailed(
            "technique-parameter", f"Presidio's operator {technique.operator!r} refuses its parameters", where=column
        )

    def operate(text: str) -> str:
        try:
            result = operator.operate(text, dict(parameters))
        except Exception as error:  # noqa: BLE001 - its message may hold the value
            failed = f"fails: {type(error).__name__}"
        else:
            if isinstance(result, str):
                return result
            failed = f"gives no text but {type(result).__name__}"
        raise CheckFailed("operator-failed", f"Presidio's operator {technique.operator!r} {failed}", where=column)

    return operate


def disjoint(texts: Sequence[str], found: Sequence[Sequence[Span]], column: str) -> list[list[Span]]:
    """The entities that are to be replaced, none over another, by place.

    Presidio's own strategy: entities of one kind that overlap become one, an entity inside another goes, and of two that overlap
    the one with the lower score loses what they share.

    :raises CheckFailed: a place lies outside of its text.
    """
    anonymizer = import_module("presidio_anonymizer")
    engine = anonymizer.AnonymizerEngine()
    # Kept as they are, so that the places of the result are those in the source.
    kept = {"DEFAULT": anonymizer.OperatorConfig("keep", {})}
    strategy = anonymizer.ConflictResolutionStrategy.REMOVE_INTERSECTIONS
    require_places(texts, found, column)
    settled = []
    for text, spans in zip(texts, found, strict=True):
        if len(spans) < 2:
            settled.append(list(spans))
            continue
        try:
            items = engine.anonymize(
                text,
                [anonymizer.RecognizerResult(*span) for span in spans],
                operators=kept,
                conflict_resolution=strategy,
                merge_entities_with_spaces=False,
            ).items
        except Exception as error:  # noqa: BLE001 - its message may hold the text
            failure = type(error).__name__
        else:
            settled.append(sorted((_span(item) for item in items), key=lambda span: span.start))
            continue
        raise CheckFailed("masking-failed", f"Presidio could not settle overlapping entities: {failure}", where=column)
    return settled


def require_places(texts: Sequence[str], found: Sequence[Sequence[Span]], column: str) -> None:
    """Each text has its entities, none of them outside of it.

    :raises CheckFailed: it is not so.
    """
    if len(texts) != len(found):
        raise CheckFailed("masking-failed", "Detection reports entities of more or fewer texts than it got", where=column)
    for text, spans in zip(texts, found, strict=True):
        if any(not 0 <= span.start < span.end <= len(text) for span in spans):
            raise CheckFailed("masking-failed", "Detection reports an entity outside of its text", where=column)


def _span(item: Any) -> Span:
    return Span(item.entity_type, item.start, item.end, item.score)


def _by_value(values: pl.Series, operate: Operate) -> pl.Series:
    distinct = values.drop_nulls().unique()
    results = pl.Series((operate(text) for text in distinct), dtype=pl.String)
    pairs = pl.DataFrame({"value": distinct, "result": results})
    return values.to_frame("value").join(pairs, on="value", how="left", maintain_order="left")["result"]


def _operator(technique: Presidio, column: str) -> Any:
    name = technique.operator
    refused = _RANDOM_HASH if name == "hash" and "salt" not in technique.parameters else _REFUSED.get(name)
    if refused is not None:
        why, instead = refused
        raise CheckFailed("operator-refused", f"Presidio's operator {name!r} is refused. {why}", where=column, do=instead)
    operators = import_module("presidio_anonymizer.operators")
    kind = _users(name) if ":" in name else operators.OperatorsFactory().get_anonymizers().get(name)
    if not (isinstance(kind, type) and issubclass(kind, operators.Operator)):
        raise CheckFailed(
            "technique-parameter",
            f"There is no operator {name!r}",
            where=column,
            do="Use mask, replace, redact or hash, or package.module:Class, a subclass of Presidio's Operator.",
        )
    try:
        made = kind()
        anonymizes = made.operator_type() is operators.OperatorType.Anonymize
    except Exception as error:  # noqa: BLE001 - foreign code
        failure = type(error).__name__
    else:
        if anonymizes:
            return made
        failure = "it does not anonymize"
    raise CheckFailed("technique-parameter", f"The operator {name!r} cannot be used: {failure}", where=column)


def _users(name: str) -> object:
    module, _, path = name.partition(":")
    try:
        found: object = import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception:  # noqa: BLE001 - foreign code may fail in any way when it is imported
        return None
    return found


SPECS: dict[type, Spec] = {Presidio: Spec(presidio, text_type)}
