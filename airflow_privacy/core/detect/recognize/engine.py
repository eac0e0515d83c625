"""Presidio's pattern recognizers over a column: :func:`build_engine`, then :meth:`Engine.find`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from airflow_privacy.core.detect.found import FOUND, in_order
from airflow_privacy.core.detect.recognize.context import Words, raised
from airflow_privacy.core.detect.recognize.duplicates import kept
from airflow_privacy.core.detect.recognize.matching import CompiledPattern, Judge, Matcher, Matches, Texts, joined, prepared

#: Seconds that one pattern may take for one value, as in Presidio.
TIMEOUT = 60.0


@dataclass(frozen=True)
class Engine:
    """Recognizers ready to be asked. Frozen; a find keeps nothing of the texts."""

    matchers: tuple[Matcher, ...]
    context: tuple[str, ...]
    threshold: float
    lemmas: bool
    others: tuple[Callable[[pl.Series], pl.DataFrame], ...] = ()

    def find(self, texts: pl.Series) -> pl.DataFrame:
        """Every entity in a column of texts, as a table of schema :data:`FOUND`.

        For each text it is what Presidio's analyzer returns with the same recognizers and a blank spaCy pipeline, whose lemmas
        are the words themselves. Equal texts are looked at once.

        :raises CheckFailed: ``pattern-timeout``: a pattern took too long for a value, so that the scan would not be complete.
        """
        texts = texts.cast(pl.String)
        distinct = texts.unique().drop_nulls()
        distinct = distinct.filter(distinct != "")
        if len(distinct) == 0:
            return pl.DataFrame(schema=FOUND)
        rows = self._in_distinct(distinct)
        if rows.height == 0:
            return pl.DataFrame(schema=FOUND)
        hits = rows["row"].unique()
        values = pl.DataFrame({"row": hits, "text": distinct.gather(hits)})
        places = pl.DataFrame({"text": texts}).with_row_index("at").join(values, on="text", how="inner").select("at", "row")
        return in_order(places.join(rows, on="row", how="inner"))

    def _in_distinct(self, distinct: pl.Series) -> pl.DataFrame:
        prepared_texts = prepared(distinct)
        words: dict[str, Words] = {}
        groups: dict[tuple[str, str], int] = {}
        parts: list[Matches] = []
        kinds, names = [], []
        for place, matcher in enumerate(self.matchers):
            found = self._one(matcher, prepared_texts, words)
            if len(found.row) == 0:
                continue
            group = groups.setdefault((matcher.language, matcher.entity), len(groups))
            parts.append(found)
            kinds.append(np.full(len(found.row), group))
            names.append(np.full(len(found.row), place))
        frames = [pl.DataFrame(schema={"row": pl.Int64, **dict(list(FOUND.items())[1:])})]
        if parts:
            found, kind, name = joined(parts), np.concatenate(kinds), np.concatenate(names)
            stays = kept(found, kind) if _any_shared(self.matchers, groups) or True else np.ones(len(kind), bool)
            frames.append(self._table(found.where(stays), name[stays]))
        return pl.concat(frames)

    def _one(self, matcher: Matcher, texts: Texts, words: dict[str, Words]) -> Matches:
        found = matcher.find(texts)
        if len(found.row) == 0:
            return found
        if matcher.own is None:
            found = found.where(kept(found, np.zeros(len(found.row), np.int64)))
        near = None
        if self.lemmas and matcher.context:
            near = words.setdefault(matcher.language, Words(matcher.language))
        score = raised(texts.all, found, matcher.context, self.context, near)
        found = found._replace(score=score)
        least = self.threshold or matcher.thresholds.get(matcher.entity, matcher.thresholds.get("default", 0.0))
        return found.where(score >= least) if least else found

    def _table(self, found: Matches, name: Any) -> pl.DataFrame:
        entities = pl.Series([matcher.entity for matcher in self.matchers]).gather(name)
        by = pl.Series([matcher.name for matcher in self.matchers]).gather(name)
        columns = {"row": found.row, "entity": entities, "start": found.start, "end": found.end, "score": found.score, "by": by}
        return pl.DataFrame(columns, schema={"row": pl.Int64, **dict(list(FOUND.items())[1:])}, strict=False)


def _any_shared(matchers: Sequence[Matcher], groups: Mapping[tuple[str, str], int]) -> bool:
    return len(groups) < len(matchers)


def build_engine(
    *,
    language: str = "en",
    recognizers: Sequence[str] | Literal["all"] | None = None,
    countries: Sequence[str] | None = None,
    entities: Sequence[str] | None = None,
    context: Sequence[str] = (),
    threshold: float = 0.0,
    custom: Path | None = None,
    extra: Sequence[Any] = (),
    lemmas: bool = True,
    timeout: float = TIMEOUT,
) -> Engine:
    """An engine of Presidio's pattern recognizers. Importing Presidio takes a few seconds, and happens here.

    :param language: two letters; decides which recognizers Presidio enables, and how words are cut for context.
    :param recognizers: class names; ``"all"`` for all of the package, country packs in their own languages included; ``None``
        for those that Presidio enables for *language*.
    :param countries: two-letter codes; recognizers made for other countries are left out.
    :param entities: leave out recognizers of other entities.
    :param context: words that count as context of every text, such as those of a column's name.
    :param threshold: least score; 0 for the recognizers' own thresholds.
    :param custom: a file in Presidio's YAML format with further recognizers.
    :param extra: further ``presidio_analyzer.EntityRecognizer`` objects.
    :param lemmas: whether the words of a text count as context. A blank pipeline has no lemmas, and Presidio then finds no
        context; ``False`` gives that.
    :param timeout: seconds that one pattern may take for one value.
    :raises BadInput: ``unknown-recognizer``; ``bad-recognizers``.
    """
    from airflow_privacy.core.detect.recognize import catalog

    known = catalog.pattern_recognizers(language, recognizers, countries, entities)
    matchers = [_matcher(recognizer, timeout) for recognizer in known]
    return Engine(tuple(matchers), tuple(context), threshold, lemmas)


def _matcher(recognizer: Any, timeout: float) -> Matcher:
    from presidio_analyzer import PatternRecognizer

    from airflow_privacy.core.detect.recognize.catalog import is_mail

    cls = type(recognizer)
    flags = int(recognizer.global_regex_flags)
    patterns = tuple(
        CompiledPattern(pattern.regex, float(pattern.score), flags, timeout, recognizer.name) for pattern in recognizer.patterns
    )
    own = None
    if cls.analyze is not PatternRecognizer.analyze:
        entity = recognizer.supported_entities[0]

        def own(text: str) -> list[tuple[int, int, float]]:
            return [(result.start, result.end, result.score) for result in recognizer.analyze(text, [entity], None)]

    predefined = cls.__module__.startswith("presidio_analyzer.predefined_recognizers")
    valid, invalid = _judges() if predefined else ({}, {})
    return Matcher(
        name=recognizer.name,
        entity=recognizer.supported_entities[0],
        language=recognizer.supported_language,
        patterns=patterns,
        validates=cls.validate_result is not PatternRecognizer.validate_result,
        invalidates=cls.invalidate_result is not PatternRecognizer.invalidate_result,
        ask_valid=is_mail if predefined and cls.__name__ == "EmailRecognizer" else recognizer.validate_result,
        ask_invalid=recognizer.invalidate_result,
        valid=valid.get(cls.__name__),
        invalid=invalid.get(cls.__name__),
        own=own,
        context=tuple(recognizer.context or ()),
        thresholds=dict(recognizer.score_thresholds),
    )


def _judges() -> tuple[Mapping[str, Judge], Mapping[str, Judge]]:
    try:
        validate = importlib.import_module("airflow_privacy.core.detect.validate")
    except ModuleNotFoundError:
        return {}, {}
    return validate.VALIDATORS, validate.INVALIDATORS
