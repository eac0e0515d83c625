"""Techniques made of others: entities inside free text, and fields inside lists of records."""

from __future__ import annotations

from airflow_privacy.core.model.techniques.base import Share, TechniqueBase
from airflow_privacy.core.model.techniques.generalize import EmailDomain, IpPrefix
from airflow_privacy.core.model.techniques.pseudonymize import AesSiv, Card, Ff1, HmacToken, Presidio, Surrogate
from airflow_privacy.core.model.techniques.suppress import PartialMask, Redact

InText = Redact | PartialMask | HmacToken | AesSiv | Ff1 | Card | Surrogate | IpPrefix | EmailDomain | Presidio
"""What can take an entity's place inside a text. ``Redact``'s text may hold ``{entity}``."""


class FreeText(TechniqueBase, frozen=True, kw_only=True, tag="free_text"):
    """Entities found in a text are replaced in their place; the rest of the text stays.

    ``entities`` says what becomes of each kind of entity, ``default`` of all others; findings below ``min_score`` are left. What
    the row's ``known`` columns hold (the customer's own name beside the note) is replaced wherever the text has it.
    """

    entities: dict[str, InText] = {}
    default: InText = Redact(text="[{entity}]")
    min_score: Share = 0.35
    known: tuple[str, ...] = ()
