"""The PostgreSQL server with an empty schema ``shop``."""

from __future__ import annotations

import pytest
from postgres import PostgresServer
from purge_sql_case import SCHEMA


@pytest.fixture
def pg(server: PostgresServer) -> PostgresServer:
    """The server, with nothing in ``shop``."""
    server.run(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE", f"CREATE SCHEMA {SCHEMA}")
    return server
