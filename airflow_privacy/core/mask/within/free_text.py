"""Entities inside free text, replaced in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import msgspec
import polars as pl

from airflow_privacy.core.errors import CheckFailed, PrivacyError
from airflow_privacy.core.mask.base import FindSpans, Span, Spec, Tools, text_type
from airflow_privacy.core.mask.batches import by_batches
from airflow_privacy.core.mask.canonical import text as text_of
from airflow_privacy.core.mask.within.presidio_operators import disjoint, require_places
from airflow_privacy.core.mask.within.text_entities import known_spans, repeated_spans
from airflow_privacy.core.model.techniques import Ff1, FreeText, HmacToken, InText, Presidio, Redact, Surrogate, Technique

Inner: TypeAlias = Callable[[str, Technique, pl.DataType, Tools], pl.Expr]
"""Column, technique, the column's type and the tools → the technique's expression."""

PERSON = "PERSON"
"""What the values of ``known`` columns count as."""


def free_text(column: str, technique: FreeText, dtype: pl.DataType, tools: Tools, *, inner: Inner) -> pl.Expr:
    """The entities that detection finds in a text, each replaced in its place by what its kind's technique gives.

    Beside them is replaced what the row's ``known`` columns hold (whole, and the parts of names: word by word, whatever the
    case), and each entity wherever its text has it again. Equal entities get equal replacements, in every text and in columns
    masked by the same technique. What a technique cannot take (FF1: too short; an address that is none) becomes ``[ENTITY]``. A
    text without entities stays as it is; blank ones become missing.

    Protects against reading what detection finds. Does not protect against what it does not find: names it does not know,
    misspelt or nicknames, and what only the sense of the words gives away ("the mayor's second wife"). Free text is never
    anonymous for its entities being gone; its length and wording stay, and whoever wrote or received it knows it again.

    :raises CheckFailed: there is no detection, it fails, or a technique cannot be used inside text.
    :raises KeyUnavailable: a technique's key is not given.
    """
    del dtype
    find = tools.find_spans
    if find is None:
        raise CheckFailed("no-text-detection", "Free text can only be masked with a detection of entities", where=column)
    for part in (technique.default, *technique.entities.values()):
        _require_usable(part, column)
        inner(column, _for_entity(part, PERSON), pl.String(), tools)  # a missing key shows before the first text

    def masked(entity: str, texts: pl.Series) -> pl.Series:
        used = _for_entity(technique.entities.get(entity, technique.default), entity)
        return _evaluated(texts.alias(column), inner(column, used, pl.String(), tools), column)

    def run(rows: pl.Series) -> pl.Series:
        return _by_row(rows.struct.unnest(), lambda texts, known: _replaced(texts, known, technique, find, masked, column))

    known = [pl.col(one).cast(pl.String).alias(f"known.{at}") for at, one in enumerate(technique.known)]
    return by_batches(pl.struct(text_of(column).alias("text"), *known), run, pl.String(), column)


def entity_spans(
    texts: Sequence[str], known: Sequence[Sequence[str | None]], technique: FreeText, find: FindSpans, column: str
) -> list[list[Span]]:
    """All entities of each text that are to be replaced; they may overlap.

    :raises CheckFailed: detection fails.
    """
    try:
        found = find(texts)
    except PrivacyError:
        raise
    except Exception as error:  # noqa: BLE001 - its message may hold the text
        failure = type(error).__name__
    else:
        require_places(texts, found, column)
        return [
            _with_known(text, values, spans, technique.min_score) for text, values, spans in zip(texts, known, found, strict=True)
        ]
    raise CheckFailed("masking-failed", f"Detection of entities in text failed: {failure}", where=column)


def _with_known(text: str, values: Sequence[str | None], spans: Iterable[Span], min_score: float) -> list[Span]:
    sure = [span for span in spans if span.score >= min_score]
    there = [*sure, *known_spans(text, values, PERSON)]
    return [*there, *repeated_spans(text, there)]


def _replaced(
    texts: Sequence[str],
    known: Sequence[Sequence[str | None]],
    technique: FreeText,
    find: FindSpans,
    masked: Callable[[str, pl.Series], pl.Series],
    column: str,
) -> list[str]:
    settled = disjoint(texts, entity_spans(texts, known, technique, find, column), column)
    values: dict[str, dict[str, None]] = {}
    for text, spans in zip(texts, settled, strict=True):
        for span in spans:
            values.setdefault(span.entity, {})[text[span.start : span.end]] = None
    instead = {entity: _table(entity, list(found), masked) for entity, found in values.items()}
    return [_put(text, spans, instead) for text, spans in zip(texts, settled, strict=True)]


def _table(entity: str, values: list[str], masked: Callable[[str, pl.Series], pl.Series]) -> dict[str, str]:
    given = masked(entity, pl.Series(values, dtype=pl.String))
    spare = f"[{entity}]"
    return {value: spare if new is None else new for value, new in zip(values, given, strict=True)}


def _put(text: str, spans: Sequence[Span], instead: Mapping[str, Mapping[str, str]]) -> str:
    pieces, at = [], 0
    for span in spans:
        pieces += [text[at : span.start], instead[span.entity][text[span.start : span.end]]]
        at = span.end
    return "".join((*pieces, text[at:]))


def _for_entity(technique: InText, entity: str) -> InText:
    if isinstance(technique, Redact):
        return msgspec.structs.replace(technique, text=technique.text.replace("{entity}", entity))
    if isinstance(technique, Ff1):
        return msgspec.structs.replace(technique, short="null")
    if isinstance(technique, Presidio):
        return msgspec.structs.replace(technique, parameters={"entity_type": entity, **technique.parameters})
    return technique


def _require_usable(technique: InText, column: str) -> None:
    needs = technique.beside if isinstance(technique, HmacToken) else technique.sex if isinstance(technique, Surrogate) else None
    if needs:
        raise CheckFailed(
            "technique-parameter",
            "An entity inside a text has no other columns beside it",
            where=column,
            do="Leave out beside and sex.",
        )


def _evaluated(texts: pl.Series, built: pl.Expr, column: str) -> pl.Series:
    try:
        # with_columns: an expression that is a constant must give a row for each text.
        return texts.to_frame().with_columns(built.cast(pl.String).alias("masked"))["masked"]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        failure = type(error).__name__
    raise CheckFailed("masking-failed", f"Entities inside text could not be masked: {failure}", where=column)


def _by_row(rows: pl.DataFrame, replaced: Callable[[list[str], list[tuple[str | None, ...]]], list[str]]) -> pl.Series:
    """Each distinct text (with what is known beside it) once."""
    distinct = rows.filter(pl.col("text").is_not_null()).unique(maintain_order=True)
    results = replaced(distinct["text"].to_list(), distinct.drop("text").rows() or [()] * distinct.height)
    table = distinct.with_columns(pl.Series("masked", results, dtype=pl.String))
    return rows.join(table, on=rows.columns, how="left", nulls_equal=True, maintain_order="left")["masked"]


def specs(inner: Inner) -> dict[type, Spec]:
    """The technique, given how those that it is made of are built."""
    return {FreeText: Spec(partial(free_text, inner=inner), text_type)}
