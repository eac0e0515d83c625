"""One local Spark for all tests of the folder; it takes seconds to start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.spark.session import spark_session

_LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {log}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %p %c: %m%n%ex
"""


@pytest.fixture(scope="session")
def spark_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Spark logs, executors' exceptions included."""
    return tmp_path_factory.mktemp("log") / "spark.log"


@pytest.fixture(scope="session")
def spark(spark_log: Path) -> Iterator[Any]:
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("no Java: Spark needs 17 or later")
    settings = spark_log.with_suffix(".properties")
    settings.write_text(_LOGGING.format(log=spark_log))
    options = {"spark.driver.memory": "1g", "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={settings.as_uri()}"}
    with spark_session("local[2]", options=options) as session:
        yield session


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("spark") / "privacy"
    init_keys(folder, scopes=("training/churn/ml",))
    return folder


@pytest.fixture
def workspace(home) -> Workspace:
    return Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"))
