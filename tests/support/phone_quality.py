"""Telephone numbers on labelled texts, ours beside Presidio's: precision, recall and F2, and where the two differ."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polars as pl
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from airflow_privacy.core.detect.phones.cells import are_phones
from airflow_privacy.core.detect.phones.finder import find_phones

Places = list[tuple[int, int]]
Cases = list[tuple[str, Places]]


class Quality(NamedTuple):
    """Spans that overlap a labelled one, spans that do not, labelled ones that none overlaps; ``exact``: both ends agree."""

    right: int
    wrong: int
    missed: int
    exact: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f2(self) -> float:
        below = 4 * self.precision + self.recall
        return 5 * self.precision * self.recall / below if below else 0.0


def labelled(reference: Path) -> dict[str, Cases]:
    """The texts of the reference data with the places of their telephone numbers, by set."""
    folder = reference / "detection"
    sets: dict[str, Cases] = {"recognizers": [], "presidio_cases": [], "synth_v2": [], "generated_large": []}
    for row in _rows(folder / "recognizers.jsonl"):
        sets["recognizers"].append((row["text"], [(s["start"], s["end"]) for s in row["spans"] if s["type"].startswith("phone")]))
    for row in _rows(folder / "presidio_cases.jsonl"):
        entities = row["entity"] or []
        if row["kind"] == "spans" and isinstance(row["text"], str) and any(name.endswith(_KINDS) for name in entities):
            sets["presidio_cases"].append((row["text"], [(start, end) for start, end in row["expected_spans"]]))
    for name in ("synth_v2", "generated_large"):
        for row in _rows(folder / f"{name}.jsonl"):
            sets[name].append((row["text"], [(s["start"], s["end"]) for s in row["spans"] if s["type"] == "PHONE_NUMBER"]))
    return sets


_KINDS = ("PHONE_NUMBER", "MOBILE_NUMBER")


def other_entities(reference: Path) -> list[str]:
    """Texts of Presidio's own cases for everything but telephone numbers: ids, cards, accounts, addresses, dates."""
    rows = _rows(reference / "detection" / "presidio_cases.jsonl")
    return [
        row["text"]
        for row in rows
        if row["kind"] == "spans" and isinstance(row["text"], str) and not any(n.endswith(_KINDS) for n in row["entity"] or [])
    ]


def measured(cases: Cases, find: Callable[[Sequence[str]], list[Places]]) -> Quality:
    """How good a finder is on labelled texts."""
    right = wrong = missed = exact = 0
    for (_, gold), found in zip(cases, find([text for text, _ in cases]), strict=True):
        hit = sum(any(_overlap(place, other) for other in found) for place in gold)
        right, missed = right + hit, missed + len(gold) - hit
        exact += len(set(gold) & set(found))
        wrong += sum(not any(_overlap(place, other) for other in gold) for place in found)
    return Quality(right, wrong, missed, exact)


def ours(texts: Sequence[str], least: float = 0.0) -> list[Places]:
    """What :func:`find_phones` finds, with scores of *least* and more."""
    found = find_phones(pl.Series(texts, dtype=pl.String)).filter(pl.col("score") >= least)
    places: list[Places] = [[] for _ in texts]
    for at, start, end in found.select("at", "start", "end").iter_rows():
        places[at].append((start, end))
    return places


def presidios(texts: Sequence[str]) -> list[Places]:
    """What Presidio's recognizer finds with its default regions and leniency."""
    return [[(one.start, one.end) for one in _presidio().analyze(text, ["PHONE_NUMBER"])] for text in texts]


class Mobile(NamedTuple):
    """One value that somebody calls a mobile number of a region, or not one."""

    value: str
    region: str | None
    valid: bool


def mobiles(reference: Path) -> list[Mobile]:
    """The mobile numbers of validator.js, valid and invalid, with the region of their locale."""
    rows = (row for row in _rows(reference / "detection" / "validator_js_values.jsonl") if row["validator"] == "isMobilePhone")
    return [Mobile(row["value"], _region(row["args"]), row["valid"]) for row in rows]


def cells_measured(cases: Sequence[Mobile], *, told: bool) -> Quality:
    """How :func:`are_phones` judges whole values, with the default regions."""
    said = are_phones(pl.Series([case.value for case in cases]), told=told).to_list()
    return _judged(cases, said)


def cells_of_presidio(cases: Sequence[Mobile]) -> Quality:
    """How Presidio's recognizer judges whole values: a span over all of one, give or take a character."""
    found = presidios([case.value for case in cases])
    return _judged(cases, [_whole(case.value, places) for case, places in zip(cases, found, strict=True)])


def agreement(texts: Sequence[str]) -> Counter[str]:
    """Numbers that both find, only ours, and only Presidio's by what they look like."""
    counts: Counter[str] = Counter()
    for text, mine, theirs in zip(texts, ours(texts), presidios(texts), strict=True):
        for place in mine:
            counts["both" if any(_overlap(place, other) for other in theirs) else "only ours"] += 1
        for place in theirs:
            if not any(_overlap(place, other) for other in mine):
                counts[f"only Presidio's: {_looks_like(text[slice(*place)])}"] += 1
    return counts


_LOOKS = (
    ("IP address", r"\d{1,3}(\.\d{1,3}){3}"),
    ("date", r"(19|20)\d\d[-./ ]\d\d?[-./ ]\d\d?.*|\d\d?[-./]\d\d?[-./](19|20)?\d\d"),
    ("fewer than seven digits", r"\D*(\d\D*){1,6}"),
    ("digits alone", r"\d+"),
    ("decimal", r"\d+\.\d+"),
)


def _looks_like(run: str) -> str:
    return next((name for name, pattern in _LOOKS if re.fullmatch(pattern, run)), "groups of digits")


def _judged(cases: Sequence[Mobile], said: Iterable[bool]) -> Quality:
    counts = Counter((case.valid, bool(answer)) for case, answer in zip(cases, said, strict=True))
    return Quality(counts[True, True], counts[False, True], counts[True, False], counts[True, True])


def _whole(value: str, places: Places) -> bool:
    return any(end - start >= len(value.strip()) - 1 for start, end in places)


def _region(args: object) -> str | None:
    while isinstance(args, list) and args:
        args = args[0]
    return args.split("-")[-1] if isinstance(args, str) and "-" in args else None


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def _presidio() -> PhoneRecognizer:
    return PhoneRecognizer()
