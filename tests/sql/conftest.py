"""One PostgreSQL server for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import PostgresServer, installed, running
from sql_case import SCHEMAS


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A server of its own, with nothing in it."""
    programs = installed()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    pytest.importorskip("psycopg")
    with running(programs) as server:
        yield server


@pytest.fixture
def pg(server: PostgresServer) -> PostgresServer:
    """The server, with empty schemas ``raw``, ``staging`` and ``training``."""
    server.run(*(f"DROP SCHEMA IF EXISTS {name} CASCADE" for name in SCHEMAS), *(f"CREATE SCHEMA {name}" for name in SCHEMAS))
    return server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
