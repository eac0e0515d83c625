"""Keys as a target: destroyed for good, and what they encrypted with them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from people import SCOPE, write_case
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.io.purge.target import Found, Pace, Rule, Target, Thing
from airflow_privacy.core.keyring import destroy_scope, init_keys, list_keys, rotate_scope
from airflow_privacy.core.keyring.scopes import key_path, tombstone_path
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.model.purge import Disposition
from airflow_privacy.core.pipeline import proof
from airflow_privacy.core.pipeline.keys_target import keys_target
from airflow_privacy.core.pipeline.places import open_dataset
from airflow_privacy.core.pipeline.workspace import Workspace

OTHER = "training/fraud/ml-team"


def nothing(done: int, of: int) -> None:
    del done, of


def purge(target: Target) -> Found:
    found = target.find()
    assert found.listing is not None
    target.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_in(tmp_path)
    init_keys(made.home, scopes=(OTHER,))
    rotate_scope(made.home, SCOPE)
    return made


def states(workspace: Workspace) -> dict[tuple[str, int], str]:
    return {(key.scope, key.version): key.state for key in list_keys(workspace.home)}


def test_every_version_of_the_scopes_key_goes_and_no_other(workspace: Workspace) -> None:
    found = purge(keys_target(workspace, CALLER, scope=SCOPE))
    assert (found.step.method, found.step.unit, found.step.counts) == ("destroy-keys", "keys", {"expired": 2})
    assert states(workspace) == {(SCOPE, 1): "destroyed", (SCOPE, 2): "destroyed", (OTHER, 1): "current"}


def test_only_the_versions_that_are_named_go(workspace: Workspace) -> None:
    found = purge(keys_target(workspace, CALLER, scope=SCOPE, versions=(1,)))
    assert found.step.counts == {"expired": 1, "young": 1}
    assert states(workspace)[SCOPE, 2] == "current"


def made_on(home: Path, *days: date) -> None:
    """One version of the other scope's key a day, the first of them made with the fixture."""
    for day in days:
        rotate_scope(home, OTHER, now=lambda day=day: datetime(day.year, day.month, day.day, tzinfo=UTC))


def gone_before(limit: date) -> Rule:
    def judge(thing: Thing) -> Disposition:
        if thing.modified is None:
            return "unknown"
        return "expired" if thing.modified.date() < limit else "young"

    return Rule(judge_thing=judge)


def test_by_age_a_key_goes_when_the_one_after_it_has_been_in_use_for_so_long(workspace: Workspace) -> None:
    made_on(workspace.home, date(2026, 1, 1), date(2026, 3, 1))
    found = purge(keys_target(workspace, CALLER, scope=OTHER, rule=gone_before(date(2026, 2, 1))))
    assert found.step.counts == {"expired": 1, "young": 2}
    assert [states(workspace)[OTHER, version] for version in (1, 2, 3)] == ["destroyed", "kept", "current"]


def test_by_age_the_key_in_use_never_goes(workspace: Workspace) -> None:
    found = purge(keys_target(workspace, CALLER, scope=SCOPE, rule=gone_before(date.max)))
    assert found.step.counts == {"expired": 1, "young": 1}
    assert states(workspace)[SCOPE, 2] == "current"


def test_what_is_held_since_it_was_found_is_not_destroyed(workspace: Workspace) -> None:
    found = keys_target(workspace, CALLER, scope=SCOPE, rule=gone_before(date.max)).find()
    assert found.listing is not None
    held = keys_target(workspace, CALLER, scope=SCOPE, rule=Rule(judge_thing=lambda _: "held"))
    held.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)
    assert states(workspace)[SCOPE, 1] == "kept"


def test_looking_again_sees_keys_that_are_there_and_keys_that_are_gone(workspace: Workspace) -> None:
    target = keys_target(workspace, CALLER, scope=SCOPE)
    found = target.find()
    assert found.listing is not None
    assert target.look_again(found.step, found.listing.items).left == 2
    purge(target)
    looked = target.look_again(found.step, found.listing.items)
    assert (looked.looked, looked.left, looked.gone) == (2, 0, 2)


def test_an_interrupted_destruction_counts_as_left_and_is_finished(workspace: Workspace) -> None:
    folder = workspace.home / "keyring"
    wrapped = key_path(folder, SCOPE, 1).read_bytes()
    target = keys_target(workspace, CALLER, scope=SCOPE, versions=(1,))
    found = purge(target)
    assert found.listing is not None
    key_path(folder, SCOPE, 1).write_bytes(wrapped)
    key_path(folder, SCOPE, 1).chmod(0o600)
    assert tombstone_path(folder, SCOPE, 1).exists()
    assert target.look_again(found.step, found.listing.items).left == 1
    assert target.find().step.counts["expired"] == 1
    purge(target)
    assert target.look_again(found.step, found.listing.items).left == 0


def test_destroying_twice_is_one_fact_a_key(workspace: Workspace) -> None:
    target = keys_target(workspace, CALLER, scope=SCOPE)
    found = purge(target)
    assert found.listing is not None
    target.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)
    assert [fact.kind for _, fact in proof.facts_of(workspace)] == ["key-destroyed"] * 2
    assert target.find().step.counts == {"expired": 0}


def test_a_destruction_that_was_killed_before_its_fact_is_recorded_afterwards(workspace: Workspace) -> None:
    target = keys_target(workspace, CALLER, scope=SCOPE)
    found = target.find()
    assert found.listing is not None
    destroy_scope(workspace.home, SCOPE)
    target.remove(found.step, found.listing.items, pace=Pace(), progress=nothing)
    assert [fact.kind for _, fact in proof.facts_of(workspace)] == ["key-destroyed"] * 2


def test_the_step_says_that_hmac_tokens_can_still_be_linked(workspace: Workspace) -> None:
    said = " ".join(keys_target(workspace, CALLER, scope=SCOPE).find().step.not_covered)
    assert "HMAC tokens" in said
    assert "linked" in said


def test_a_scope_that_never_had_a_key_is_refused(workspace: Workspace) -> None:
    with pytest.raises(BadInput, match="nothing-there"):
        keys_target(workspace, CALLER, scope="training/x/y").find()


def test_encrypted_files_of_the_scope_cannot_be_read_afterwards(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    text = case.policy.read_text()
    for name in ("staging", "training"):
        text = text.replace(f"name: {name}, base", f"name: {name}, encryption: keyring, base")
    case.policy.write_text(text)
    steps = Steps(workspace=workspace_in(tmp_path), case=case)
    steps.prepare().answer()
    published = steps.workspace.artifacts.get(Dataset, steps.transfer().outcome.ref)
    assert pl.concat(open_dataset(steps.workspace, published).slabs()).height == published.rows
    purge(keys_target(steps.workspace, CALLER, scope=SCOPE))
    for dataset in (published, steps.workspace.artifacts.get(Dataset, steps.refs["dataset"])):
        with pytest.raises(KeyUnavailable, match="key-destroyed"):
            list(open_dataset(steps.workspace, dataset).slabs())
    for path in case.data.glob("t*/**/*.parquet"):
        with pytest.raises((pl.exceptions.PolarsError, OSError)):
            pl.read_parquet(path)
