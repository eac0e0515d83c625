"""The strong entities that the check after masking looks for too: what it would find must have been found before.

Whole columns are asked first which texts can hold an entity at all; only those are searched one by one, with the patterns of
:mod:`patterns`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import phonenumbers
import polars as pl
import regex

from airflow_privacy.core.detect import checksums, patterns
from airflow_privacy.core.detect.found import FOUND, in_order
from airflow_privacy.core.detect.phones.spelling import is_phone
from airflow_privacy.core.model.findings import Span

SURE, CHECKED = 1.0, 0.75
"""Scores: check digits or a form that nothing else has; fixed ranges."""


def find_strong(texts: pl.Series) -> pl.DataFrame:
    """Mail addresses, cards (issuer and Luhn), IBANs (country, length, check digits), telephone numbers in international form
    (assigned by the numbering plan), US social security numbers, IP and MAC addresses, as :mod:`patterns` knows them; schema
    FOUND. They may overlap.
    """
    known = pl.DataFrame({"text": texts}).with_row_index("at").filter(pl.col("text").is_not_null())
    rows: list[tuple[int, str, int, int, float, str]] = []
    for entity, holders in patterns.held(known["text"]).items():
        if entity in _FIND:
            for at, text in known[holders.to_list()].iter_rows():
                rows += [(at, *span, "pattern") for span in dict.fromkeys(_FIND[entity](text))]
    return in_order(pl.DataFrame(rows, schema=FOUND, orient="row"))


def _searching(pattern: str) -> regex.Pattern[str]:
    """The pattern with the bounding characters around it, which Polars must make part of a match, looked at only."""
    if pattern.startswith("(?:^|"):
        pattern = f"(?<={pattern[3:]}"
    return regex.compile(pattern.replace(r"(?:$|", r"(?=\Z|", 1))


_PLAIN = {entity: _searching(pattern) for entity, (_, pattern) in patterns._HELD.items()}
_PHONE = _searching(patterns._INTERNATIONAL)
_IBAN, _CARD = regex.compile(patterns._IBAN_RUN), regex.compile(patterns._CARD_RUN)
_BEHIND_IP = regex.compile(r"(?:%[0-9A-Za-z]+)?(?:/[0-9]{1,3})?(?!\w)")  # zone and network
_GROUPED = phonenumbers.Leniency.STRICT_GROUPING
_SCORES = {"EMAIL_ADDRESS": SURE, "US_SSN": CHECKED, "IP_ADDRESS": CHECKED, "MAC_ADDRESS": CHECKED}


def _plain(entity: str, text: str) -> Iterator[Span]:
    for match in _PLAIN[entity].finditer(text):
        behind = _BEHIND_IP.match(text, match.end()) if entity == "IP_ADDRESS" else None
        yield Span(entity, match.start(), behind.end() if behind else match.end(), _SCORES[entity])


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


def _phones(text: str) -> Iterator[Span]:
    for run in _PHONE.finditer(text):
        if not is_phone(run.group()):
            continue
        # A run may have swallowed the figures behind a number: those stay outside where the rest is grouped as numbers are.
        inner = [(match.start, match.end) for match in phonenumbers.PhoneNumberMatcher(run.group(), None, _GROUPED)]
        for start, end in inner or [(0, len(run.group()))]:
            yield Span("PHONE_NUMBER", run.start() + start, run.start() + end, CHECKED)


_Find: TypeAlias = Callable[[str], Iterator[Span]]
_FIND: dict[str, _Find] = {
    **{entity: partial(_plain, entity) for entity in _PLAIN},
    "IBAN_CODE": _ibans,
    "CREDIT_CARD": _cards,
    "PHONE_NUMBER": _phones,
}
