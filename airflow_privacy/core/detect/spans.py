"""Where in texts the strong entities stand: those that a pattern and a check tell without a language model.

Whole columns are asked first which texts can hold an entity at all; only those are searched one by one, with the patterns of
:mod:`patterns`. Names and places are not looked for, nor what is spelt in words or taken apart ("jane at example dot com").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

import polars as pl
import regex

from airflow_privacy.core.detect import checksums, patterns
from airflow_privacy.core.detect.phones.spelling import is_phone
from airflow_privacy.core.model.findings import Span

SURE, CHECKED, SHAPED = 1.0, 0.75, 0.4
"""Scores: check digits or a form that nothing else has; a numbering plan or fixed ranges; the shape alone."""

_EDGE = " \t\r\n,.;:!?\"'<>[]{}|"


def find_spans(texts: Sequence[str]) -> list[list[Span]]:
    """The strong entities in each text, in order of their places; they may overlap.

    Mail addresses, telephone numbers, cards (issuer and Luhn), IBANs (country, length, check digits), US social security numbers,
    IP and MAC addresses.
    """
    distinct = pl.Series("text", list(dict.fromkeys(texts)), dtype=pl.String)
    found: dict[str, list[Span]] = {}
    for entity, holders in patterns.held(distinct).items():
        for text in distinct.gather(holders):
            found.setdefault(text, []).extend(_FIND[entity](text))
    for text, spans in found.items():
        # Beside a card or an account, held() asks for telephone numbers in what is left, which can hide one.
        kinds = {span.entity for span in spans}
        if "PHONE_NUMBER" not in kinds and kinds & {"IBAN_CODE", "CREDIT_CARD"}:
            spans.extend(_phones(text))
    return [sorted(set(found.get(text, ())), key=lambda span: (span.start, span.end)) for text in texts]


def _searching(pattern: str) -> regex.Pattern[str]:
    """The pattern with the bounding characters around it, which Polars must make part of a match, looked at only."""
    if pattern.startswith("(?:^|"):
        pattern = f"(?<={pattern[3:]}"
    return regex.compile(pattern.replace(r"(?:$|", r"(?=\Z|", 1))


_PLAIN = {entity: _searching(pattern) for entity, (_, pattern) in patterns._HELD.items()}
_PHONES = (_searching(patterns._INTERNATIONAL), _searching(patterns._NATIONAL))
_IBAN, _CARD = regex.compile(patterns._IBAN_RUN), regex.compile(patterns._CARD_RUN)
_SENTENCE_END = regex.compile(r"[.]\s")
_FEWEST = 7  # digits of a telephone number that stands alone
_BEHIND_IP = regex.compile(r"(?:%[0-9A-Za-z]+)?(?:/[0-9]{1,3})?(?!\w)")  # zone and network
_SCORES = {"EMAIL_ADDRESS": SURE, "US_SSN": CHECKED, "IP_ADDRESS": CHECKED, "MAC_ADDRESS": CHECKED}


def _plain(entity: str, text: str) -> Iterator[Span]:
    for match in _PLAIN[entity].finditer(text):
        behind = _BEHIND_IP.match(text, match.end()) if entity == "IP_ADDRESS" else None
        yield Span(entity, match.start(), behind.end() if behind else match.end(), _SCORES[entity])


def _phones(text: str) -> Iterator[Span]:
    taken = [*_ibans(text), *_cards(text)]
    for pattern in _PHONES:
        for match in pattern.finditer(text):
            # No number goes on behind the end of a sentence.
            run = _SENTENCE_END.split(match.group(), maxsplit=1)[0].rstrip(_EDGE)
            run = run if sum(char.isdigit() for char in run) >= _FEWEST else match.group().rstrip(_EDGE)
            start, end = match.start(), match.start() + len(run)
            if not any(one.start < end and start < one.end for one in taken):
                yield Span("PHONE_NUMBER", start, end, CHECKED if is_phone(run) else SHAPED)


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        length = checksums.IBAN_LENGTHS.get(match.group()[:2].upper(), 0)
        # A grouped run may have swallowed the words behind it.
        places = [at for at, char in enumerate(match.group()) if char.isalnum()][:length]
        solid = match.group().isalnum()
        if length == 0 or len(places) < length or (solid and len(match.group()) != length):
            continue
        run = "".join(match.group()[at] for at in places).upper()
        if int("".join(str(int(char, 36)) for char in run[4:] + run[:4])) % 97 == 1:
            yield Span("IBAN_CODE", match.start(), match.start() + places[-1] + 1, SURE)


def _cards(text: str) -> Iterator[Span]:
    runs = list(_CARD.finditer(text))
    digits = pl.Series([match.group().replace(" ", "").replace("-", "") for match in runs], dtype=pl.String)
    for match, good in zip(runs, checksums.card(digits) if runs else (), strict=True):
        if good:
            yield Span("CREDIT_CARD", match.start(), match.end(), SURE)


_Find: TypeAlias = Callable[[str], Iterator[Span]]
_FIND: dict[str, _Find] = {
    **{entity: partial(_plain, entity) for entity in _PLAIN},
    "PHONE_NUMBER": _phones,
    "IBAN_CODE": _ibans,
    "CREDIT_CARD": _cards,
}
