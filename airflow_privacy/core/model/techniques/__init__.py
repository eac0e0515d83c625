"""The masking techniques as typed parameters, by their ISO/IEC 20889 class.

A policy rule and a plan's decision name one of these; ``core/mask`` turns them into expressions. Nothing here computes.
"""

from __future__ import annotations

from airflow_privacy.core.model.techniques.base import Step, TechniqueBase
from airflow_privacy.core.model.techniques.compound import FreeText, InText
from airflow_privacy.core.model.techniques.generalize import (
    Age,
    Bins,
    EmailDomain,
    GeoPrefix,
    Hierarchy,
    IpPrefix,
    QuantileBins,
    Round,
    TopBottomCode,
    TruncateDate,
)
from airflow_privacy.core.model.techniques.pseudonymize import AesSiv, Card, Ff1, HmacToken, Presidio, Surrogate
from airflow_privacy.core.model.techniques.randomize import DateShift, Microaggregate, Noise, Permute
from airflow_privacy.core.model.techniques.suppress import Constant, Drop, Keep, Null, PartialMask, Redact

Plain = (
    Keep | Drop | Null | Redact | Constant | PartialMask
    | Round | Bins | QuantileBins | TopBottomCode | TruncateDate | Age | GeoPrefix | Hierarchy | IpPrefix | EmailDomain
    | HmacToken | AesSiv | Ff1 | Card | Surrogate | Presidio
    | Noise | DateShift | Permute | Microaggregate
    | FreeText
)  # fmt: skip


class Inside(TechniqueBase, frozen=True, kw_only=True, tag="inside"):
    """Fields inside a column of lists or maps, each by its path: ``[].phone``, ``[].lines[].amount``, ``[]``.

    A field that no path names is dropped: default deny holds inside a column too.
    """

    fields: dict[str, Plain]


Technique = (
    Keep | Drop | Null | Redact | Constant | PartialMask
    | Round | Bins | QuantileBins | TopBottomCode | TruncateDate | Age | GeoPrefix | Hierarchy | IpPrefix | EmailDomain
    | HmacToken | AesSiv | Ff1 | Card | Surrogate | Presidio
    | Noise | DateShift | Permute | Microaggregate
    | FreeText | Inside
)  # fmt: skip

SUPPRESSING = (Drop, Null, Redact, Constant)
GENERALIZING = (Round, Bins, QuantileBins, TopBottomCode, TruncateDate, Age, GeoPrefix, Hierarchy, IpPrefix, EmailDomain)
RANDOMIZING = (Noise, DateShift, Permute, Microaggregate)
REVERSIBLE = (AesSiv, Ff1, Card)
PSEUDONYMIZING = (HmacToken, *REVERSIBLE, Surrogate, Presidio)
KEYED = (HmacToken, *REVERSIBLE, Surrogate, Noise, DateShift, Permute)
LEARNING = (QuantileBins, Permute, Microaggregate)
"""Techniques that need a pass over the whole column before any value can be masked."""


def name_of(technique: Technique) -> str:
    """The technique's name as a policy writes it."""
    return str(technique.__struct_config__.tag)


def parts_of(technique: Technique) -> tuple[Technique, ...]:
    """The technique and all that it is made of: what fields and entities inside a value become counts like the column's own."""
    if isinstance(technique, FreeText):
        return (technique, technique.default, *technique.entities.values())
    if isinstance(technique, Inside):
        return (technique, *(part for inner in technique.fields.values() for part in parts_of(inner)))
    return (technique,)


__all__ = [
    "AesSiv",
    "Age",
    "Bins",
    "Card",
    "Constant",
    "DateShift",
    "Drop",
    "EmailDomain",
    "Ff1",
    "FreeText",
    "GENERALIZING",
    "GeoPrefix",
    "Hierarchy",
    "HmacToken",
    "InText",
    "Inside",
    "IpPrefix",
    "KEYED",
    "Keep",
    "LEARNING",
    "Microaggregate",
    "Noise",
    "Null",
    "PSEUDONYMIZING",
    "PartialMask",
    "Permute",
    "Plain",
    "Presidio",
    "QuantileBins",
    "RANDOMIZING",
    "REVERSIBLE",
    "Redact",
    "Round",
    "SUPPRESSING",
    "Step",
    "Surrogate",
    "Technique",
    "TechniqueBase",
    "TopBottomCode",
    "TruncateDate",
    "name_of",
    "parts_of",
]
