"""A request's clock, what it is read from, and that its values show nowhere."""

from __future__ import annotations

import calendar
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from erase_case import CALLER, NOW, EraseCase, erase_case
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput, CheckFailed, KeyUnavailable
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.pipeline.erase import extend_erasure, request_erasure
from airflow_privacy.core.pipeline.erase_files import REQUEST, read
from airflow_privacy.core.pipeline.erase_status import status_of
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.retention.erasure.request import ErasureRequest, deadline_of, read_asked
from airflow_privacy.core.retention.erasure.review import Candidate, Review, as_csv, decided, merged, read_csv

DAYS = [
    ("2024-01-31", 1, "2024-02-29"),
    ("2023-01-31", 1, "2023-02-28"),
    ("2024-03-05", 1, "2024-04-05"),
    ("2024-08-31", 1, "2024-09-30"),
    ("2024-12-31", 1, "2025-01-31"),
    ("2024-12-15", 1, "2025-01-15"),
    ("2024-11-30", 3, "2025-02-28"),
    ("2023-11-30", 3, "2024-02-29"),
]


@pytest.mark.parametrize(("received", "months", "last"), DAYS)
def test_a_month_ends_on_the_day_of_the_same_number_or_on_the_last_one(received: str, months: int, last: str) -> None:
    found = deadline_of(datetime.fromisoformat(received).replace(hour=17, tzinfo=UTC), months=months)
    assert found == datetime.fromisoformat(f"{last}T23:59:59+00:00")


def test_the_day_of_receipt_is_the_day_in_utc() -> None:
    assert deadline_of(datetime.fromisoformat("2024-05-01T00:30:00+02:00")).date().isoformat() == "2024-05-30"


def test_a_receipt_without_a_zone_is_refused() -> None:
    with pytest.raises(BadInput, match="naive-time"):
        deadline_of(datetime(2024, 1, 1))


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1)), st.sampled_from([1, 3]))
def test_a_deadline_lies_in_the_month_that_many_months_later_and_never_beyond_its_days(moment: datetime, months: int) -> None:
    found = deadline_of(moment.replace(tzinfo=UTC), months=months)
    assert (found.year * 12 + found.month) - (moment.year * 12 + moment.month) == months
    assert found.day == min(moment.day, calendar.monthrange(found.year, found.month)[1])


@pytest.fixture
def case(tmp_path: Path) -> EraseCase:
    return erase_case(tmp_path)


def test_a_request_lies_in_one_private_file_and_its_values_in_no_repr(case: EraseCase) -> None:
    request = case.request({"email": "zq.canary.4711@quaxolotl.example"})
    path = case.workspace.home / "requests" / f"{request}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    found = read(case.workspace.home, request, REQUEST, ErasureRequest)
    assert found is not None and found.asked.identifiers == {"email": ("zq.canary.4711@quaxolotl.example",)}
    assert "quaxolotl" not in repr(found) + repr(found.asked)
    assert case.kinds() == ["erasure-requested"]


def test_a_request_counts_from_when_it_came(case: EraseCase) -> None:
    data = json.dumps({"identifiers": {"id": [7]}}).encode()
    made = request_erasure(case.workspace, CALLER, data=data, received_at=NOW - timedelta(days=40))
    assert made.deadline == "2024-06-06T23:59:59+00:00"
    (status,) = status_of(case.workspace)
    assert (status.state, status.days_left, status.overdue, status.in_clear) == ("requested", -9, True, True)


def test_a_request_from_the_future_is_refused_and_leaves_no_file(case: EraseCase) -> None:
    with pytest.raises(BadInput, match="future"):
        request_erasure(case.workspace, CALLER, data=b'{"identifiers": {"id": "7"}}', received_at=NOW + timedelta(days=1))
    assert not (case.workspace.home / "requests").exists()


def test_an_extension_is_three_months_from_receipt_and_only_within_the_first(case: EraseCase) -> None:
    request = case.request({"id": "7"})
    assert extend_erasure(case.workspace, CALLER, request=request).deadline == "2024-09-15T23:59:59+00:00"
    assert status_of(case.workspace)[0].deadline == "2024-09-15T23:59:59+00:00"
    with pytest.raises(CheckFailed, match="too-late"):
        extend_erasure(case.at(NOW + timedelta(days=40)).workspace, CALLER, request=request)


def test_a_home_without_the_key_scope_takes_no_request_in(tmp_path: Path) -> None:
    init_keys(tmp_path / "privacy", scopes=())
    workspace = Workspace(home=tmp_path / "privacy", artifacts=ArtifactStore(tmp_path / "artifacts"))
    with pytest.raises(KeyUnavailable, match="erasure"):
        request_erasure(workspace, CALLER, data=b'{"identifiers": {"id": "7"}}')
    assert not (tmp_path / "privacy" / "requests").exists()


BAD = [b"", b"Quaxolotl", b"[]", b'{"identifiers": {}}', b'{"identifiers": {"mail": []}}', b'{"identifiers": {"mail": "  "}}']
BAD += [b'{"identifiers": {"mail": ["Quaxolotl", {"a": 1}]}}', b'{"identifiers": {"mail": "a"}, "Quaxolotl": 1}', b'{"ident\xff']


@pytest.mark.parametrize("data", BAD)
def test_what_is_no_request_is_refused_without_its_values(data: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        read_asked(data)
    assert "Quaxolotl" not in f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"


def candidate(identity: str, probability: float = 1.0) -> Candidate:
    return Candidate(contract="c", place="p", identity=identity, rows=1, why="same", probability=probability)


def test_decisions_are_kept_when_somebody_looks_again_and_new_candidates_are_open() -> None:
    before = decided(merged("r", [candidate("k:1"), candidate("k:2", 0.5)], None), person=[1], other=[2], by="olivia")
    after = merged("r", [candidate("k:3", 0.7), candidate("k:2", 0.6), candidate("k:1")], before)
    assert [(one.identity, one.decision) for one in after.candidates] == [("k:1", "person"), ("k:3", ""), ("k:2", "other")]
    assert after.open == 1


def test_somebody_who_was_confirmed_stays_though_a_cut_run_has_deleted_the_rows() -> None:
    before = decided(merged("r", [candidate("k:1"), candidate("k:2")], None), person=[1], other=[2], by="olivia")
    assert merged("r", [], before).confirmed("c", "p") == ("k:1",)


@pytest.mark.parametrize(("person", "other"), [([3], []), ([0], []), ([1], [1])])
def test_a_candidate_that_is_not_there_or_both_is_refused(person: list[int], other: list[int]) -> None:
    with pytest.raises(BadInput):
        decided(merged("r", [candidate("k:1"), candidate("k:2")], None), person=person, other=other, by="olivia")


def test_the_filled_in_file_is_read_back(case: EraseCase) -> None:
    review = merged("r", [candidate('k:a,"b"\n'), candidate("k:2", 0.5)], None)
    assert read_csv(as_csv(review)) == ((), ())
    assert read_csv(as_csv(decided(review, person=[1], other=[2], by="x"))) == ((1,), (2,))


@pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"number,is_person\n1,perhaps\n", b"number,is_person\nx,yes\n", b"\xff"])
def test_a_file_that_is_no_review_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="bad-review"):
        read_csv(data)


def test_a_review_shows_no_value_in_its_repr() -> None:
    review = Review(request="r", candidates=(candidate("k:Quaxolotl"),))
    assert "Quaxolotl" not in repr(review) + repr(review.candidates)
