"""An organisation's rules: environments, the boundaries between them, and which technique meets which data."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from airflow_privacy.core.model.codec import Artifact, Value
from airflow_privacy.core.model.drift import DriftRules
from airflow_privacy.core.model.findings import Role
from airflow_privacy.core.model.plan import Coincidence, RecordRule
from airflow_privacy.core.model.techniques import Technique

ScopePart = Literal["environment", "purpose", "recipient", "dataset"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Environment(Value, frozen=True, kw_only=True):
    """A place with one level of trust. A URI belongs to the environment with the longest base that it starts with.

    ``encryption`` is how files at rest there are encrypted: ``keyring`` by Parquet's modular encryption with data keys that the
    keyring wraps, ``sse-kms`` by S3 with the key ``kms_key``.
    """

    name: str
    base_uris: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    connection: str | None = None
    encryption: Literal["none", "keyring", "sse-kms"] = "none"
    kms_key: str | None = None


class Boundary(Value, frozen=True, kw_only=True):
    """What a release from ``source`` to ``destination`` needs.

    ``level`` is a predicate over privacy levels (``"k_anonymous(k>=5) or pseudonymized"``). ``approvers`` are user names.
    ``reversible`` allows tokens that the key can turn back. An approval holds for ``approval_hours``; a passport for
    ``passport_days``.
    """

    source: str
    destination: str
    approvers: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    level: str
    min_k: Annotated[int, msgspec.Meta(ge=1)]
    max_prosecutor_risk: Share = 1.0
    max_marketer_risk: Share = 1.0
    min_l: Annotated[int, msgspec.Meta(ge=1)] = 1
    reversible: bool = False
    approval_hours: Annotated[int, msgspec.Meta(ge=1)] = 24
    passport_days: Annotated[int, msgspec.Meta(ge=1)] = 90


class When(Value, frozen=True, kw_only=True):
    """All conditions that are given must hold; one of the listed values suffices. A rule with none matches everything."""

    entity: tuple[str, ...] = ()
    role: tuple[Role, ...] = ()
    classification: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    column: tuple[str, ...] = ()
    purpose: tuple[str, ...] = ()
    destination: tuple[str, ...] = ()


class Rule(Value, frozen=True, kw_only=True):
    """The first rule that matches a column decides; a column that none matches is dropped."""

    name: str
    when: When
    then: Technique
    because: str = ""


class Policy(Artifact, frozen=True, kw_only=True, tag="policy"):
    """One policy file.

    ``quasi_identifiers`` are columns that are treated as such whatever detection says. Tokens join where all parts of
    ``scope_by`` are equal, and nowhere else. ``drop_records`` leaves records out by what they hold;
    ``coincidences`` are pairs of columns that the check afterwards must not take for a leak. ``drift`` says what detection's
    drift leads to when a plan is made, where that is stricter than what was decided at detection.
    """

    name: str
    version: str
    environments: tuple[Environment, ...]
    boundaries: tuple[Boundary, ...]
    quasi_identifiers: tuple[str, ...] = ()
    suppression_limit: Share = 0.0
    scope_by: Annotated[tuple[ScopePart, ...], msgspec.Meta(min_length=1)] = ("environment", "purpose", "recipient")
    drop_records: tuple[RecordRule, ...] = ()
    coincidences: tuple[Coincidence, ...] = ()
    drift: DriftRules = DriftRules()
    rules: tuple[Rule, ...]
