from __future__ import annotations

from collections.abc import Iterator

import pytest
from airflow_answers import Answers, answering

from airflow_privacy.core.io.purge import airflow_api


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """A server that answers as Airflow does; requests are made again without a pause."""
    monkeypatch.setattr(airflow_api, "_AGAIN", (0.0, 0.0, 0.0))
    with answering(Answers()) as made:
        yield made
