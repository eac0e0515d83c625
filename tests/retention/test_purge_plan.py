"""What was found becomes a plan: canonical, explained, and without a name that is data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.contract import Contract, Retention
from airflow_privacy.core.model.purge import Kept, Looked, PurgePlan, Step
from airflow_privacy.core.retention.certificate import BACKUPS, HELD, LINKAGE, REPLICAS, UNSEEN, certify, not_covered
from airflow_privacy.core.retention.plan import as_of, explain, retention_plan, share_of, step_of

NOW = datetime(2024, 6, 15, 23, 59, tzinfo=UTC)
AGREED = Contract(id="visits", name="visits", version="1", status="active", retention=Retention(days=30), lawful_basis="consent")


def step(uri: str = "/data/visits", **given: object) -> Step:
    asked: dict[str, object] = {
        "method": "delete-files",
        "unit": "files",
        "dataset": "visits",
        "counts": {"expired": 2, "young": 8},
    }
    return Step(uri=uri, **{**asked, **given})  # type: ignore[arg-type]


def plan(*steps: Step, max_share: float = 0.3) -> PurgePlan:
    things = [(one, sum(one.counts.values())) for one in steps]
    return retention_plan(AGREED, "sha256:" + "0" * 64, things, moment=as_of(NOW), holds=["b", "a"], max_share=max_share)


def test_ages_are_counted_to_the_beginning_of_the_day_in_utc() -> None:
    assert as_of(NOW) == datetime(2024, 6, 15, tzinfo=UTC)
    assert as_of(datetime(2024, 6, 16, 1, tzinfo=timezone(timedelta(hours=2)))) == datetime(2024, 6, 15, tzinfo=UTC)
    with pytest.raises(BadInput, match="naive-time"):
        as_of(datetime(2024, 6, 15))


def test_places_stay_in_the_order_in_which_they_go() -> None:
    assert [one.uri for one in plan(step("/b"), step("/a")).steps] == ["/b", "/a"]


def test_the_largest_share_of_any_place_counts() -> None:
    found = plan(step("/a"), step("/b", counts={"expired": 1, "young": 1}))
    assert (found.share, found.needs_approval) == (0.5, True)


@pytest.mark.parametrize(("expired", "things", "share"), [(0, 0, 0.0), (3, 0, 1.0), (1, 4, 0.25), (9, 4, 1.0)])
def test_the_share_of_a_place(expired: int, things: int, share: float) -> None:
    assert share_of(step(counts={"expired": expired}), things) == share


@pytest.mark.parametrize("max_share", [-0.1, 1.1])
def test_a_share_lies_between_0_and_1(max_share: float) -> None:
    with pytest.raises(BadInput):
        plan(step(), max_share=max_share)


def test_holds_that_do_not_add_up_to_what_was_found_are_named_together() -> None:
    found = step(counts={"held": 5})
    made = step_of(found, dataset="d", reason="r", listing="", kept=(), held={"b": 2, "a": 2})
    assert made.kept == (Kept(why="legal-hold", count=5, by="a, b"),)


def test_a_store_that_asks_twice_counts_nothing_twice() -> None:
    made = step_of(step(counts={"held": 5}), dataset="d", reason="r", listing="", kept=(), held={"b": 4, "a": 6})
    assert made.kept == (Kept(why="legal-hold", count=3, by="a"), Kept(why="legal-hold", count=2, by="b"))


def test_the_explanation_has_place_what_how_many_share_oldest_and_why() -> None:
    kept = (Kept(why="object-lock", count=3, until="2025-01-01T00:00:00+00:00"),)
    counts = {"expired": 4, "young": 5, "unknown": 1, "future": 2}
    text = explain(plan(step(counts=counts, kept=kept, oldest_days=77, bytes=2048, not_covered=("Backups.",))), "sha256:x")
    for words in (
        "/data/visits",
        "files (delete-files)",
        "33.3%",
        "77 d",
        "2 KiB",
        "3 kept: object lock until 2025",
        "1 kept: without a readable anchor",
        "2 kept: dated in the future",
        "not covered: Backups.",
        "somebody must approve it",
    ):
        assert words in text


def test_a_plan_with_nothing_to_do_says_so() -> None:
    assert "Nothing is to go." in explain(plan(step(counts={"young": 1})), "sha256:x")


def test_a_certificate_says_what_it_does_not_cover() -> None:
    looked = Looked(uri="/a", method="delete-files", looked=1, left=0, gone=1, kept=(Kept(why="legal-hold", count=1),))
    assert not_covered(plan(step()), ()) == (BACKUPS, REPLICAS)
    assert HELD in not_covered(plan(step()), (looked,))
    assert HELD in not_covered(plan(step(counts={"held": 1})), ())
    assert UNSEEN in not_covered(plan(step(counts={"unknown": 1})), ())
    assert LINKAGE in not_covered(plan(step(method="destroy-keys", unit="keys")), ())
    assert "Old backups." in not_covered(plan(step(not_covered=("Old backups.",))), ())


def test_a_certificate_is_a_function_of_what_it_is_made_of_and_asks_to_look_again_in_thirty_days() -> None:
    made = [certify(plan(step()), "sha256:p", (), at=NOW, fact=3, checkpoint="note") for _ in range(2)]
    assert digest_of(made[0]) == digest_of(made[1])
    assert made[0].look_again == "2024-07-15T23:59:00+00:00"
