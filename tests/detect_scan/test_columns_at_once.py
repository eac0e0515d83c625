"""Columns of a slab are counted by several threads."""

from __future__ import annotations

import threading
from pathlib import Path

import polars as pl
import pytest

from airflow_privacy.core.detect import scan
from airflow_privacy.core.detect.scan import detect_columns
from airflow_privacy.core.detect.tally import Tally
from airflow_privacy.core.io.source import open_source
from airflow_privacy.demo.customers import customers


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "customers.parquet"
    customers(1_500).write_parquet(path)
    return path


def test_findings_do_not_depend_on_the_number_of_threads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for at_once in (1, 4):
        monkeypatch.setattr(scan, "_AT_ONCE", at_once)
        found.append(detect_columns(open_source(str(path)), table=None, contract_digest=None, slab_rows=400))
    assert found[0] == found[1]


def test_threads_are_gone_after_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Tally, values: pl.Series) -> None:
        raise RuntimeError(self.name)

    monkeypatch.setattr(Tally, "add", fail)
    with pytest.raises(RuntimeError):
        detect_columns(open_source(str(path)), table=None, contract_digest=None)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("detect")] == []
