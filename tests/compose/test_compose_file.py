"""docker-compose.yaml against what is here, without an engine: no image is pulled, nothing is started."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_privacy import __version__
from airflow_privacy.core.contract.outline import outline
from airflow_privacy.provider_info import get_provider_info

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yaml"
AIRFLOW_SERVICES = {"init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}
PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)(?::-[^}]*)?\}")
OPTION = re.compile(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+)")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document = yaml.safe_load(COMPOSE.read_text())
    assert isinstance(document, dict)
    return document


def environments(compose: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for service, definition in compose["services"].items():
        for name, value in definition.get("environment", {}).items():
            yield service, name, str(value)


def known_options() -> set[tuple[str, str]]:
    """Options of Airflow, of providers whose defaults Airflow ships, of the installed OpenLineage provider, and ours."""
    from airflow.providers.openlineage.get_provider_info import get_provider_info as openlineage

    templates = files("airflow.config_templates")
    described = yaml.safe_load(templates.joinpath("config.yml").read_text())
    fallback = configparser.RawConfigParser()
    fallback.read_string(templates.joinpath("provider_config_fallback_defaults.cfg").read_text())
    sections = [described, openlineage()["config"], get_provider_info()["config"]]
    found = {(name, option) for one in sections for name, section in one.items() for option in section["options"]}
    found |= {(name, option) for name in fallback.sections() for option in fallback.options(name)}
    return found | {("celery", "result_backend")}  # has no default, and so is not in Airflow's list


def composer() -> list[str]:
    """Compose as a command: the plugin of the engine's client, or Debian's package."""
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        return [docker, "compose"]
    alone = shutil.which("docker-compose")
    if alone is None:
        pytest.skip("no Compose here; on Debian: apt-get install docker-compose")
    return [alone]


def test_compose_itself_accepts_the_file() -> None:
    run = subprocess.run(
        [*composer(), "--file", str(COMPOSE), "config", "--services"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
    assert set(run.stdout.split()) > AIRFLOW_SERVICES


def test_all_parts_of_airflow_and_what_they_need_are_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == AIRFLOW_SERVICES | {"postgres", "redis", "store", "bucket"}


def test_every_airflow_option_exists(compose: dict[str, Any]) -> None:
    known = known_options()
    given = {match.groups() for _, name, _ in environments(compose) if (match := OPTION.fullmatch(name))}
    assert ("privacy", "ledger_is_shared") in {(section.lower(), option.lower()) for section, option in given}
    assert sorted(given - {(section.upper(), option.upper()) for section, option in known}) == []


def test_every_variable_that_starts_like_an_option_is_one(compose: dict[str, Any]) -> None:
    names = {name for _, name, _ in environments(compose) if name.startswith("AIRFLOW_")}
    assert {name for name in names if not OPTION.fullmatch(name)} == {"AIRFLOW_CONN_STORE"}


def test_every_image_is_pinned_by_a_tag(compose: dict[str, Any]) -> None:
    images = {definition["image"] for definition in compose["services"].values()}
    base = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for image in (*images, *base):
        _, colon, tag = image.rpartition(":")
        assert colon
        assert re.search(r"\d+\.\d+|\d{4}-\d{2}-\d{2}", tag), image


def test_the_built_image_is_named_by_the_versions_in_it(compose: dict[str, Any]) -> None:
    built = {definition["image"] for name, definition in compose["services"].items() if name in AIRFLOW_SERVICES}
    (base,) = re.findall(r"^FROM apache/airflow:(\S+)-python", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert built == {f"airflow-privacy:{__version__}-airflow{base}"}


def test_the_image_is_built_on_the_airflow_that_the_constraints_name() -> None:
    (version,) = re.findall(r"^apache-airflow==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert f"FROM apache/airflow:{version}-python3.11\n" in (ROOT / "Dockerfile").read_text()


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    copied = re.findall(r"^COPY \S+ (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    kept = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")}
    for name in names:
        assert (ROOT / name).exists()
        assert name in kept or f"*{Path(name).suffix}" in kept


def test_secrets_come_from_variables_only(compose: dict[str, Any]) -> None:
    for service, name, value in environments(compose):
        blank = PLACEHOLDER.sub("$", value)
        if re.search(r"PASSWORD|SECRET|TOKEN|_KEY$", name) and not name.endswith("_FILE"):
            assert blank == "$", f"{service}: {name}"
        assert set(re.findall(r"://[^/@:]*:([^/@]*)@", blank)) <= {"$"}, f"{service}: {name}"
    (store,) = {value for _, name, value in environments(compose) if name == "AIRFLOW_CONN_STORE"}
    assert json.loads(PLACEHOLDER.sub("$", store))["password"] == "$"


def test_every_variable_has_a_default_and_is_explained_at_the_top(compose: dict[str, Any]) -> None:
    text = COMPOSE.read_text()
    explained = text.partition("\nx-airflow")[0]
    values = "".join(value for _, _, value in environments(compose))
    assert set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", values)) == set(re.findall(r"\$\{([A-Z_]+):-", values))
    for name in set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text)):
        assert name in explained


def test_all_airflow_parts_share_privacy_home_data_and_events(compose: dict[str, Any]) -> None:
    for name in AIRFLOW_SERVICES:
        definition = compose["services"][name]
        environment = definition["environment"]
        assert "privacy:/privacy" in definition["volumes"]
        assert environment["AIRFLOW__PRIVACY__LEDGER_IS_SHARED"] == "True"
        events = json.loads(environment["AIRFLOW__OPENLINEAGE__TRANSPORT"])["log_file_path"]
        for place in (environment["AIRFLOW__PRIVACY__HOME"], environment["PRIVACY_DATA"], events):
            assert place.startswith("/privacy/")


def test_mounts_and_volumes_exist(compose: dict[str, Any]) -> None:
    for definition in compose["services"].values():
        for mount in definition.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).is_dir() if source.startswith(".") else source in compose["volumes"]


def test_nothing_starts_before_the_database_and_keys_are_there(compose: dict[str, Any]) -> None:
    for name in AIRFLOW_SERVICES - {"init"}:
        assert compose["services"][name]["depends_on"]["init"] == {"condition": "service_completed_successfully"}
    for definition in compose["services"].values():
        for other, how in definition.get("depends_on", {}).items():
            once = compose["services"][other].get("restart") == "no"
            assert how["condition"] == ("service_completed_successfully" if once else "service_healthy")
            assert once or "healthcheck" in compose["services"][other]


def test_only_the_page_listens_outside_and_on_this_host_only(compose: dict[str, Any]) -> None:
    ports = {name: definition["ports"] for name, definition in compose["services"].items() if "ports" in definition}
    assert ports == {"api-server": ["127.0.0.1:8080:8080"]}


@pytest.mark.parametrize("service", ["api-server", "scheduler", "dag-processor", "triggerer"])
def test_every_part_is_started_by_a_command_that_airflow_has(compose: dict[str, Any], service: str) -> None:
    from airflow.cli.cli_config import core_commands

    assert compose["services"][service]["command"] in {command.name for command in core_commands}


def test_the_init_step_migrates_makes_keys_for_the_examples_and_a_table(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script itself, with Airflow's command replaced by one that notes how it was called."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "airflow").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/called\n')
    (commands / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    call = "import sys; from airflow_privacy.cli import main; sys.exit(main())"
    (commands / "airflow-privacy").write_text(f"#!/bin/sh\nexec {sys.executable} -c '{call}' \"$@\"\n")
    for name in ("airflow", "airflow-privacy", "python"):
        (commands / name).chmod(0o755)
    data, home = tmp_path / "data", tmp_path / "home"
    for name, value in {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PRIVACY_DATA": str(data),
        "PRIVACY_ROWS": "50",
        "AIRFLOW__PRIVACY__HOME": str(home),
    }.items():
        monkeypatch.setenv(name, value)
    entry = compose["services"]["init"]
    script = [entry["entrypoint"], *(part.replace("$$", "$") for part in entry["command"])]
    for _ in range(2):
        subprocess.run(script, check=True, capture_output=True)
    assert (tmp_path / "called").read_text().split() == ["db", "migrate"] * 2
    assert (data / "raw" / "customers.parquet").is_file()
    agreed = outline(str(ROOT / "dags" / "contracts" / "customers.yaml"))
    scope = f"{agreed.destination}/{agreed.purpose}/{agreed.recipient}"
    assert scope in entry["command"][-1]
    assert (home / "keyring" / "public").is_dir()
