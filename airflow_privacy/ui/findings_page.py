"""Findings as one page of HTML, without a script: names, counts and rates, everything escaped."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape

from airflow_privacy.core.detect.coverage import coverage, extent
from airflow_privacy.core.model.drift import Drift
from airflow_privacy.core.model.findings import ColumnFinding, Findings
from airflow_privacy.core.model.reasons import reasons

_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem; }
h1 { font-size: 1.3rem; margin: 0 0 .3rem; } h2 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
p { margin: .2rem 0; } code { font-size: .85em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #8886; }
td ul { margin: 0; padding-left: 1.1rem; } td.number { text-align: right; }
.direct-identifier { font-weight: 600; } .quarantined td { background: #d9770622; } .fail { font-weight: 600; }
"""
_STYLE_DIGEST = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
"""What the page is served with: no script, no request to anywhere, in frames of the same server only."""

_ROLES = {
    "direct-identifier": "direct identifier",
    "quasi-identifier": "quasi-identifier",
    "sensitive": "sensitive",
    "non-sensitive": "non-sensitive",
}
_ACTIONS = {"fail": "stops the run", "quarantine": "the column is not released", "warn": "recorded"}
_HEADS = ("Column", "Type", "What it is", "Role", "Confidence", "Coverage", "Reasons")


def findings_page(findings: Findings, digest: str) -> str:
    """The page. *digest* is that of the findings, by which they were asked for."""
    personal = sum(column.role != "non-sensitive" for column in findings.columns)
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Findings</title><style>',
            _STYLE,
            "</style></head><body><h1>Findings</h1>",
            f"<p>{_text(findings.source)}</p>",
            f"<p>{_text(extent(findings))}; {personal} of {len(findings.columns)} columns were judged personal or sensitive.</p>",
            "<p>A finding is evidence, not proof that the other columns are harmless.</p>",
            *_drift(findings.drift),
            "<h2>Columns</h2><table><thead><tr>",
            *(f"<th scope='col'>{head}</th>" for head in _HEADS),
            "</tr></thead><tbody>",
            *(_row(column, findings) for column in findings.columns),
            "</tbody></table>",
            f"<p>Findings <code>{_text(digest)}</code></p>",
            f"<p>Contract <code>{_text(findings.contract or 'none')}</code></p></body></html>",
        )
    )


def _drift(drift: Iterable[Drift]) -> Iterator[str]:
    rows = [
        f'<tr class="{_text(one.action)}"><td>{_text(one.sentence())}</td><td>{_text(_ACTIONS[one.action])}</td></tr>'
        for one in drift
    ]
    yield "<h2>Drift</h2>"
    if rows:
        yield "<table><thead><tr><th scope='col'>What changed</th><th scope='col'>What it leads to</th></tr></thead><tbody>"
        yield from rows
        yield "</tbody></table>"
    else:
        yield "<p>Nothing that was compared has changed.</p>"


def _row(column: ColumnFinding, findings: Findings) -> str:
    what = (
        ", ".join((*((column.entity,) if column.entity else ()), *(f"holds {one}" for one in column.embedded)))
        or "nothing personal seen"
    )
    kept_out = "; in quarantine" if column.quarantined else ""
    return "".join(
        (
            '<tr class="quarantined">' if column.quarantined else "<tr>",
            f"<th scope='row'>{_text(column.name)}</th>",
            f"<td>{_text(column.dtype)}</td>",
            f"<td>{_text(what)}</td>",
            f'<td class="{_text(column.role)}">{_text(_ROLES[column.role])}{kept_out}</td>',
            f'<td class="number">{column.confidence:.0%}</td>',
            f"<td>{_text(coverage(column, findings))}</td>",
            "<td><ul>",
            *(f"<li>{_text(reason)}</li>" for reason in reasons(column)),
            "</ul></td></tr>",
        )
    )


def _text(value: str) -> str:
    """Names come from data: no markup, no control characters, no marks that turn the direction of writing."""
    return escape("".join(char if char.isprintable() else "�" for char in value))
