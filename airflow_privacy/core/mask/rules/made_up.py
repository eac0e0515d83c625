"""Which entities detection rightly finds in a masked column, because the technique puts made-up ones there."""

from __future__ import annotations

from airflow_privacy.core.model.techniques import Card, Ff1, FreeText, IpPrefix, Presidio, Surrogate, Technique, parts_of

_KINDS = {"email": "EMAIL_ADDRESS", "phone": "PHONE_NUMBER", "iban": "IBAN_CODE", "ip_address": "IP_ADDRESS"}
_STRONG = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "MAC_ADDRESS")
_KEEP_FORM = (Card, Ff1, IpPrefix, Presidio)


def made_up(technique: Technique) -> frozenset[str]:
    """The entities that *technique* itself may put into a column: by surrogates, or inside a text in an entity's own form.

    That they are the made-up ones and not the source's is for the technique's own rule to see.
    """
    found = set()
    for part in parts_of(technique):
        if isinstance(part, Surrogate) and part.kind in _KINDS:
            found.add(_KINDS[part.kind])
        if isinstance(part, FreeText):
            found |= {entity for entity, inner in part.entities.items() if isinstance(inner, _KEEP_FORM)}
            found |= set(_STRONG) if isinstance(part.default, _KEEP_FORM) else set()
    return frozenset(found)
