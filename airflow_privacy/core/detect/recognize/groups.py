"""IBANs in a text, as Presidio's recognizer reads them: of what its pattern matches, the longest group that is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_privacy.core.detect.recognize.matching import CompiledPattern

Spans = list[tuple[int, int, float]]


def longest_valid(pattern: CompiledPattern, valid: Callable[[str], bool | None]) -> Callable[[str, int], Spans]:
    """A search for *pattern* from a place in a text on; a match that does not hold as a whole is tried without its last groups.

    :raises CheckFailed: from the search, ``pattern-timeout``.
    """

    finditer = pattern.compiled.finditer  # compiled here, not in the middle of a scan

    def search(text: str, start: int) -> Spans:
        found: Spans = []
        try:
            for match in finditer(text, pos=start, timeout=pattern.timeout):
                found.extend(_longest(pattern, match, text, valid))
        except TimeoutError:
            pass
        else:
            return found
        raise pattern.took_too_long()

    return search


def _longest(pattern: CompiledPattern, match: Any, text: str, valid: Callable[[str], bool | None]) -> Spans:
    start, whole = match.span()
    tried = dict.fromkeys(end if (end := match.end(group)) > 0 else whole for group in range(pattern.compiled.groups, 0, -1))
    for end in tried:
        if end > start and (verdict := valid(text[start:end])) is not False:
            return [(start, end, 1.0 if verdict else pattern.score)]
    return []
