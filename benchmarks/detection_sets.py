"""The labelled sets of detection/ in the reference data, in one form. No text of theirs goes anywhere but into memory."""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from detection_scores import Place

from airflow_privacy.core.detect.found import FOUND, Finder

ROOT = Path(__file__).resolve().parents[1]
# Our names for the labels of presidio-research and WNUT17.
_NAMES = {
    "ADDRESS": "STREET_ADDRESS", "GPE": "LOCATION", "PREFIX": "TITLE", "DOMAIN_NAME": "URL", "ZIP_CODE": "POSTAL_CODE",
    "UK_POSTCODE": "POSTAL_CODE", "person": "PERSON", "location": "LOCATION", "group": "ORGANIZATION",
    "corporation": "ORGANIZATION", "OCCUPATION": "TITLE",
}  # fmt: skip


class Labelled(NamedTuple):
    """Texts and what stands in them."""

    texts: list[str]
    truth: list[list[Place]]


@cache
def reference() -> Path:
    """The folder of the reference data; ends the program with what to do where it is missing."""
    folder = Path(os.environ.get("PRIVACY_REFERENCE_DATA") or ROOT.parent / "shared" / "data").resolve()
    if not (folder / "detection" / "synth_v2.jsonl").is_file():
        sys.exit(f"No reference data at {folder}: set PRIVACY_REFERENCE_DATA to the folder that holds detection/.")
    return folder


def lines(name: str) -> list[dict[str, Any]]:
    """The records of one file of detection/."""
    with (reference() / "detection" / name).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def labelled(name: str) -> Labelled:
    """A set of sentences with entities in our names."""
    records = lines(name)
    truth = [
        [Place(_NAMES.get(span["type"], span["type"]), span["start"], span["end"]) for span in record["spans"]]
        for record in records
    ]
    return Labelled([record["text"] for record in records], truth)


def found_by(finder: Finder, texts: list[str]) -> list[list[Place]]:
    """What a finder finds in each text, in our names."""
    places: list[list[Place]] = [[] for _ in texts]
    for at, entity, start, end, _, _ in finder(pl.Series("text", texts, dtype=pl.String)).iter_rows():
        places[at].append(Place(_NAMES.get(entity, entity), start, end))
    return places


def nothing(texts: pl.Series) -> pl.DataFrame:
    """A finder that finds nothing."""
    del texts
    return FOUND.to_frame()
