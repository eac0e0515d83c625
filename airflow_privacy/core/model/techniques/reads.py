"""Which columns beside its own a technique reads."""

from __future__ import annotations

from airflow_privacy.core.model.techniques import DateShift, FreeText, HmacToken, Noise, Surrogate, Technique, parts_of


def other_columns(technique: Technique) -> tuple[str, ...]:
    """All of them, in order, each once."""
    return tuple(dict.fromkeys((*joined_columns(technique), *deciding_columns(technique))))


def joined_columns(technique: Technique) -> tuple[str, ...]:
    """Those whose values are in the result, as a token stands for several columns together."""
    named = (name for part in parts_of(technique) if isinstance(part, HmacToken) for name in part.beside)
    return tuple(dict.fromkeys(named))


def deciding_columns(technique: Technique) -> tuple[str, ...]:
    """Those that say how a value is changed: whose it is, which sex a name has, what a text must not hold."""
    named: list[str] = []
    for part in parts_of(technique):
        if isinstance(part, FreeText):
            named += part.known
        elif isinstance(part, Noise | DateShift) and part.subject:
            named.append(part.subject)
        elif isinstance(part, Surrogate) and part.sex:
            named.append(part.sex)
    return tuple(dict.fromkeys(named))
