"""The table of recognizers in ``docs/recognizers.md``: ``python -m airflow_privacy.core.detect.recognize.table`` writes it."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from airflow_privacy.core.detect.recognize.engine import build_engine
from airflow_privacy.core.detect.recognize.exceptions import EVERYWHERE, EXCEPTIONS
from airflow_privacy.core.detect.recognize.matcher import Matcher
from airflow_privacy.core.detect.recognize.matching import CompiledPattern
from airflow_privacy.core.detect.validate.registry import IN_PYTHON

_HEAD = """# Recognizers

Presidio's pattern recognizers that `core/detect/recognize` finds with the same spans, entities and scores: all of
presidio-analyzer {version}, written by `make recognizers`.

- **default**: Presidio enables it for its language; the others run by name or with `recognizers="all"`.
- **validation**: *columns*: whole columns of matches at once; *Python*: Presidio's method once for each distinct match.
- **fast path**: *all*: every match in an ASCII text comes from the linear-time engine; *whole cells*: those that cover a text,
  and those in texts where the pattern's look-around cannot fail; *gate*: that engine only rules texts out. The rest, and texts
  beyond ASCII, go to Presidio's own expressions, as far as they can match at all.

| recognizer | entity | language | country | default | patterns | validation | fast path | context words |
|---|---|---|---|---|---|---|---|---|
"""


def table() -> str:
    """The page, as the installed version of Presidio has it."""
    from airflow_privacy.core.detect.recognize.catalog import classes

    every = build_engine(recognizers="all").matchers
    enabled = {
        matcher.name
        for language in sorted({matcher.language for matcher in every})
        for matcher in build_engine(language=language).matchers
    }
    countries = {cls.__name__: cls.COUNTRY_CODE for cls in classes()}
    lines = [
        _line(matcher, countries.get(matcher.name) or "", matcher.name in enabled) for matcher in sorted(every, key=_by_name)
    ]
    exceptions = [f"- {reason}" for reason in EVERYWHERE]
    exceptions += [f"- {name}: {reason}" for name, reason in sorted(EXCEPTIONS.items())]
    tail = "\n## Where it is not Presidio's answer\n\n" + "\n".join(exceptions) + "\n"
    return _HEAD.format(version=version("presidio-analyzer")) + "\n".join(lines) + "\n" + tail


def _by_name(matcher: Matcher) -> str:
    return matcher.name


def _line(matcher: Matcher, country: str, enabled: bool) -> str:
    cells = [
        matcher.name,
        matcher.entity,
        matcher.language,
        country.upper(),
        "yes" if enabled else "",
        str(len(matcher.patterns)),
        _validation(matcher),
        _fast(matcher.patterns),
        str(len(matcher.context)),
    ]
    return f"| {' | '.join(cells)} |"


def _validation(matcher: Matcher) -> str:
    if not (matcher.validates or matcher.invalidates):
        return "none"
    columns = (not matcher.validates or matcher.valid is not None) and (not matcher.invalidates or matcher.invalid is not None)
    return "columns" if columns and matcher.name not in IN_PYTHON else "Python"


def _fast(patterns: tuple[CompiledPattern, ...]) -> str:
    kinds = {"all": 0, "whole cells": 0, "gate": 0}
    for pattern in patterns:
        form = pattern.plain
        if form is None or form.opaque:
            kinds["gate"] += 1
        elif form.inner or form.ahead or form.before or form.after:
            kinds["whole cells"] += 1
        else:
            kinds["all"] += 1
    used = [(kind, count) for kind, count in kinds.items() if count]
    return used[0][0] if len(used) == 1 else ", ".join(f"{kind} ({count})" for kind, count in used)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(table(), encoding="utf-8")
