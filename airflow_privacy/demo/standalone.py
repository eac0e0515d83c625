"""`airflow standalone` with SQLite and named users, under one context manager.

Everything is set through the environment, nothing is read from a user's Airflow: no ``AIRFLOW__*`` variable of the caller reaches
the server. The page and the API listen on 127.0.0.1 only; Airflow's two log servers listen on all interfaces and answer signed
requests only. For demonstrations and tests: SimpleAuthManager keeps passwords in clear (file mode 0600).
"""

from __future__ import annotations

import atexit
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from airflow_privacy.core.errors import BadInput, StorageUnavailable, TerminalError
from airflow_privacy.demo import launcher
from airflow_privacy.demo.api import AirflowApi

GRACE = 10.0  # seconds between SIGTERM and SIGKILL
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class User(msgspec.Struct, frozen=True):
    """A person who can log in. ``role`` is one of viewer, user, op, admin; user may trigger runs and answer gates."""

    name: str
    role: str


class AirflowSettings(msgspec.Struct, frozen=True):
    """What one server is started with.

    :param home: Airflow's home; made if missing. The database, logs, passwords and ``openlineage.jsonl`` lie in it.
    :param dags: the DAG folder; made if missing.
    :param port: of page and API; None takes a free one.
    :param users: who can log in; passwords are made for this server, see ``StandaloneAirflow.passwords``.
    :param environment: further variables for every process, for example ``PRIVACY_DATA``; they win over ours.
    :param parallelism: tasks at a time.
    """

    home: Path
    dags: Path
    users: tuple[User, ...]
    port: int | None = None
    environment: Mapping[str, str] = {}
    parallelism: int = 3


