"""Verbs that look for personal data: in a table, and in single texts."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from airflow_privacy.cli.result import Result, Verbs, verb
from airflow_privacy.cli.tables import caller, workspace_of
from airflow_privacy.core.detect.coverage import coverage, extent, is_cut_short
from airflow_privacy.core.detect.drift import ON_DRIFT
from airflow_privacy.core.errors import BadInput, TransientError
from airflow_privacy.core.model.findings import ColumnFinding, Findings
from airflow_privacy.core.model.reasons import reasons
from airflow_privacy.core.pipeline import prepare, texts

INCOMPLETE = TransientError.exit_code


def add_verbs(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    """Register this module's verbs."""
    detect = verb(verbs, "detect", _detect, parent=common, summary="find personal data in a table")
    detect.add_argument("source")
    detect.add_argument("--contract", help="an ODCS file: its pins count, and columns that it does not know are refused")
    detect.add_argument("--sample-rows", type=int, metavar="N", help="look at N rows drawn at random instead of all")
    detect.add_argument("--on-drift", choices=ON_DRIFT, help="what drift leads to, whatever the contract says")
    detect.add_argument("--recognizers", type=Path, metavar="YAML", help="your own recognizers, in Presidio's format")
    detect.add_argument("--why", action="store_true", help="say for each column what speaks for the verdict")

    text = verb(verbs, "detect-text", _detect_text, parent=common, summary="find personal data in a text; values are not printed")
    text.add_argument(
        "text", nargs="?", help="the text (it stays in the shell's history); standard input line by line without it"
    )
    text.add_argument("--file", type=Path, help="a text file instead, line by line")
    text.add_argument("--entities", help="these only, parted by commas")
    text.add_argument("--language", default="en")
    text.add_argument("--recognizers", type=Path, metavar="YAML", help="your own recognizers, in Presidio's format")
    text.add_argument("--show-text", action="store_true", help="print what was found, too: personal data on your screen")


def _detect(options: argparse.Namespace) -> Result:
    workspace = workspace_of(options)
    done = prepare.detect(
        workspace,
        caller(),
        source=options.source,
        contract=options.contract,
        sample_rows=options.sample_rows,
        on_drift=options.on_drift,
        progress=progress() if sys.stderr.isatty() else None,
    )
    findings = workspace.artifacts.get(Findings, done.ref)
    code = INCOMPLETE if is_cut_short(findings) else 0
    return Result(findings_text(findings, why=options.why), findings_document(findings), code)


def findings_document(findings: Findings) -> dict[str, object]:
    """``detect --json``."""
    return {
        "rows_scanned": findings.rows_scanned,
        "rows_total": findings.rows_total,
        "columns": [
            {
                "name": column.name,
                "entity": column.entity,
                "role": column.role,
                "confidence": column.confidence,
                "matched": column.matched,
                "coverage_bound_95": column.coverage_bound_95,
                "coverage": coverage(column, findings),
                "quarantined": column.quarantined,
                "evidence": [msgspec.to_builtins(signal) for signal in column.signals],
            }
            for column in findings.columns
        ],
        "drift": [msgspec.to_builtins(drift) for drift in findings.drift],
    }


def findings_text(findings: Findings, *, why: bool = False) -> str:
    """The findings as a table for a terminal."""
    return "\n".join(map(_printable, _lines(findings, why=why)))


def _lines(findings: Findings, *, why: bool) -> Iterator[str]:
    yield extent(findings)
    yield ""
    yield f"{'column':<20} {'what it is':<24} {'role':<18} {'sure':>5}  coverage"
    for column in findings.columns:
        told = f"{column.name:<20} {_what(column):<24} {column.role:<18} {column.confidence:>5.0%}  {coverage(column, findings)}"
        yield f"{told}; in quarantine" if column.quarantined else told
        if why:
            yield from (f"{'':<20} - {reason}" for reason in reasons(column))
    for drift in findings.drift:
        yield f"drift ({drift.action}): {drift.sentence()}"


def _what(column: ColumnFinding) -> str:
    return f"text with {', '.join(column.embedded)}" if column.embedded else column.entity or "-"


def _detect_text(options: argparse.Namespace) -> Result:
    if options.text is not None and options.file is not None:
        raise BadInput("bad-argument", "A text and a file are given", do="Give one of them.")
    entities = [name.strip() for name in options.entities.split(",") if name.strip()] if options.entities else []
    find = texts.finder(entities=entities, language=options.language, recognizers=options.recognizers)
    if options.json:
        return Result("", _text_document(options, find))
    return Result(_text_lines(options, find), None)


def _found(options: argparse.Namespace, find: texts.Find) -> Iterator[tuple[int, list[dict[str, object]]]]:
    """Each text's number, and what was found in it."""
    typed = options.text is None and options.file is None and sys.stdin.isatty()
    given = (
        [options.text]
        if options.text is not None
        else texts.lines_of(options.file)
        if options.file is not None
        else texts.decoded(sys.stdin.buffer, where="standard input")
    )
    for number, text, spans in texts.find_in(given, find, at_once=1 if typed else 1_000):
        found = []
        for span in spans:
            one: dict[str, object] = {
                "line": number,
                "entity": span.entity,
                "start": span.start,
                "end": span.end,
                "score": round(span.score, 4),
            }
            found.append({**one, "text": text[span.start : span.end]} if options.show_text else one)
        yield number, found


def _text_document(options: argparse.Namespace, find: texts.Find) -> dict[str, object]:
    lines, findings = 0, []
    for number, found in _found(options, find):
        lines = number
        findings += found
    return {"lines": lines, "findings": findings}


def _text_lines(options: argparse.Namespace, find: texts.Find) -> Iterator[str]:
    lines = total = 0
    yield f"{'line':>8}  {'entity':<24} {'start':>6} {'end':>6}  score"
    for number, found in _found(options, find):
        lines, total = number, total + len(found)
        for one in found:
            shown = f"  {_printable(str(one['text']))}" if options.show_text else ""
            yield f"{one['line']:>8}  {one['entity']:<24} {one['start']:>6} {one['end']:>6}  {one['score']:.2f}{shown}"
    yield f"{total:,} found in {lines:,} {'line' if lines == 1 else 'lines'}; what no recognizer knows is not among them"


def progress(clock: Callable[[], float] = time.monotonic) -> Callable[[int, int], None]:
    """Tells rows done, rows a second and the time that is left, on standard error, in one line that is written again."""
    begun = clock()

    def tell(done: int, total: int) -> None:
        seconds = max(clock() - begun, 1e-6)
        speed = done / seconds
        left = f", {_span((total - done) / speed)} left" if done < total and speed else ""
        end = "\n" if done >= total else ""
        print(f"\r\x1b[K{done:,} of {total:,} rows, {speed:,.0f} rows/s{left}", end=end, file=sys.stderr, flush=True)

    return tell


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"


def _printable(text: str) -> str:
    """Names of columns come from data: no terminal controls."""
    return "".join(char if char.isprintable() else "?" for char in text)
