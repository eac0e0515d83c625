"""Presidio's pattern recognizers over a column: :func:`build_engine`, then :meth:`Engine.find`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from airflow_privacy.core.detect.found import FOUND, Looked
from airflow_privacy.core.detect.recognize.context import Words, raised
from airflow_privacy.core.detect.recognize.duplicates import kept
from airflow_privacy.core.detect.recognize.groups import longest_valid
from airflow_privacy.core.detect.recognize.matcher import Matcher
from airflow_privacy.core.detect.recognize.matching import CompiledPattern, Matches, Texts, joined, prepared, searched
from airflow_privacy.core.detect.recognize.once import Once, once
from airflow_privacy.core.detect.recognize.shape import Rows
from airflow_privacy.core.detect.validate.registry import INVALIDATORS, VALIDATORS
from airflow_privacy.core.errors import CheckFailed

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

#: Seconds that one pattern may take for one value, as in Presidio.
TIMEOUT = 60.0


@dataclass(frozen=True)
class Analyzed:
    """Recognizers that Presidio's analyzer asks, text by text."""

    name: str
    language: str
    analyze: Callable[[str], list[tuple[str, int, int, float]]]
    entities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Engine:
    """Recognizers ready to be asked. Frozen."""

    matchers: tuple[Matcher, ...]
    analyzed: tuple[Analyzed, ...]
    context: tuple[str, ...]
    threshold: float
    lemmas: bool

    @property
    def entities(self) -> frozenset[str]:
        """What the recognizers can find."""
        asked = (entity for source in self.analyzed for entity in source.entities)
        return frozenset((*(matcher.entity for matcher in self.matchers), *asked))

    def about(self, words: Sequence[str]) -> Engine:
        """The engine with *words* as further context of every text. Recognizers that Presidio asks keep their own context."""
        return replace(self, context=(*self.context, *words))

    def find(self, texts: pl.Series) -> pl.DataFrame:
        """Every entity in a column of texts, as a table of schema :data:`FOUND`.

        For each text it is what Presidio's analyzer returns with the same recognizers and a blank spaCy pipeline whose lemmas
        are the words themselves; of recognizers of several languages, what the analyzers of each language return. Where many
        texts are equal, each is looked at once.

        :raises CheckFailed: ``pattern-timeout``: a pattern took too long for a value, and the scan would not be complete.
        :raises BadInput: ``recognizer-failed``: a recognizer's own code raised.
        """
        return self.find_in([texts])[0]

    def find_in(self, columns: Sequence[pl.Series]) -> list[pl.DataFrame]:
        """:meth:`find` for each of several columns, in one go: most of what a short column costs is paid once."""
        given = once([column.cast(pl.String) for column in columns])
        found = self._in_distinct(given.texts)
        which, at = found.placed(given)
        begins = np.cumsum([0, *(len(column) for column in columns)])
        # Sorted by place, what was found in a column stands together.
        cuts = np.searchsorted(at, begins)
        at -= np.repeat(begins[:-1], np.diff(cuts))
        rows = found.table(which, at)
        return [rows[first:last] for first, last in pairwise(cuts.tolist())]

    def look(self, texts: pl.Series) -> Looked:
        """:meth:`find`, but a text that takes a pattern too long is given up, and the others are looked into all the same.

        What other patterns find in such a text is found. After five of them a pattern is not tried on the rest, which then counts
        as given up; where the code of a recognizer takes too long for one text, all of *texts* do.

        :raises BadInput: ``recognizer-failed``.
        """
        given = once([texts.cast(pl.String)])
        late: list[int] = []
        found = _Everything.nothing()
        try:
            found = self._in_distinct(given.texts, late)
        except CheckFailed as error:
            if error.reason != "pattern-timeout":
                raise
            late = list(range(len(given.texts)))
        _, given_up = given.placed(np.unique(np.array(late, np.int64)))
        return Looked(found.table(*found.placed(given)), pl.Series("at", np.sort(given_up)).cast(pl.UInt32))

    def _in_distinct(self, distinct: pl.Series, late: list[int] | None = None) -> _Everything:
        if len(distinct) == 0:
            return _Everything.nothing()
        parted = prepared(distinct)._replace(late=late)
        passing = searched((pattern for matcher in self.matchers for pattern in matcher.patterns), parted)
        words: dict[str, Words] = {}
        parts = [
            (self._weighed(matcher, found, parted, words), matcher.name, matcher.language, matcher.entity)
            for matcher in self.matchers
            if len((found := matcher.find(parted, passing)).row)
        ]
        for source in self.analyzed:
            parts.extend((found, source.name, source.language, entity) for entity, found in _asked(source, distinct))
        parts = [part for part in parts if len(part[0].row)]
        if not parts:
            return _Everything.nothing()
        found = joined([part[0] for part in parts])
        sizes = [len(part[0].row) for part in parts]
        groups = {key: number for number, key in enumerate(dict.fromkeys(part[2:] for part in parts))}
        if len(groups) < len(parts):
            # Several recognizers of one entity: what one says may hold what another says.
            stays = kept(found, np.repeat([groups[part[2:]] for part in parts], sizes))
        else:
            stays = np.ones(len(found.row), bool)
        place = np.repeat(np.arange(len(parts)), sizes)[stays]
        return _Everything(found.where(stays), place, tuple(part[3] for part in parts), tuple(part[1] for part in parts))

    def _weighed(self, matcher: Matcher, found: Matches, texts: Texts, words: dict[str, Words]) -> Matches:
        alone = np.zeros(len(found.row), np.int64)
        if matcher.own is None:
            found = found.where(kept(found, alone))
        near = None
        if self.lemmas and matcher.context:
            near = words.get(matcher.language) or words.setdefault(matcher.language, Words(matcher.language))
        score = raised(texts, found, matcher.context, self.context, near)
        found = found._replace(score=score)
        least = self.threshold or matcher.thresholds.get(matcher.entity, matcher.thresholds.get("default", 0.0))
        if least:
            found = found.where(found.score >= least)
        return found.where(kept(found, alone[: len(found.row)]))  # scores may have changed places