class StandaloneAirflow:
    """A running server; use it in a ``with`` statement, or call ``start`` and ``stop``.

    On leaving, at interpreter exit, on Ctrl-C and when this process is killed, all its processes end (see ``launcher``).
    """

    def __init__(self, settings: AirflowSettings) -> None:
        home = settings.home.resolve()
        self.settings = msgspec.structs.replace(settings, home=home, dags=settings.dags.resolve())
        self.passwords: dict[str, str] = {user.name: secrets.token_urlsafe(12) for user in settings.users}
        self.marker = secrets.token_hex(16)
        self.log = home / "standalone.log"
        self.lineage_log = home / "openlineage.jsonl"
        self.ports: tuple[int, ...] = ()
        self._launcher: subprocess.Popen[bytes] | None = None
        self._api: AirflowApi | None = None

    @property
    def url(self) -> str:
        """Where the page is, without a slash at the end."""
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def api(self) -> AirflowApi:
        """A client for all users of this server."""
        if self._api is None:
            raise BadInput("airflow-not-started", "The Airflow server was not started", do="Call start() first")
        return self._api

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self, timeout: float = 180) -> None:
        """Start and wait until scheduler and DAG processor are healthy.

        :raises StorageUnavailable: the server ended or was not healthy in ``timeout`` seconds; everything is stopped again.
        """
        if self._launcher is not None:
            raise BadInput("airflow-already-started", "This Airflow server is already running")
        self.settings.home.mkdir(parents=True, exist_ok=True)
        self.settings.dags.mkdir(parents=True, exist_ok=True)
        self.ports = _free_ports(self.settings.port)
        passwords = self.settings.home / "passwords.json"
        passwords.unlink(missing_ok=True)
        with os.fdopen(os.open(passwords, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(self.passwords, file)
        launch = [sys.executable, "-P", launcher.__file__, self.marker, str(GRACE)]
        atexit.register(self.stop)
        with self.log.open("ab") as log:
            self._launcher = subprocess.Popen(
                [*launch, sys.executable, "-m", "airflow", "standalone"],
                env=self.environment(),
                cwd=self.settings.home,
                stdin=subprocess.PIPE,  # its end is the launcher's sign to end everything
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._api = AirflowApi(self.url, self.passwords, log=self.log)
        try:
            self._wait_healthy(timeout)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process of the server; calling it again does nothing.

        :raises TerminalError: a process could not be ended.
        """
        atexit.unregister(self.stop)
        if self._launcher is None:
            return
        running, self._launcher = self._launcher, None
        if self._api is not None:
            self._api.close()
            self._api = None
        if running.stdin is not None:
            running.stdin.close()
        try:
            running.wait(GRACE + 15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        launcher.end_all(self.marker, running.pid, 0)  # does nothing unless the launcher itself was killed
        if left := self.processes():
            raise TerminalError("airflow-left-processes", f"{len(left)} processes of Airflow could not be ended", where=str(left))

    def processes(self) -> list[int]:
        """Ids of all live processes of this server, its launcher among them."""
        return [process.pid for process in launcher.belonging_to(self.marker)]

    def add_dag(self, source: Path | str, name: str | None = None, timeout: float = 60) -> list[str]:
        """Put a DAG file into the DAG folder and wait until it is parsed.

        :param source: a path to copy, or the text of the file.
        :param name: the file's name; needed for a text.
        :return: the ids of its DAGs.
        :raises BadInput: the file cannot be imported.
        :raises StorageUnavailable: no DAG of it is known in time.
        """
        if name is None:
            if isinstance(source, str):
                raise BadInput("dag-name-missing", "A DAG given as text needs a file name", do="Pass name=")
            name = source.name
        text = source.read_text() if isinstance(source, Path) else source
        begun = datetime.now(UTC)
        # Renamed into place, so that the DAG processor never reads half a file.
        partial = self.settings.dags / f".{name}.partial"
        partial.write_text(text)
        partial.replace(self.settings.dags / name)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if ids := [dag.dag_id for dag in self.api.dags() if dag.file == name and dag.parsed_at >= begun]:
                return ids
            self._raise_import_errors(name, begun)
            time.sleep(0.25)
        raise StorageUnavailable("dag-not-parsed", f"No DAG found in {timeout:g} s", where=name, do=f"See {self.log}")

    def wait_parsed(self, dag_ids: Iterable[str], timeout: float = 60) -> None:
        """Wait until DAGs that lie in the folder are known.

        :raises BadInput: a file of the folder cannot be imported.
        """
        wanted, deadline = set(dag_ids), time.monotonic() + timeout
        while missing := wanted - {dag.dag_id for dag in self.api.dags()}:
            self._raise_import_errors()
            if time.monotonic() > deadline:
                names = ", ".join(sorted(missing))
                raise StorageUnavailable("dag-not-parsed", f"{names} not found in {timeout:g} s", where=str(self.settings.dags))
            time.sleep(0.25)

    def _raise_import_errors(self, name: str | None = None, since: datetime | None = None) -> None:
        for error in self.api.import_errors():
            if (name is None or Path(error.file).name == name) and (since is None or error.at >= since):
                raise BadInput("dag-import-error", f"Airflow cannot import the DAG file: {error.last_line}", where=error.file)

    def _wait_healthy(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self.api.healthy():
            if self._launcher is None or self._launcher.poll() is not None:
                raise StorageUnavailable("airflow-ended", "Airflow ended while it was starting", do=f"See {self.log}")
            if time.monotonic() > deadline:
                raise StorageUnavailable("airflow-not-healthy", f"Not healthy in {timeout:g} s", do=f"See {self.log}")
            time.sleep(0.2)

    def environment(self) -> dict[str, str]:
        """All variables of the server's processes; holds its secrets."""
        home, settings = self.settings.home, self.settings
        page, worker_logs, trigger_logs = self.ports
        options: dict[str, dict[str, object]] = {
            "core": {
                "dags_folder": settings.dags,
                "executor": "LocalExecutor",
                "parallelism": settings.parallelism,
                "load_examples": False,
                "dags_are_paused_at_creation": False,
                "fernet_key": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                "plugins_folder": home / "plugins",
                "simple_auth_manager_users": ",".join(f"{user.name}:{user.role}" for user in settings.users),
                "simple_auth_manager_passwords_file": home / "passwords.json",
                "simple_auth_manager_all_admins": False,
            },
            "database": {"sql_alchemy_conn": f"sqlite:///{home / 'airflow.db'}", "load_default_connections": False},
            "logging": {
                "base_log_folder": home / "logs",
                "worker_log_server_port": worker_logs,
                "trigger_log_server_port": trigger_logs,
                "colored_console_log": False,
            },
            "api": {
                "host": "127.0.0.1",
                "port": page,
                "base_url": self.url,
                "workers": 1,
                "secret_key": secrets.token_hex(32),
            },
            "api_auth": {"jwt_secret": secrets.token_urlsafe(64)},
            # The scheduler sleeps this long when it found nothing to do; it is most of a short run's time.
            "scheduler": {"scheduler_idle_sleep_time": 0.2, "scheduler_heartbeat_sec": 1},
            "dag_processor": {
                "refresh_interval": 1,
                "bundle_refresh_check_interval": 1,
                "parsing_processes": 1,
                "min_file_process_interval": 300,  # a changed file is parsed at once all the same
                "dag_bundle_storage_path": home / "bundles",
                "print_stats_interval": 0,
            },
            "openlineage": {
                "transport": json.dumps({"type": "file", "log_file_path": str(self.lineage_log), "append": True}),
                "namespace": "airflow",
                # A forked child that emits keeps the task's process alive for seconds, and an answer given meanwhile is lost.
                "execute_in_thread": True,
            },
        }
        inherited = {key: value for key, value in os.environ.items() if not re.match(r"AIRFLOW_|OPENLINEAGE_|_AIRFLOW", key)}
        local = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1", "localhost"]))
        ours = {
            f"AIRFLOW__{section.upper()}__{key.upper()}": str(value)
            for section, pairs in options.items()
            for key, value in pairs.items()
        }
        return {
            **inherited,
            **ours,
            "AIRFLOW_HOME": str(home),
            # `standalone` starts its parts as the command `airflow`.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH")])),
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            "NO_PROXY": local,
            "no_proxy": local,
            launcher.MARKER: self.marker,
            "SPT_NOENV": "1",  # else Airflow's process titles overwrite the environment block that holds the marker
            **settings.environment,
        }


def _free_ports(page: int | None) -> tuple[int, int, int]:
    """The page's port and two more; all open at once, so that they differ."""
    with ExitStack() as stack:
        found = []
        for wanted in (page or 0, 0, 0):
            probe = stack.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                raise BadInput("port-in-use", f"Port {wanted} is in use", do="Choose another, or none") from None
            found.append(int(probe.getsockname()[1]))
        return found[0], found[1], found[2]
