"""Whatever lies in a folder: nothing younger than its period, on hold, or without a readable anchor is ever in a plan."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from purge_case import CALLER, NOW, PurgeCase, purge_case, write_file

from airflow_privacy.core.model.purge import Listing, PurgePlan
from airflow_privacy.core.pipeline.holds import place_hold
from airflow_privacy.core.pipeline.purge import plan_purge

TODAY = NOW.replace(hour=0, minute=0)
PERIOD = timedelta(days=30)
HELD = "2024-01-02"

days = st.dates(date(2023, 6, 1), date(2025, 1, 1)).map(str)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
odd = st.sampled_from(["__HIVE_DEFAULT_PARTITION__", "2024", "2024-05", "2024-02-30", "2024-05-01T12", "20240101", HELD])
files = st.lists(
    st.tuples(st.one_of(days, odd, texts), st.integers(-5, 400)), min_size=1, max_size=6, unique_by=lambda one: one[0]
)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> PurgeCase:
    made = purge_case(tmp_path_factory.mktemp("property"), {})
    place_hold(made.workspace, CALLER, dataset="visits", owner="olivia", because="a case", partition=f"day={HELD}")
    return made


def planned_of(case: PurgeCase, folder: Path, contract: Path) -> set[str]:
    ref = plan_purge(case.workspace, CALLER, contract=contract, places=(str(folder),)).ref
    store = case.workspace.artifacts
    (step,) = store.get(PurgePlan, ref).steps
    return {item.name for item in store.find(Listing, step.listing).items} if step.listing else set()


def last_moment_of(value: str) -> datetime | None:
    """The end of what an anchor names, found in another way than the code does; None where this test knows of none."""
    for layout, least in (("%Y-%m-%d", 10), ("%Y-%m-%dT%H", 13), ("%Y-%m", 7), ("%Y", 4)):
        try:
            begin = datetime.strptime(value, layout).replace(tzinfo=UTC)
        except ValueError:
            continue
        if len(value) != least or not value.isascii():
            continue
        longest = {10: 1, 13: 1 / 24, 7: 28, 4: 365}[least]
        return begin + timedelta(days=longest)
    return None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_files=files)
def test_no_partition_is_planned_that_is_young_held_or_unknown(case: PurgeCase, given_files: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for number, (value, age) in enumerate(given_files):
            folder = value if value.startswith("__HIVE") else quote(value, safe=" ")
            write_file(Path(name) / f"day={folder}" / f"part-{number}.csv", age=age)
        planned = planned_of(case, Path(name), case.contract)
        for number, (value, _) in enumerate(given_files):
            if any(found.endswith(f"part-{number}.csv") for found in planned):
                end = last_moment_of(value)
                assert end is not None and end + PERIOD <= TODAY
                assert value != HELD


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ages=st.lists(st.integers(-10, 90), min_size=1, max_size=8))
def test_no_file_is_planned_that_was_written_within_the_period(case: PurgeCase, ages: list[int]) -> None:
    contract = case.contract.with_name("age.yaml")
    text = case.contract.read_text().replace(", element: day", "").replace("id: visits", "id: others")
    contract.write_text(text)
    with tempfile.TemporaryDirectory() as name:
        for number, age in enumerate(ages):
            write_file(Path(name) / f"{number}.csv", age=age)
        planned = planned_of(case, Path(name), contract)
    # Written at half past nine: on the day that the period ends it is still younger than that.
    assert planned == {f"{number}.csv" for number, age in enumerate(ages) if age > PERIOD.days}
