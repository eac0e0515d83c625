"""The outline that DAG parsing reads: names only, cheap, and never an obstacle for what a task will check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from contract_files import HEAD, SCHEMA, custom, write

from airflow_privacy.core.contract.outline import Outline, outline
from airflow_privacy.core.errors import BadInput

SERVERS = (
    "servers:\n  - {server: raw, type: local, path: '${DATA}/people.parquet'}\n  - {server: b, type: s3, location: s3://b}\n"
)
OURS = custom(("privacy.purpose", "churn"), ("privacy.recipient", "team"), ("privacy.destination", "training"))


def test_the_outline_holds_names_and_the_first_servers_place(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "name: People\n" + SERVERS + SCHEMA + OURS)
    assert outline(path, variables={"DATA": "/data"}) == Outline(
        id="people",
        name="People",
        tables=("people",),
        location="/data/people.parquet",
        purpose="churn",
        recipient="team",
        destination="training",
    )


def test_what_is_not_stated_is_none(tmp_path: Path) -> None:
    assert outline(write(tmp_path, HEAD), variables={}) == Outline("people", "people", (), None, None, None, None)


def test_a_variable_that_is_not_set_stays_as_it_is(tmp_path: Path) -> None:
    assert outline(write(tmp_path, HEAD + SERVERS), variables={}).location == "${DATA}/people.parquet"


@pytest.mark.parametrize(
    "text",
    [
        "schema: 5\nservers: x\ncustomProperties: {}\n",
        "schema: [1, {name: }]\nservers: [7]\ncustomProperties: [x, {property: [a]}, {value: 1}]\n",
        "unknown: key\n",
    ],
)
def test_it_does_not_judge_what_a_task_will_check(tmp_path: Path, text: str) -> None:
    assert outline(write(tmp_path, HEAD + text), variables={}).tables == ()


@pytest.mark.parametrize("text", ["", "- a\n", "name: x\n", "id: 5\n", "id: [\n"])
def test_a_file_that_is_no_contract_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        outline(write(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unreadable-file"):
        outline(tmp_path / "none.yaml")


def test_reading_one_loads_neither_polars_nor_the_standards_model(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + SERVERS + SCHEMA + OURS)
    script = (
        "import sys\n"
        "from airflow_privacy.core.contract.outline import outline\n"
        f"outline({str(path)!r})\n"
        "print(sorted(name for name in sys.modules if '.' not in name))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(eval(run.stdout))  # noqa: S307 - our own list of names
    assert "yaml" in loaded
    assert loaded & {"polars", "pandas", "pyarrow", "pydantic", "open_data_contract_standard", "airflow", "difflib"} == set()
