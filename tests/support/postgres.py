"""A PostgreSQL server for the tests: a cluster in a temporary folder, on a Unix socket and a loopback port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_privacy.core.io.sql import Databases

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")


@dataclass(frozen=True)
class PostgresServer:
    """A running server. ``initdb``'s superuser is ``owner``, and needs no password on this host."""

    folder: Path
    port: int

    def connect(self, **changes: Any) -> Any:
        import psycopg

        return psycopg.connect(host=str(self.folder), port=self.port, user="owner", dbname="postgres", **changes)

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Statements, each in a transaction of its own; the rows of the last."""
        rows: list[tuple[Any, ...]] = []
        with self.connect(autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
        return rows


@dataclass(frozen=True)
class ServerDatabase:
    """What the hook gives tasks, without Airflow."""

    server: PostgresServer
    dialect: str = "postgresql"

    def connect(self) -> Any:
        return self.server.connect()

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'


def databases_at(server: PostgresServer) -> Databases:
    """``sql://pg/…`` leads to this server."""
    return {"pg": ServerDatabase(server)}.__getitem__


def installed() -> Path | None:
    """Where PostgreSQL's programs are."""
    found = shutil.which("initdb")
    folders = sorted((path for place in _PLACES for path in Path("/").glob(place[1:])), key=lambda path: path.parts)
    return Path(found).parent if found else next((path for path in reversed(folders) if (path / "initdb").exists()), None)


@contextmanager
def running(programs: Path) -> Iterator[PostgresServer]:
    """Start a server; it refuses to run as root, so that another user has to."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has at most 107 bytes
    as_user = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres" if _has_user("postgres") else "nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["runuser", "-u", user.pw_name, "--"]
    data = folder / "data"
    port = _free_port()

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, cwd=folder, capture_output=True, text=True)

    try:
        run(
            str(programs / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"
        )
        options = f"-k {folder} -p {port} -h 127.0.0.1 -c fsync=off -c shared_buffers=64MB -c log_min_messages=fatal"
        run(str(programs / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield PostgresServer(folder, port)
        finally:
            run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_user(name: str) -> bool:
    return any(user.pw_name == name for user in pwd.getpwall())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
