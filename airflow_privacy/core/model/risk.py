"""Re-identification risk of a released table, before and after masking.

Risk figures are a model's output, never proof that nobody can be found.
"""

from __future__ import annotations

from airflow_privacy.core.model.codec import Artifact, Value
from airflow_privacy.core.model.levels import PrivacyLevel


class SensitiveFigures(Value, frozen=True, kw_only=True):
    """Distinct l of one sensitive attribute: the fewest distinct values in any equivalence class."""

    column: str
    distinct_l: int


class RiskFigures(Value, frozen=True, kw_only=True):
    """Figures over one set of quasi-identifiers.

    ``prosecutor``: 1 / size of the smallest class. ``marketer``: classes / rows (ARX's average risk). ``journalist`` equals
    ``prosecutor`` where no population is given. ``sample_uniqueness``: share of rows alone in their class. ``below_min_k``:
    rows in classes smaller than the boundary's k. ``l`` is the smallest distinct l, or ``None`` without a sensitive attribute.
    """

    rows: int
    classes: int
    k: int
    l: int | None  # noqa: E741 - the model's own name
    t: float | None = None
    sample_uniqueness: float
    prosecutor: float
    journalist: float
    marketer: float
    average_class_size: float
    below_min_k: int
    attributes: tuple[SensitiveFigures, ...] = ()


class Thresholds(Value, frozen=True, kw_only=True):
    """What the boundary's policy demands."""

    min_k: int
    max_prosecutor_risk: float
    max_marketer_risk: float
    min_l: int
    level: str


class RiskReport(Artifact, frozen=True, kw_only=True, tag="risk"):
    """Parents: dataset and plan. ``k_with_tokens`` counts pseudonyms among the quasi-identifiers.

    ``violations`` names each threshold that does not hold; a report with any cannot be released.
    """

    dataset: str
    plan: str
    quasi_identifiers: tuple[str, ...]
    tokens: tuple[str, ...]
    before: RiskFigures
    after: RiskFigures
    k_with_tokens: int
    rows_kept: float
    thresholds: Thresholds
    level: PrivacyLevel
    violations: tuple[str, ...]
