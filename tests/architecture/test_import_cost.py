"""Importing operators is paid by every task and every DAG parse: nothing heavy may come with it."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {"polars", "pandas", "pyarrow", "numpy", "presidio_analyzer", "presidio_anonymizer", "spacy", "openlineage"}
SCRIPT = """
import json, sys
import airflow.sdk
before = set(sys.modules)
import {module}
print(json.dumps(sorted({{name.split(".")[0] for name in set(sys.modules) - before}})))
"""


def loaded_by(module: str) -> set[str]:
    run = subprocess.run([sys.executable, "-c", SCRIPT.format(module=module)], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_importing_the_operators_loads_no_heavy_library() -> None:
    assert not loaded_by("airflow_privacy.operators") & HEAVY


def test_importing_the_release_factory_loads_no_heavy_library() -> None:
    assert not loaded_by("airflow_privacy.release") & (HEAVY | {"open_data_contract_standard"})


def test_importing_the_plugin_loads_neither_fastapi_nor_polars() -> None:
    assert not loaded_by("airflow_privacy.ui.plugin") & (HEAVY | {"fastapi"})


def test_importing_the_package_loads_nothing_else() -> None:
    script = "import sys; before = set(sys.modules); import airflow_privacy; print(sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['airflow_privacy']"
