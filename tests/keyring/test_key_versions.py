"""Rotation and destruction: which version masks, what stays readable, what never comes back."""

from __future__ import annotations

import json
import multiprocessing
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.keyring import destroy_scope, files, init_keys, list_keys, open_keyring, rotate_scope, scopes

SCOPE = "training/churn/ml-team"
OTHER = "training/churn/vendor"
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    init_keys(tmp_path / "home", scopes=[SCOPE, OTHER], now=lambda: AT)
    return tmp_path / "home"


def states(home: Path, scope: str = SCOPE) -> list[tuple[int, str]]:
    return [(key.version, key.state) for key in list_keys(home) if key.scope == scope]


def key_file(home: Path, version: int = 1) -> Path:
    return scopes.key_path(home / "keyring", SCOPE, version)


def test_the_newest_version_masks_and_the_old_one_stays(home: Path) -> None:
    before = open_keyring(home).scope_key(SCOPE)
    made = rotate_scope(home, SCOPE)
    keyring = open_keyring(home)
    assert (made.version, made.id) == (2, keyring.scope_key(SCOPE).id)
    assert keyring.scope_key(SCOPE).secret.reveal() != before.secret.reveal()
    assert keyring.scope_key(SCOPE, version=1).secret.reveal() == before.secret.reveal()
    assert keyring.technique_key(SCOPE, "hmac_token", version=1).hex() != keyring.technique_key(SCOPE, "hmac_token").hex()


def test_rotating_one_scope_leaves_the_others(home: Path) -> None:
    rotate_scope(home, SCOPE)
    assert (states(home, SCOPE), states(home, OTHER)) == ([(1, "kept"), (2, "current")], [(1, "current")])


def test_a_scope_without_a_key_is_not_rotated(home: Path) -> None:
    with pytest.raises(KeyUnavailable, match="scope-key-missing"):
        rotate_scope(home, "a/b/c")
    with pytest.raises(BadInput):
        rotate_scope(home, "a/b")


def test_a_root_that_cannot_read_the_old_key_makes_no_new_one(home: Path) -> None:
    (home / "keyring/root").write_bytes(b"x" * 32)
    with pytest.raises(KeyUnavailable, match="does not unwrap"):
        rotate_scope(home, SCOPE)
    assert states(home) == [(1, "current")]


def _rotate(home: Path) -> int:
    return rotate_scope(home, SCOPE).version


