"""Rules of a policy, and rules about whole records: what can never match, says too little, or lets through whatever comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.policy import Policy, When
from airflow_privacy.core.model.techniques.leaves import leaves
from airflow_privacy.core.model.yaml_nodes import Document, Place
from airflow_privacy.core.policy.declared import check_environment
from airflow_privacy.core.policy.parameters import check_parameters
from airflow_privacy.core.policy.written import check_unique, in_rule, rules_of

# Conditions on the column itself; purpose and destination say nothing about the data.
_ABOUT_DATA = ("entity", "role", "classification", "tag", "column")


def check_rules(policy: Policy, document: Document) -> None:
    """:raises BadInput: with file, line and the rule's name."""
    check_unique("rule", [rule.name for rule in policy.rules], document, "rules")
    known = [environment.name for environment in policy.environments]
    for index, rule in enumerate(policy.rules):
        where = in_rule(document, index)
        given = (rules_of(document)[index].get("when") or {}).items()
        for key in [key for key, values in given if not values]:
            do = "Leave the condition out, or list what it is about."
            raise BadInput("empty-condition", f"'when.{key}' is empty and would match everything", where=where, do=do)
        for name in rule.when.destination:
            check_environment(name, known, in_rule(document, index, ("when", "destination")))
        check_parameters(rule.then, _place_in(document, index))
        if leaves(rule.then) == "value" and not any(getattr(rule.when, key) for key in _ABOUT_DATA):
            do = f"Say what may be kept: a condition on {', '.join(_ABOUT_DATA)}."
            raise BadInput("default-allow", "The rule keeps whatever comes", where=where, do=do)
        for earlier in policy.rules[:index]:
            if _swallows(earlier.when, rule.when):
                what = f"The rule {rule.name!r} can never match: {earlier.name!r} before it takes all that it is about"
                raise BadInput("unreachable-rule", what, where=where, do="Put it first, or remove it.")


def check_record_rules(policy: Policy, document: Document) -> None:
    """:raises BadInput: with file and line: two of one name, one without a condition, or one that can never hold."""
    check_unique("record rule", [rule.name for rule in policy.drop_records], document, "drop_records")
    for index, rule in enumerate(policy.drop_records):
        problem = _problem(rule)
        if problem:
            raise BadInput(
                "bad-record-rule", f"The record rule {rule.name!r} {problem}", where=document.at(("drop_records", index))
            )


def is_day(text: str) -> bool:
    """Whether *text* is a date or timestamp in ISO 8601."""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            read(text)
            return True
        except ValueError:
            continue
    return False


def _problem(rule: RecordRule) -> str:
    bounds = [bound for bound in (rule.below, rule.above) if bound is not None]
    compares = bool(rule.equals or bounds)
    if not compares and rule.missing is None:
        return "has no condition, and would leave out every record"
    if compares and rule.missing:
        return "can never hold: a missing value meets no other condition"
    if any(isinstance(bound, str) and not is_day(bound) for bound in bounds):
        return "compares with a text that is no date in ISO 8601"
    if len({isinstance(bound, str) for bound in bounds}) > 1:
        return "compares with a date and with a number"
    if rule.below is not None and rule.above is not None and not _before(rule.above, rule.below):
        return "can never hold: nothing is below the one bound and above the other"
    return ""


def _before(one: float | str, other: float | str) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one < other  # ISO 8601 sorts as it reads
    return not isinstance(one, str) and not isinstance(other, str) and one < other


def _place_in(document: Document, index: int) -> Callable[[Place], str]:
    return lambda place: in_rule(document, index, place)


def _swallows(earlier: When, later: When) -> bool:
    """Whether whatever *later* matches is matched by *earlier* too."""
    for key in When.__struct_fields__:
        wanted, narrower = getattr(earlier, key), getattr(later, key)
        if wanted and not (narrower and set(narrower) <= set(wanted)):
            return False
    return True
