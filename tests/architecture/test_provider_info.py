"""Provider metadata and the package must not drift apart."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from airflow.sdk import BaseOperator

import airflow_privacy.operators
from airflow_privacy import config, provider_info

OWN_PARAMETERS_AT_MOST = 8


def own_parameters(operator: type[BaseOperator]) -> set[str]:
    """What an operator takes beyond Airflow's own operators."""
    given = inspect.signature(operator.__init__).parameters
    return set(given) - set(inspect.signature(BaseOperator.__init__).parameters) - {"kwargs"}


def test_provider_info_names_every_operator_module() -> None:
    named = set(provider_info.get_provider_info()["operators"][0]["python-modules"])
    found = {f"airflow_privacy.operators.{module.name}" for module in pkgutil.iter_modules(airflow_privacy.operators.__path__)}
    assert named == found - {f"airflow_privacy.operators.{shared}" for shared in ("base", "links", "purging")}


def test_every_option_has_a_function_of_its_name() -> None:
    options = provider_info.get_provider_info()["config"]["privacy"]["options"]
    assert set(options) <= {name for name, _ in inspect.getmembers(config, inspect.isfunction)}


def test_every_exported_operator_is_keyword_only_with_few_parameters() -> None:
    for name in airflow_privacy.operators.__all__:
        operator = getattr(importlib.import_module("airflow_privacy.operators"), name)
        assert issubclass(operator, BaseOperator)
        positional = [p for p in inspect.signature(operator.__init__).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert [p.name for p in positional if p.name != "self"] == []
        assert len(own_parameters(operator)) <= OWN_PARAMETERS_AT_MOST


def test_every_operator_lists_templated_parameters_it_has() -> None:
    for name in airflow_privacy.operators.__all__:
        operator = getattr(airflow_privacy.operators, name)
        assert set(operator.template_fields) <= own_parameters(operator)
