"""What goes wrong with a table is said without a value of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from lake_disk import holds, one_of, silent
from lake_tables import append_delta, append_iceberg

from airflow_privacy.core.errors import BadInput, PrivacyError
from airflow_privacy.core.io.purge.lakehouse import lakehouse_target
from airflow_privacy.core.io.purge.target import Pace, Rule
from airflow_privacy.core.model.purge import Step

pytest.importorskip("deltalake")
pytest.importorskip("pyiceberg")
CANARY = "canary-7341"
FRAME = pl.DataFrame({"name": [CANARY, "b"], "part": [f"{CANARY}/p", "q"]})


@pytest.fixture(params=["delta", "iceberg"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    root = tmp_path / "t"
    if request.param == "delta":
        append_delta(root, FRAME)
    else:
        append_iceberg(root, FRAME, partition_by=("part",))
    return f"{request.param}+file://{root}"


def root_of(uri: str) -> Path:
    return Path(uri.partition("://")[2])


def now() -> datetime:
    return datetime.now(UTC)


def told(error: BaseException) -> str:
    causes = [error, error.__cause__, error.__context__ if not error.__suppress_context__ else None]
    return " ".join(repr(one) + str(one) for one in causes if one is not None)


def test_a_torn_file_of_the_current_version_is_reported_without_its_name_or_values(uri: str) -> None:
    for path in root_of(uri).rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-9] + CANARY.encode())
    with pytest.raises(PrivacyError) as caught:
        lakehouse_target(uri, rule=one_of("name", CANARY), now=now).find()
    assert CANARY not in told(caught.value)


def test_a_missing_file_of_the_current_version_may_be_there_later(uri: str) -> None:
    for path in root_of(uri).rglob("*.parquet"):
        path.unlink()
    with pytest.raises(PrivacyError, match="storage-failed") as caught:
        lakehouse_target(uri, rule=one_of("name", CANARY), now=now).find()
    assert CANARY not in told(caught.value)


def test_plan_look_and_target_show_no_value(uri: str) -> None:
    target = lakehouse_target(uri, rule=one_of("name", CANARY), now=now)
    found = target.find()
    target.remove(found.step, (), pace=Pace(rows_per_second=1_000), progress=silent)
    looked = target.look_again(found.step, ())
    assert CANARY not in repr((target, found, looked, target._look()))
    assert holds(root_of(uri), CANARY) == []


def test_a_place_that_is_no_table_and_a_rule_for_things_are_refused(tmp_path: Path, uri: str) -> None:
    with pytest.raises(BadInput, match="missing-table"):
        lakehouse_target(uri + "-none", rule=one_of("name", "x"), now=now).find()
    with pytest.raises(BadInput, match="no-columns"):
        lakehouse_target(uri, rule=Rule(judge_thing=lambda _: "expired"), now=now)
    with pytest.raises(BadInput, match="bad-wait"):
        lakehouse_target(uri, rule=one_of("name", "x"), now=now, wait=timedelta(days=-1))


def test_rows_of_a_pace_are_spread_over_time(uri: str) -> None:
    target = lakehouse_target(uri, rule=one_of("name", CANARY, "b"), now=now)
    step: Step = target.find().step
    begun = now()
    target.remove(step, (), pace=Pace(rows_per_second=4), progress=silent)
    assert now() - begun >= timedelta(seconds=0.5)