class _Everything(NamedTuple):
    """Matches, and for each the recognizer that found it, as a position in ``entities`` and ``names``."""

    matches: Matches
    source: npt.NDArray[np.int64]
    entities: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def nothing(cls) -> _Everything:
        return cls(Matches.none(), np.empty(0, np.int64), (), ())

    def placed(self, given: Once) -> tuple[Rows, Rows]:
        """Which match is meant and the place of its text, in the order of :data:`FOUND`."""
        which, at = given.placed(self.matches.row)
        order = np.argsort(at, kind="stable")
        which, at = which[order], at[order]
        # Most texts hold one thing, and then their places are the whole order.
        shared = np.zeros(len(at) + 1, bool)
        shared[1:-1] = at[1:] == at[:-1]
        some = np.flatnonzero(shared[1:] | shared[:-1])
        if len(some):
            rank = [np.unique(names, return_inverse=True)[1][self.source[which[some]]] for names in (self.names, self.entities)]
            match = self.matches.where(which[some])
            which[some] = which[some][np.lexsort((*rank, match.end, match.start, at[some]))]
        return which, at

    def table(self, which: Rows, at: Rows) -> pl.DataFrame:
        """A table of schema :data:`FOUND`, in the order that is given."""
        found, source = self.matches.where(which), self.source[which]
        columns = {
            "at": at.astype(np.uint32),
            "entity": pl.Series(self.entities, dtype=pl.String).gather(source),
            "start": found.start.astype(np.uint32),
            "end": found.end.astype(np.uint32),
            "score": found.score,
            "by": pl.Series(self.names, dtype=pl.String).gather(source),
        }
        return pl.DataFrame(columns, schema=FOUND)


def _asked(source: Analyzed, texts: pl.Series) -> list[tuple[str, Matches]]:
    found: dict[str, list[tuple[int, int, int, float]]] = {}
    for row, text in enumerate(texts.to_list()):
        for entity, start, end, score in source.analyze(text):
            found.setdefault(entity, []).append((row, start, end, score))
    return [(entity, Matches.of(spans)) for entity, spans in found.items()]


