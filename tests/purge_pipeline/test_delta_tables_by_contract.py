"""A Delta table through the pipeline: old versions may wait, and until they are gone nothing is certified."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from purge_case import CALLER, PurgeCase, purge_case

from airflow_privacy.core.pipeline.purge import plan_purge, run_purge, verify_purge

NOW = datetime.now(UTC).replace(microsecond=0)  # Delta writes its own times


@pytest.fixture
def case(tmp_path: Path) -> PurgeCase:
    deltalake = pytest.importorskip("deltalake")
    made = purge_case(tmp_path, {}, now=NOW)
    days = [date(2020, 1, 1), date(2020, 1, 2), NOW.date(), None]
    rows = pl.DataFrame({"mail": ["old-canary-1", "old-canary-2", "young", "unknown"], "day": pl.Series(days, dtype=pl.Date)})
    deltalake.write_deltalake(str(tmp_path / "table"), rows.to_arrow())
    made.contract.write_text(made.contract.read_text().replace(f"path: {made.place}", f"location: delta+file://{tmp_path}/table"))
    return made


def holding(folder: Path, value: bytes = b"old-canary") -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and value in path.read_bytes()]


def test_expired_rows_go_with_every_file_that_holds_them(case: PurgeCase, tmp_path: Path) -> None:
    plan = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0).ref
    assert (plan.counts["expired"], plan.counts["unknown"]) == (2, 1)
    done = run_purge(case.workspace, CALLER, plan=plan)
    assert done.ref is not None
    assert holding(tmp_path / "table") == []
    verify_purge(case.workspace, CALLER, certificate=done.ref)


def test_old_versions_wait_as_the_contract_says_and_the_certificate_with_them(case: PurgeCase, tmp_path: Path) -> None:
    case.contract.write_text(case.contract.read_text() + "  - {property: privacy.versionDays, value: 3}\n")
    plan = plan_purge(case.workspace, CALLER, contract=case.contract, max_share=1.0).ref
    waiting = run_purge(case.workspace, CALLER, plan=plan)
    assert waiting.ref is None and waiting.waiting_until is not None
    assert timedelta(days=2, hours=23) < waiting.waiting_until - NOW < timedelta(days=3, hours=1)
    assert holding(tmp_path / "table") != []
    done = run_purge(case.at(waiting.waiting_until + timedelta(hours=1)).workspace, CALLER, plan=plan)
    assert done.ref is not None
    assert holding(tmp_path / "table") == []
    assert case.kinds() == ["planned", "started", "purged", "certified"]
