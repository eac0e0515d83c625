"""How close one value is to many: the only module that imports rapidfuzz."""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from airflow_privacy.core.errors import MissingExtra
from airflow_privacy.core.retention.matching.rules import Kind

Levels: TypeAlias = npt.NDArray[np.uint8]

MISSING, DIFFERENT, SIMILAR, NEAR, SAME = range(5)  # grows with agreement
_LONG = 6  # letters or digits from which on two slips still leave a likeness


def levels_of(value: str | None, others: list[str], kind: Kind) -> Levels:
    """How far each of *others*, which are distinct, agrees with *value*, all in canonical spelling.

    ``NEAR``: one slip of the pen (a character wrong, missing, added, or two neighbours exchanged: optimal string alignment
    distance 1); for dates also day and month exchanged. ``SIMILAR``: Jaro-Winkler from 0.88, or all words of one in the other
    (names); a quarter of the characters wrong, or nearly the same words in another order (text); two slips (dates, digits).

    :raises MissingExtra: rapidfuzz is not installed.
    """
    if value is None:
        return np.full(len(others), MISSING, np.uint8)
    levels = np.full(len(others), DIFFERENT, np.uint8)
    if kind != "exact" and others:
        slips = _slips(value, others)
        levels[_similar(value, others, kind, slips)] = SIMILAR
        levels[slips == 1] = NEAR
        if kind == "date" and len(value) == 8:
            levels[_places(value[:4] + value[6:] + value[4:6], others)] = NEAR
    levels[_places(value, others)] = SAME
    return levels


def _places(value: str, others: list[str]) -> list[int]:
    return [others.index(value)] if value in others else []


def _slips(value: str, others: list[str]) -> npt.NDArray[np.uint8]:
    """Optimal string alignment distance; 3 stands for more than 2."""
    return _against(value, others, _fuzzy("distance").OSA.distance, np.uint8, 2)


def _similar(value: str, others: list[str], kind: Kind, slips: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    if kind in ("date", "digits"):
        lengths = np.fromiter(map(len, others), np.int64, len(others))
        return (slips <= 2) & (np.minimum(lengths, len(value)) >= _LONG)
    if kind == "name":
        alike = _against(value, others, _fuzzy("distance").JaroWinkler.similarity, np.float32, 0.88) > 0
        words = set(value.split())
        several = [at for at, other in enumerate(others) if " " in other or len(words) > 1]
        alike[[at for at in several if words <= set(others[at].split()) or words >= set(others[at].split())]] = True
        return alike
    alike = _against(value, others, _fuzzy("distance").OSA.normalized_similarity, np.float32, 0.75) > 0
    reordered: npt.NDArray[np.bool_] = _against(value, others, _fuzzy("fuzz").token_sort_ratio, np.float32, 85) > 0
    return alike | reordered


def _against(value: str, others: list[str], scorer: Any, dtype: Any, cutoff: float) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = _fuzzy("process").cdist([value], others, scorer=scorer, dtype=dtype, score_cutoff=cutoff)[0]
    return found


def _fuzzy(module: str) -> Any:
    try:
        return import_module(f"rapidfuzz.{module}")
    except ModuleNotFoundError:
        pass
    what = "Finding misspelt duplicates needs rapidfuzz, which is not installed"
    raise MissingExtra("missing-extra", what, do="Install airflow-privacy[erasure].")