def languages() -> tuple[str, ...]:
    """The languages that the installed Presidio has recognizers for."""
    from airflow_privacy.core.detect.recognize import catalog

    return catalog.languages()


def build_engine(
    *,
    language: str = "en",
    recognizers: Sequence[str] | Literal["all"] | None = None,
    countries: Sequence[str] | None = None,
    entities: Sequence[str] | None = None,
    context: Sequence[str] = (),
    threshold: float = 0.0,
    custom: Path | None = None,
    extra: Sequence[EntityRecognizer] = (),
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
    :param extra: further recognizers. Those that are more than patterns, validation and context words are asked by Presidio's
        analyzer for every distinct text, slowly.
    :param lemmas: whether the words of a text count as context. A blank pipeline has no lemmas, and Presidio then finds no
        context; ``False`` gives that.
    :param timeout: seconds that one pattern may take for one value. Code of a recognizer that searches by itself keeps
        Presidio's limit.
    :raises BadInput: ``unknown-recognizer``; ``bad-recognizers``.
    """
    from airflow_privacy.core.detect.recognize import catalog
    from airflow_privacy.core.detect.recognize import custom as users

    known = catalog.pattern_recognizers(language, recognizers, countries, entities)
    brought: list[Any] = [*(catalog.read_custom(custom, language) if custom is not None else ()), *extra]
    brought = [recognizer for recognizer in brought if recognizer.supported_language == language]
    if entities is not None:
        brought = [recognizer for recognizer in brought if set(entities).intersection(recognizer.supported_entities)]
    plain = [recognizer for recognizer in brought if catalog.is_predefined(recognizer) or users.is_plain(recognizer)]
    rest = [recognizer for recognizer in brought if recognizer not in plain]
    analyzed: tuple[Analyzed, ...] = ()
    if rest:
        analyze = users.analyzed_by_presidio(rest, language, context=context, threshold=threshold, lemmas=lemmas)
        told = tuple(str(entity) for recognizer in rest for entity in recognizer.supported_entities)
        analyzed = (Analyzed(", ".join(sorted(recognizer.name for recognizer in rest)), language, analyze, told),)
    matchers = tuple(_matcher(recognizer, timeout) for recognizer in [*known, *plain])
    return Engine(matchers, analyzed, tuple(context), threshold, lemmas)


def _matcher(recognizer: Any, timeout: float) -> Matcher:
    from airflow_privacy.core.detect.recognize import catalog
    from airflow_privacy.core.detect.recognize import custom as users

    cls, name = type(recognizer), str(recognizer.name)
    flags = int(recognizer.global_regex_flags)
    predefined = catalog.is_predefined(recognizer)
    ask_valid = catalog.is_mail if predefined and cls.__name__ == "EmailRecognizer" else recognizer.validate_result
    entity = str(recognizer.supported_entities[0])

    def ask(text: str) -> bool | None:
        return users.asked(name, lambda: ask_valid(text))

    def own(text: str, _: int) -> list[tuple[int, int, float]]:
        results = users.asked(name, lambda: recognizer.analyze(text, [entity], None))
        return [(result.start, result.end, float(result.score)) for result in results]

    patterns = tuple(
        CompiledPattern(pattern.regex, float(pattern.score), flags, timeout, name) for pattern in recognizer.patterns
    )
    is_iban = predefined and cls.__name__ == "IbanRecognizer" and len(patterns) == 1
    analyzes = longest_valid(patterns[0], ask) if is_iban else own
    return Matcher(
        name=name,
        entity=entity,
        language=str(recognizer.supported_language),
        patterns=patterns,
        validates=catalog.has_own(recognizer, "validate_result"),
        invalidates=catalog.has_own(recognizer, "invalidate_result"),
        ask_valid=ask,
        ask_invalid=lambda text: users.asked(name, lambda: recognizer.invalidate_result(text)),
        valid=VALIDATORS.get(cls.__name__) if predefined else None,
        invalid=INVALIDATORS.get(cls.__name__) if predefined else None,
        own=analyzes if catalog.has_own(recognizer, "analyze") else None,
        context=tuple(recognizer.context or ()),
        thresholds=dict(recognizer.score_thresholds),
    )