def test_rotations_at_once_each_make_their_own_version(home: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        made = pool.map(_rotate, [home] * 8, chunksize=1)
    assert sorted(made) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert open_keyring(home).scope_key(SCOPE).version == 9


def test_a_destroyed_version_is_gone_for_good(home: Path) -> None:
    rotate_scope(home, SCOPE)
    (gone,) = destroy_scope(home, SCOPE, 1)
    assert (gone.version, gone.state) == (1, "destroyed")
    with pytest.raises(KeyUnavailable, match=r"key-destroyed.*unreadable for good"):
        open_keyring(home).scope_key(SCOPE, version=1)
    assert open_keyring(home).scope_key(SCOPE).version == 2


def test_a_destroyed_newest_version_is_not_replaced_by_an_older_one(home: Path) -> None:
    rotate_scope(home, SCOPE)
    destroy_scope(home, SCOPE, 2)
    with pytest.raises(KeyUnavailable, match=r"key-destroyed.*version 2.*keys rotate"):
        open_keyring(home).scope_key(SCOPE)
    assert states(home) == [(1, "kept"), (2, "destroyed")]


def test_init_makes_no_key_where_one_was_destroyed(home: Path) -> None:
    destroy_scope(home, SCOPE)
    assert init_keys(home, scopes=[SCOPE]) == ()
    with pytest.raises(KeyUnavailable, match="key-destroyed"):
        open_keyring(home).technique_key(SCOPE, "hmac_token")


def test_rotation_after_destruction_goes_on_counting(home: Path) -> None:
    destroy_scope(home, SCOPE)
    assert rotate_scope(home, SCOPE).version == 2
    assert open_keyring(home).scope_key(SCOPE).version == 2


def test_all_versions_are_destroyed_at_once(home: Path) -> None:
    rotate_scope(home, SCOPE)
    assert [key.version for key in destroy_scope(home, SCOPE)] == [1, 2]
    assert [path for path in (home / "keyring/scopes").glob("*.json") if json.loads(path.read_bytes())["scope"] == SCOPE] == []
    assert states(home, OTHER) == [(1, "current")]


def test_the_wrapped_key_is_overwritten_before_it_is_deleted(home: Path, tmp_path: Path) -> None:
    same = tmp_path / "hard-link"
    same.hardlink_to(key_file(home))
    wrapped = json.loads(same.read_bytes())["wrapped"]
    destroy_scope(home, SCOPE, 1)
    assert not key_file(home).exists()
    assert wrapped.encode() not in same.read_bytes()


def test_nothing_of_the_wrapped_key_is_in_the_tombstone(home: Path) -> None:
    wrapped = json.loads(key_file(home).read_bytes())["wrapped"]
    destroy_scope(home, SCOPE, 1, now=lambda: AT)
    (grave,) = (home / "keyring/scopes").glob("*.destroyed")
    stored = json.loads(grave.read_bytes())
    assert set(stored) == {"schema", "id", "scope", "version", "created", "destroyed"}
    assert wrapped not in grave.read_text()
    assert stored["destroyed"] == "2026-03-04T05:06:07+00:00"


def test_an_interrupted_destruction_counts_and_is_finished_the_next_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(scopes, "erase", killed)
        destroy_scope(home, SCOPE, 1)
    assert key_file(home).exists()
    with pytest.raises(KeyUnavailable, match="key-destroyed"):
        open_keyring(home).scope_key(SCOPE)
    assert states(home) == [(1, "destroyed")]
    destroy_scope(home, SCOPE, 1)
    assert not key_file(home).exists()


def test_destroying_again_changes_nothing(home: Path) -> None:
    first = destroy_scope(home, SCOPE, now=lambda: AT)
    before = {path: path.read_bytes() for path in (home / "keyring/scopes").iterdir()}
    assert destroy_scope(home, SCOPE) == first
    assert {path: path.read_bytes() for path in (home / "keyring/scopes").iterdir()} == before


def test_destroying_needs_no_root(home: Path) -> None:
    (home / "keyring/root").unlink()
    assert [key.version for key in destroy_scope(home, SCOPE)] == [1]


@pytest.mark.parametrize(("scope", "version"), [(SCOPE, 2), ("a/b/c", None), ("a/b/c", 1)])
def test_a_version_that_never_was_is_not_destroyed(home: Path, scope: str, version: int | None) -> None:
    with pytest.raises(KeyUnavailable, match="scope-key-missing"):
        destroy_scope(home, scope, version)
    assert list((home / "keyring/scopes").glob("*.destroyed")) == []


def test_a_link_is_not_followed_when_destroying(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    key_file(home).rename(outside)
    key_file(home).symlink_to(outside)
    before = outside.read_bytes()
    with pytest.raises(KeyUnavailable, match="symbolic link"):
        destroy_scope(home, SCOPE)
    assert outside.read_bytes() == before


def test_the_list_tells_id_time_and_state_and_needs_no_root(home: Path) -> None:
    rotate_scope(home, SCOPE, now=lambda: AT)
    ids = [open_keyring(home).scope_key(SCOPE, version).id for version in (1, 2)]
    (home / "keyring/root").unlink()
    keys = [key for key in list_keys(home) if key.scope == SCOPE]
    assert [(key.version, key.id, key.state) for key in keys] == [(1, ids[0], "kept"), (2, ids[1], "current")]
    assert {key.created for key in keys} == {"2026-03-04T05:06:07+00:00"}


def test_a_file_of_another_scope_is_not_listed_under_a_false_name(home: Path) -> None:
    key_file(home).write_bytes(scopes.key_path(home / "keyring", OTHER, 1).read_bytes())
    with pytest.raises(KeyUnavailable, match="another scope"):
        list_keys(home)


def test_an_exposed_key_is_neither_listed_nor_destroyed(home: Path) -> None:
    key_file(home).chmod(0o644)
    for call in (lambda: list_keys(home), lambda: destroy_scope(home, SCOPE), lambda: rotate_scope(home, SCOPE)):
        with pytest.raises(KeyUnavailable, match="key-exposed"):
            call()
    assert key_file(home).exists()


def test_a_folder_that_cannot_be_written_is_a_key_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object, **named: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.secrets, "token_hex", full)
    for call in (lambda: rotate_scope(home, SCOPE), lambda: destroy_scope(home, SCOPE)):
        with pytest.raises(KeyUnavailable, match="keyring-not-writable"):
            call()
    assert os.path.lexists(key_file(home))


def test_no_keyring_has_no_list(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="keyring-missing"):
        list_keys(tmp_path)
