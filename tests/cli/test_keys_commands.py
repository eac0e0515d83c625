"""``airflow-privacy keys``: what it makes, what it destroys and only when somebody said so, and one JSON document each."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from airflow_privacy.cli import main

SCOPE = "training/churn/ml-team"


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["keys", "init", "--home", str(tmp_path / "home"), "--scope", SCOPE]) == 0
    capsys.readouterr()
    return tmp_path / "home"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(home: Path, *arguments: str) -> int:
    return main(["keys", *arguments, "--home", str(home)])


def document(home: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> object:
    capsys.readouterr()
    assert run(home, *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def states(home: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[int, str]]:
    listed = document(home, capsys, "list")
    assert isinstance(listed, list)
    return [(key["version"], key["state"]) for key in listed]


def test_list_tells_scope_version_id_state_and_time(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (key,) = document(home, capsys, "list")  # type: ignore[misc]
    assert set(key) == {"scope", "version", "id", "state", "created"}
    assert (key["scope"], key["version"], key["state"]) == (SCOPE, 1, "current")
    assert run(home, "list") == 0
    assert key["id"] in capsys.readouterr().out


def test_rotate_makes_the_next_version_and_says_what_it_means(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = document(home, capsys, "rotate", "--scope", SCOPE)
    assert isinstance(made, dict)
    assert (made["version"], made["state"]) == (2, "current")
    assert states(home, capsys) == [(1, "kept"), (2, "current")]
    assert run(home, "rotate", "--scope", SCOPE) == 0
    assert "do not join" in capsys.readouterr().out


def test_rotation_and_destruction_are_in_the_ledger(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(home, "rotate", "--scope", SCOPE)
    run(home, "destroy", "--scope", SCOPE, "--version", "1", "--yes")
    capsys.readouterr()
    assert main(["ledger", "show", "--home", str(home), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [fact["kind"] for fact in facts] == ["key-rotated", "key-destroyed"]
    assert all(SCOPE in fact["reason"] for fact in facts)
    assert "linkable" in facts[1]["reason"]


def test_without_a_terminal_and_without_yes_nothing_is_destroyed(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SCOPE}\n"))
    assert run(home, "destroy", "--scope", SCOPE, "--all") == 2
    assert "--yes" in capsys.readouterr().err
    assert states(home, capsys) == [(1, "current")]


@pytest.mark.parametrize("answer", ["", "y\n", "yes\n", "training\n"])
def test_anything_but_the_scope_destroys_nothing(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert run(home, "destroy", "--scope", SCOPE, "--all") == 2
    assert states(home, capsys) == [(1, "current")]


def test_who_types_the_scope_destroys_it(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(f"{SCOPE}\n"))
    assert run(home, "destroy", "--scope", SCOPE, "--all") == 0
    said = capsys.readouterr()
    assert "unreadable for good" in said.err
    assert "HMAC tokens stay" in said.out
    assert states(home, capsys) == [(1, "destroyed")]


def test_one_version_is_destroyed_and_the_others_stay(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(home, "rotate", "--scope", SCOPE)
    gone = document(home, capsys, "destroy", "--scope", SCOPE, "--version", "1", "--yes")
    assert isinstance(gone, dict)
    assert [key["version"] for key in gone["destroyed"]] == [1]
    assert states(home, capsys) == [(1, "destroyed"), (2, "current")]


def test_init_does_not_bring_a_destroyed_key_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(home, "destroy", "--scope", SCOPE, "--all", "--yes")
    made = document(home, capsys, "init", "--scope", SCOPE)
    assert isinstance(made, dict)
    assert made["made"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("rotate", "--scope", "a/b/c"),
        ("rotate", "--scope", "a/b"),
        ("destroy", "--scope", SCOPE, "--version", "9", "--yes"),
        ("init", "--keyring", "vault://x"),
        ("rotate", "--scope", SCOPE, "--keyring", "connection://privacy_keyring"),
    ],
)
def test_what_cannot_be_done_exits_with_2_and_a_reason(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(home, *arguments) == 2
    said = capsys.readouterr()
    assert said.err.startswith("airflow-privacy: [")
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "arguments", [("destroy", "--scope", SCOPE), ("destroy", "--scope", SCOPE, "--all", "--version", "1"), ()]
)
def test_which_version_must_be_said(home: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(home, *arguments)


def test_keys_are_made_with_the_root_in_a_connection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = "ab" * 32
    monkeypatch.setenv("AIRFLOW_CONN_PRIVACY_KEYRING", json.dumps({"conn_type": "privacy_keyring", "password": root}))
    assert run(tmp_path, "init", "--scope", SCOPE, "--keyring", "connection://privacy_keyring") == 0
    assert run(tmp_path, "rotate", "--scope", SCOPE, "--keyring", "connection://privacy_keyring") == 0
    said = capsys.readouterr()
    assert root not in said.out + said.err
    assert not (tmp_path / "keyring/root").exists()
    assert run(tmp_path, "rotate", "--scope", SCOPE) == 2
    assert "[privacy] keyring" in capsys.readouterr().err
