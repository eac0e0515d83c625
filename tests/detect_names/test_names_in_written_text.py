"""The bar: persons in text that people wrote and that nothing here was trained on (WNUT17, train and dev), by token."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl

from airflow_privacy.core.detect.names.find import find_names


def person_f2(paths: list[Path]) -> float:
    """F with beta 2 over tokens between blanks; a token counts when a person overlaps it."""
    cases = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    found = find_names(pl.Series([case["text"] for case in cases])).filter(pl.col("entity") == "PERSON")
    said: dict[int, list[tuple[int, int]]] = {}
    for at, start, end in found.select("at", "start", "end").iter_rows():
        said.setdefault(at, []).append((start, end))
    both = only_said = only_true = 0
    for at, case in enumerate(cases):
        truth = [(span["start"], span["end"]) for span in case["spans"] if span["type"] == "person"]
        for token in re.finditer(r"\S+", case["text"]):
            true, guess = (any(s < token.end() and token.start() < e for s, e in spans) for spans in (truth, said.get(at, [])))
            both, only_said, only_true = (
                both + (true and guess),
                only_said + (guess and not true),
                only_true + (true and not guess),
            )
    return 5 * both / (5 * both + 4 * only_true + only_said)


def test_persons_in_social_media_reach_the_bar(reference_data: Path) -> None:
    folder = reference_data / "detection"
    assert person_f2([folder / "wnut17_train.norm.jsonl", folder / "wnut17_dev.norm.jsonl"]) >= 0.60


def test_each_part_reaches_the_bar(reference_data: Path) -> None:
    for part in ("train", "dev"):
        assert person_f2([reference_data / "detection" / f"wnut17_{part}.norm.jsonl"]) >= 0.55
