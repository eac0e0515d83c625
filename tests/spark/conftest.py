"""One local Spark for all tests of the folder; it takes seconds to start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_privacy.core.spark.session import spark_session


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("no Java: Spark needs 17 or later")
    with spark_session("local[2]", options={"spark.driver.memory": "1g"}) as session:
        yield session
