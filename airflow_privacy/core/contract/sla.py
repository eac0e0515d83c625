"""Retention and freshness out of a contract's ``slaProperties``.

``retention``: value and unit (d, m, y and their long forms), ``element`` the date column that it is counted from. A month counts
30 days and a year 365: the shorter reading, because keeping too long is the harm. ``freshness`` or ``latency``: how old the
newest row may be (min, h, d, w, y); ``element`` the timestamp column. Latency without an element is a promise about delivery
that a table cannot show: it is passed over. An element ``table.column`` is read as its column.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.contract import Freshness, Retention
from airflow_privacy.core.model.yaml_nodes import Document, Place, hint

_DAYS: dict[str, float] = {"d": 1, "day": 1, "days": 1, "w": 7, "week": 7, "weeks": 7}
_DAYS |= {"mo": 30, "month": 30, "months": 30, "y": 365, "yr": 365, "year": 365, "years": 365}
_RETENTION_DAYS: dict[str, float] = {**_DAYS, "m": 30}
# "m" is a month to some and a minute to others: here it is refused.
_FRESHNESS_HOURS: dict[str, float] = {unit: days * 24 for unit, days in _DAYS.items()}
_FRESHNESS_HOURS |= {"h": 1, "hr": 1, "hour": 1, "hours": 1, "min": 1 / 60, "minute": 1 / 60, "minutes": 1 / 60}
_OURS = ("retention", "freshness", "latency")


def read_sla(document: Document, data: dict[str, Any], physical: Mapping[str, str]) -> tuple[Retention | None, Freshness | None]:
    """Retention and freshness, where they are promised. *physical* maps a column's names to its name in the data.

    :raises BadInput: a value that is no positive number, an unknown unit, a misspelt property, one given twice, an
        element that is no column of the contract (a contract without columns may name any).
    """
    found: dict[str, tuple[float, str | None]] = {}
    default = data.get("slaDefaultElement")
    for index, item in enumerate(data.get("slaProperties") or ()):
        place: Place = ("slaProperties", index)
        name = str(item.get("property", "")).casefold()
        if name not in _OURS:
            near = difflib.get_close_matches(name, _OURS, n=1, cutoff=0.8)
            if near:
                do = f"Did you mean {near[0]!r}?"
                raise BadInput("unknown-key", "An slaProperties entry looks misspelt", where=document.at(place), do=do)
            continue
        element = item.get("element") or default
        if name == "latency" and not element:
            continue
        if name in found:
            do = "State it once; split the contract if its tables differ."
            raise BadInput("duplicate-key", f"{name} is promised twice", where=document.at(place), do=do)
        units = _RETENTION_DAYS if name == "retention" else _FRESHNESS_HOURS
        found[name] = (_amount(document, item, place, name, units), _column(document, element, place, physical))
    retention = None
    if "retention" in found:
        days, anchor = found["retention"]
        retention = Retention(days=int(days), anchor=anchor)
    promised = found.get("freshness") or found.get("latency")
    if promised is None:
        return retention, None
    hours, column = promised
    if column is None:
        raise BadInput("missing-key", "freshness needs an element", where=document.source, do="Name the timestamp column.")
    return retention, Freshness(column=column, hours=hours)


def _amount(document: Document, item: dict[str, Any], place: Place, name: str, units: Mapping[str, float]) -> float:
    value, unit = item.get("value"), str(item.get("unit", "")).casefold()
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise BadInput("bad-value", f"{name}: expected a positive number", where=document.at((*place, "value")))
    if unit not in units:
        raise BadInput("bad-value", f"{name}: expected a unit of {', '.join(units)}", where=document.at((*place, "unit")))
    if name == "retention" and value * units[unit] < 1:
        raise BadInput("bad-value", "retention: expected at least one day", where=document.at((*place, "value")))
    return float(value * units[unit])


def _column(document: Document, element: object, place: Place, physical: Mapping[str, str]) -> str | None:
    if not isinstance(element, str) or not element.strip():
        return None
    if element in physical:
        return physical[element]
    column = element.strip().rpartition(".")[2]
    if physical and column not in physical:
        where, do = document.at((*place, "element")), hint(column, physical)
        raise BadInput("unknown-column", "The element names no column of the contract", where=where, do=do)
    return physical.get(column, column)
