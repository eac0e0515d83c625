"""The PostgreSQL server with empty schemas, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from postgres import PostgresServer
from sql_case import SCHEMAS


@pytest.fixture
def pg(server: PostgresServer) -> PostgresServer:
    """The server, with empty schemas ``raw``, ``staging`` and ``training``."""
    server.run(*(f"DROP SCHEMA IF EXISTS {name} CASCADE" for name in SCHEMAS), *(f"CREATE SCHEMA {name}" for name in SCHEMAS))
    return server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
