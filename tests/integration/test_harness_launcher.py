"""No process outlives the one that started it, whatever ends it; with small programs in Airflow's place."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_privacy.core.errors import BadInput, StorageUnavailable
from airflow_privacy.demo import launcher
from airflow_privacy.demo.standalone import AirflowSettings, StandaloneAirflow, User

# Three generations: one in the session, one in a session of its own that ignores SIGTERM, one that its parent has left.
FAMILY = """
import os, signal, subprocess, sys, time
sleep = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
deaf = [*sleep[:2], "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + sleep[2]]
left = [sys.executable, "-c", f"import subprocess; subprocess.Popen({sleep!r}, start_new_session=True)"]
for command in (sleep, deaf, left):
    subprocess.Popen(command, start_new_session=command is deaf)
time.sleep(600)
"""
LAUNCH = [sys.executable, "-P", launcher.__file__]


@pytest.fixture
def marker() -> Iterator[str]:
    name = uuid.uuid4().hex
    yield name
    launcher.end_all(name, None, 0)


def start(marker: str, out: Path, grace: float = 0.5, around: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    command = [*around, *LAUNCH, marker, str(grace), sys.executable, "-c", FAMILY]
    with out.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=file, env={launcher.MARKER: marker}, start_new_session=True
        )
    wait_until(lambda: out.read_text().count("up") == 3)
    return process


def wait_until(holds: object) -> None:
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.05)
    assert holds()  # type: ignore[operator]


def alive(marker: str) -> int:
    return len(launcher.belonging_to(marker))


def test_all_processes_end_when_the_pipe_closes(marker: str, tmp_path: Path) -> None:
    process = start(marker, tmp_path / "out")
    assert alive(marker) == 5
    process.communicate(timeout=20)
    assert alive(marker) == 0


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_all_processes_end_when_the_launcher_gets_a_signal(marker: str, tmp_path: Path, sign: signal.Signals) -> None:
    process = start(marker, tmp_path / "out")
    process.send_signal(sign)
    process.wait(20)
    process.communicate()
    assert alive(marker) == 0


def test_all_processes_end_when_the_caller_is_killed(marker: str, tmp_path: Path) -> None:
    caller = "import subprocess, sys; subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True).wait()"
    process = start(marker, tmp_path / "out", around=(sys.executable, "-c", caller))
    process.kill()
    process.communicate(timeout=20)
    wait_until(lambda: alive(marker) == 0)


def test_all_processes_end_when_the_command_ends(marker: str, tmp_path: Path) -> None:
    process = start(marker, tmp_path / "out")
    for found in launcher.belonging_to(marker):
        if FAMILY in found.cmdline() and found.pid != process.pid:
            found.kill()
    process.wait(20)
    process.communicate()
    assert alive(marker) == 0


def test_a_process_that_obeys_is_given_time(marker: str, tmp_path: Path) -> None:
    tidy = (
        "import signal, sys, time; from pathlib import Path\n"
        "def leave(*_): time.sleep(0.5); Path(sys.argv[1]).write_text('tidy'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, leave); print('up', flush=True); time.sleep(600)"
    )
    command = [*LAUNCH, marker, "10", sys.executable, "-c", tidy, str(tmp_path / "left")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={launcher.MARKER: marker}, start_new_session=True
    ) as process:
        assert process.stdout and process.stdin
        process.stdout.readline()
        begun = time.monotonic()
        process.stdin.close()
        process.wait(20)
    assert (tmp_path / "left").read_text() == "tidy"
    assert time.monotonic() - begun < 5


def test_a_session_that_is_not_the_launchers_own_is_spared(marker: str) -> None:
    shell = f"sleep 600 & echo $!; {' '.join(LAUNCH)} {marker} 1 true </dev/null; echo over; wait"
    with subprocess.Popen(["sh", "-c", shell], stdout=subprocess.PIPE, start_new_session=True, text=True) as process:
        assert process.stdout
        bystander = int(process.stdout.readline())
        assert process.stdout.readline() == "over\n"
        try:
            subprocess.run(["kill", str(bystander)], check=True)
        finally:
            process.wait(20)


def settings(tmp_path: Path, **changes: object) -> AirflowSettings:
    return AirflowSettings(tmp_path / "home", tmp_path / "dags", (User("maria", "op"),), **changes)  # type: ignore[arg-type]


def test_a_server_that_cannot_start_says_where_its_log_is(tmp_path: Path) -> None:
    server = StandaloneAirflow(settings(tmp_path, environment={"AIRFLOW__CORE__EXECUTOR": "NoSuchExecutor"}))
    with pytest.raises(StorageUnavailable, match=r"airflow-ended.*standalone\.log"):
        server.start()
    assert server.processes() == []


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BadInput, match="port-in-use"):
        StandaloneAirflow(settings(tmp_path, port=taken.getsockname()[1])).start()


def test_the_callers_own_airflow_does_not_reach_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://production")
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", "s3://production")
    server = StandaloneAirflow(settings(tmp_path))
    server.ports = (1, 2, 3)
    assert not [value for value in server.environment().values() if "production" in value]


@pytest.mark.long
def test_nothing_is_left_of_a_server_whose_owner_was_killed(tmp_path: Path) -> None:
    owner = (
        "import sys, time; from pathlib import Path; from airflow_privacy.demo.standalone import *\n"
        "home = Path(sys.argv[1]); settings = AirflowSettings(home / 'home', home / 'dags', (User('maria', 'op'),))\n"
        "server = StandaloneAirflow(settings); server.start(); print(server.marker, *server.ports, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", owner, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        marker, *ports = process.stdout.readline().split()
        assert alive(marker) > 8
        process.kill()
    wait_until(lambda: alive(marker) == 0)
    for port in ports:
        socket.create_server(("127.0.0.1", int(port))).close()
