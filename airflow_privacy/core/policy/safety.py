"""What a rule may not do to a column, asked once role, type and boundary are known.

==========================================  =================================
refused                                     unless
==========================================  =================================
what leaves a direct identifier, or nearly  the boundary accepts ``raw``
identifiers held by values left in clear    the boundary accepts ``raw``
``free_text`` where a value is one          the boundary accepts ``raw``
identifier as a whole
a token that the key turns back             it says ``reversible: true``
a token too short for the column            never
a column that the table does not have       never
==========================================  =================================

What each technique leaves is decided in :mod:`airflow_privacy.core.model.techniques.leaves`.
"""

from __future__ import annotations

from airflow_privacy.core.errors import CheckFailed
from airflow_privacy.core.model.findings import ColumnFinding, Findings, Role
from airflow_privacy.core.model.levels import parse_predicate
from airflow_privacy.core.model.policy import Boundary
from airflow_privacy.core.model.techniques import (
    REVERSIBLE,
    FreeText,
    HmacToken,
    Keep,
    Technique,
    name_of,
    parts_of,
)
from airflow_privacy.core.model.techniques.collisions import collision_bound
from airflow_privacy.core.model.techniques.fits import fits, fitting, why_not
from airflow_privacy.core.model.techniques.leaves import is_verbatim, leaves
from airflow_privacy.core.model.techniques.reads import other_columns

MOST_COLLISIONS = 1e-6
"""The highest bound of the probability that any two values of a direct identifier share one token."""

# What needs one text that all engines agree on, as a token does.
_WRITTEN = HmacToken()


def require_fit(finding: ColumnFinding, technique: Technique, *, where: str) -> None:
    """:raises CheckFailed: the technique does not take columns of this type."""
    if not fits(technique, finding.dtype):
        raise CheckFailed(
            "technique-does-not-fit",
            f"{name_of(technique)} takes {', '.join(sorted(fitting(technique) - {'null'}))}, and the column is {finding.dtype}",
            where=where,
            do=why_not(technique, finding.dtype),
        )


def require_columns(finding: ColumnFinding, technique: Technique, findings: Findings, *, where: str) -> None:
    """:raises CheckFailed: a column that the technique names is not in the table, is the column itself, or has no one text."""
    for name in other_columns(technique):
        other = findings.column(name)
        problem = (
            "which the table does not have" if other is None
            else "which is the column itself" if name == finding.name
            else f"which is {other.dtype} and has no one text" if not fits(_WRITTEN, other.dtype)
            else ""
        )  # fmt: skip
        if problem:
            what = f"{name_of(technique)} names the column {name!r}, {problem}"
            do = "Correct the rule, or give the columns of this table a rule of their own."
            raise CheckFailed("unknown-column", what, where=where, do=do)


def require_safe(
    finding: ColumnFinding,
    entity: str | None,
    role: Role,
    technique: Technique,
    boundary: Boundary,
    findings: Findings,
    *,
    where: str,
) -> None:
    """What the table above refuses.

    :raises CheckFailed: ``not-reversible``, ``token-too-short``, ``identifier-kept``, ``text-technique-on-identifier``.
    """
    back = next((part for part in parts_of(technique) if isinstance(part, REVERSIBLE)), None)
    if back is not None and not boundary.reversible:
        what = f"{name_of(back)} gives tokens that the key turns back, and the boundary does not allow them"
        raise CheckFailed("not-reversible", what, where=where, do="Use hmac_token, or say reversible: true at the boundary.")
    if role == "direct-identifier":
        _require_tokens_apart(finding, technique, findings, where=where)
    if any(kind == "raw" for kind, _ in parse_predicate(boundary.level)):
        return
    if role == "direct-identifier":
        _require_text(finding, entity, technique, where=where)
    if role == "direct-identifier" and leaves(technique, entity) == "value":
        held, do = "a direct identifier", "Choose another technique, or overrule the verdict in the contract with privacy.role."
    elif finding.embedded and is_verbatim(technique):
        # A pin says what the column is; what single values hold besides is there all the same.
        held, do = f"values that hold {', '.join(finding.embedded)}", "Choose another technique, or clean the data at its source."
    else:
        return
    verb = "keeps" if isinstance(technique, Keep) else f"may keep, with {name_of(technique)},"
    what = f"The rule {verb} {held}, and the boundary does not accept it in clear"
    raise CheckFailed("identifier-kept", what, where=where, do=do)


def _require_tokens_apart(finding: ColumnFinding, technique: Technique, findings: Findings, *, where: str) -> None:
    """Two persons of one token would become one: joins and erasure would take the one for the other."""
    for part in parts_of(technique):
        if not isinstance(part, HmacToken):
            continue
        counted = part is technique and not part.beside and findings.rows_scanned >= findings.rows_total
        values = finding.distinct if counted else findings.rows_total
        bound = collision_bound(values, part)
        if bound > MOST_COLLISIONS:
            raise CheckFailed(
                "token-too-short",
                f"Of {values:,} values two would share a token of {part.length} characters ({part.alphabet}) with a probability "
                f"of up to {bound:.1g}; at most {MOST_COLLISIONS:g} is allowed",
                where=where,
                do="Raise 'length'.",
            )


def _require_text(finding: ColumnFinding, entity: str | None, technique: Technique, *, where: str) -> None:
    if not isinstance(technique, FreeText) or entity == "FREE_TEXT":
        return
    if entity is None and (finding.free_text or finding.embedded):
        return
    raise CheckFailed(
        "text-technique-on-identifier",
        "free_text replaces what it finds in a text, and every value of this column is an identifier as a whole",
        where=where,
        do="Use hmac_token, surrogate or redact for the whole value.",
    )
