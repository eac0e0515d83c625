"""The masking plan: what will happen to every column, by which rule and for which reason."""

from __future__ import annotations

from airflow_privacy.core.model.codec import Artifact, Value
from airflow_privacy.core.model.findings import Role
from airflow_privacy.core.model.refs import FileStamp
from airflow_privacy.core.model.techniques import (
    PSEUDONYMIZING,
    SUPPRESSING,
    Drop,
    Technique,
    parts_of,
)


class Decision(Value, frozen=True, kw_only=True):
    """What happens to one column. ``rule`` is the policy rule's name, or ``default-deny``."""

    column: str
    dtype: str
    entity: str | None
    role: Role
    technique: Technique
    rule: str
    reason: str


class RecordSuppression(Value, frozen=True, kw_only=True):
    """Records in equivalence classes smaller than ``k`` over ``quasi_identifiers`` are left out, up to ``limit`` of all rows."""

    k: int
    quasi_identifiers: tuple[str, ...]
    limit: float


class RecordRule(Value, frozen=True, kw_only=True):
    """Records to be left out by what the source holds in ``column``: all conditions that are given must hold.

    ``below`` and ``above`` (both exclusive) compare numbers, or ISO 8601 dates with dates; ``equals`` compares texts, numbers and
    booleans; ``missing`` asks whether there is a value. A missing value meets no other condition.
    """

    name: str
    column: str
    missing: bool | None = None
    equals: tuple[str | int | float | bool, ...] = ()
    below: float | str | None = None
    above: float | str | None = None


class Coincidence(Value, frozen=True, kw_only=True):
    """Values of the direct identifier ``identifier`` may also stand in ``column``, by chance: a surname that is also a city."""

    identifier: str
    column: str


class MaskingPlan(Artifact, frozen=True, kw_only=True, tag="plan"):
    """One decision a column, in the source's column order. Parents: contract, policy, findings.

    ``scope`` names the key that tokens are made with: ``<destination>/<purpose>/<recipient>``, with ``*`` for what the policy
    does not part by, and ``/<dataset>`` behind it where it parts by dataset. Equal values join inside a scope and not across.
    """

    contract: str
    policy: str
    findings: str
    contract_file: FileStamp
    policy_file: FileStamp
    table: str
    source: str
    source_digest: str
    source_environment: str
    destination: str
    purpose: str
    recipient: str
    scope: str
    decisions: tuple[Decision, ...]
    suppression: RecordSuppression | None
    drop_records: tuple[RecordRule, ...] = ()
    coincidences: tuple[Coincidence, ...] = ()

    def released(self) -> tuple[Decision, ...]:
        """Decisions whose column is in the output."""
        return tuple(d for d in self.decisions if not isinstance(d.technique, Drop))

    def quasi_identifiers(self) -> tuple[str, ...]:
        """Released quasi-identifiers that still carry information."""
        return tuple(
            d.column for d in self.decisions if d.role == "quasi-identifier" and not isinstance(d.technique, SUPPRESSING)
        )

    def tokens(self) -> tuple[str, ...]:
        """Released columns that hold pseudonyms."""
        return tuple(d.column for d in self.decisions if any(isinstance(part, PSEUDONYMIZING) for part in parts_of(d.technique)))

    def sensitive(self) -> tuple[str, ...]:
        """Released sensitive attributes that still carry information."""
        return tuple(d.column for d in self.decisions if d.role == "sensitive" and not isinstance(d.technique, SUPPRESSING))
