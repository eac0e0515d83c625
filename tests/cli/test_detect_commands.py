"""``detect`` and ``detect-text``: what they print, what they never print, and how they exit."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from findings_builders import column, findings
from own_recognizers import ENDLESS, SLOW, write_recognizers
from people import Case, write_case

from airflow_privacy.cli import detect as verbs
from airflow_privacy.cli import main
from airflow_privacy.core.detect.text.union import ENTITIES
from airflow_privacy.core.pipeline import recognizers as own
from airflow_privacy.core.pipeline import texts

CANARY = "zq.canary.4711@quaxolotl.example"
CARD = "4111 1111 1111 1111"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return write_case(tmp_path)


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "privacy"
    assert main(["keys", "init", "--home", str(path)]) == 0
    capsys.readouterr()
    return path


def run(home: Path, *arguments: object) -> int:
    return main([*(str(argument) for argument in arguments), "--home", str(home)])


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_detect_says_for_each_column_what_was_read(home: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "detect", case.raw) == 0
    assert "email                EMAIL_ADDRESS" in (said := capsys.readouterr().out)
    assert "all 600 rows read, 600 values match" in said


def test_a_sample_says_what_it_may_have_missed(home: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "detect", case.raw, "--sample-rows", 300) == 0
    said = capsys.readouterr().out
    assert "300 of 600 rows read" in said
    assert "0 of 300 seen: below 1 %" in said


def test_reasons_are_printed_where_they_are_asked_for(home: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "detect", case.raw) == 0
    assert "look like EMAIL_ADDRESS" not in capsys.readouterr().out
    assert run(home, "detect", case.raw, "--why") == 0
    assert "600 of 600 values (100 %) look like EMAIL_ADDRESS." in capsys.readouterr().out


def test_drift_that_fails_exits_with_1_and_an_override_prints_it(
    home: Path, case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    pl.read_parquet(case.raw).with_columns(surprise=pl.lit("x")).write_parquet(case.raw)
    assert run(home, "detect", case.raw, "--contract", case.contract) == 1
    assert "schema-drift" in capsys.readouterr().err
    assert run(home, "detect", case.raw, "--contract", case.contract, "--on-drift", "quarantine") == 0
    said = capsys.readouterr().out
    assert "drift (quarantine): Column 'surprise' is not in the contract" in said
    assert "; in quarantine" in next(line for line in said.splitlines() if line.startswith("surprise"))


def test_drift_is_in_the_document(home: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "detect", case.raw, "--json") == 0
    capsys.readouterr()
    pl.read_parquet(case.raw).with_columns(surprise=pl.lit("x")).write_parquet(case.raw)
    assert run(home, "detect", case.raw, "--json") == 0
    (drift,) = json.loads(capsys.readouterr().out)["drift"]
    assert (drift["kind"], drift["column"], drift["action"], drift["against"]) == ("new-column", "surprise", "warn", "findings")


def test_bad_input_exits_with_2(home: Path, case: Case) -> None:
    assert run(home, "detect", case.raw, "--sample-rows", 0) == 2
    assert run(home, "detect", case.raw.with_name("gone.parquet")) == 2


def test_a_scan_that_gave_up_a_part_exits_with_4(
    home: Path, case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = findings(column("notes", timed_out=3))
    store = SimpleNamespace(get=lambda *_: cut)
    monkeypatch.setattr(verbs, "workspace_of", lambda _: SimpleNamespace(artifacts=store))
    monkeypatch.setattr(verbs.prepare, "detect", lambda *_, **__: SimpleNamespace(ref=None))
    assert run(home, "detect", case.raw) == 4
    assert "3 values took a pattern of yours too long and were not looked into" in capsys.readouterr().out


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_own_recognizers_count_in_tables(
    home: Path, case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    path = write_recognizers(home)
    pl.DataFrame({"v": ["QX-0001", "QX-0002"] * 9}).write_parquet(case.raw)
    if by == "environment":
        monkeypatch.setenv("AIRFLOW__PRIVACY__RECOGNIZERS", str(path))
    assert run(home, "detect", case.raw, *(["--recognizers", path] if by == "argument" else [])) == 0
    assert "v                    BADGE                    direct-identifier" in capsys.readouterr().out


def test_a_table_with_values_that_take_an_own_pattern_too_long_exits_with_4(
    home: Path, case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(own, "SECONDS", 0.05)
    pl.DataFrame({"v": ["QX-0001"] * 9 + [ENDLESS]}).write_parquet(case.raw)
    assert run(home, "detect", case.raw, "--recognizers", write_recognizers(home, SLOW)) == 4
    assert "1 values took a pattern of yours too long and were not looked into" in capsys.readouterr().out


def test_progress_tells_speed_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 10.0, 20.0])
    tell = verbs.progress(lambda: next(clock))
    tell(250_000, 1_000_000)
    assert "250,000 of 1,000,000 rows, 25,000 rows/s, 30 s left" in (said := capsys.readouterr()).err
    assert said.out == ""
    tell(1_000_000, 1_000_000)
    assert capsys.readouterr().err.endswith("1,000,000 of 1,000,000 rows, 50,000 rows/s\n")


def test_no_progress_where_nobody_watches(home: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "detect", case.raw) == 0
    assert capsys.readouterr().err == ""


def test_a_column_name_cannot_control_the_terminal(home: Path, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    pl.DataFrame({"a\x1b[2Jb": ["x", "y"]}).write_parquet(case.raw)
    assert run(home, "detect", case.raw) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_text_is_answered_with_entities_and_places_and_no_value(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "detect-text", f"pay {CARD} or ask {CANARY}") == 0
    said = capsys.readouterr().out
    assert "CREDIT_CARD                   4     23  1.00" in said
    assert "EMAIL_ADDRESS                31     63  1.00" in said
    assert "2 found in 1 line" in said
    assert CANARY not in said
    assert CARD not in said


def test_the_document_holds_no_value_either(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "detect-text", f"ask {CANARY}", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "lines": 1,
        "findings": [{"line": 1, "entity": "EMAIL_ADDRESS", "start": 4, "end": 36, "score": 1.0}],
    }


def test_values_are_printed_where_they_are_asked_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "detect-text", f"ask {CANARY}", "--show-text") == 0
    assert CANARY in capsys.readouterr().out
    assert run(home, "detect-text", f"ask {CANARY}", "--show-text", "--json") == 0
    assert json.loads(capsys.readouterr().out)["findings"][0]["text"] == CANARY


def test_standard_input_is_answered_line_by_line(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, f"nothing\n{CANARY}\r\nümlaut {CANARY}".encode())
    assert run(home, "detect-text", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["lines"] == 3
    assert [(one["line"], one["start"]) for one in document["findings"]] == [(2, 0), (3, 7)]


def test_standard_input_is_answered_as_it_comes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def endless():
        for number in range(5_000):
            read.append(number)
            yield CANARY.encode() + b"\n"

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=endless(), isatty=lambda: False))
    options = SimpleNamespace(text=None, file=None, entities=None, language="en", recognizers=None, json=False, show_text=False)
    lines = iter(verbs._detect_text(options).text)  # type: ignore[arg-type]
    next(lines)
    next(lines)
    assert len(read) == 1_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_in_its_own_encoding(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    path = tmp_path / "mail.txt"
    path.write_bytes(f"grüße\nüber {CANARY}\n".encode(encoding))
    assert run(home, "detect-text", "--file", path, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [(one["line"], one["start"]) for one in document["findings"]] == [(2, 5)]
    assert document["lines"] == 2


def test_entities_may_be_chosen(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "detect-text", f"{CARD} {CANARY}", "--entities", "CREDIT_CARD", "--json") == 0
    assert [one["entity"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["CREDIT_CARD"]


def test_own_recognizers_count_beside_the_others_in_texts(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_recognizers(home)
    assert run(home, "detect-text", f"QX-0001 or {CANARY}", "--recognizers", path, "--json") == 0
    assert [one["entity"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["BADGE", "EMAIL_ADDRESS"]
    assert run(home, "detect-text", f"QX-0001 or {CANARY}", "--recognizers", path, "--entities", "BADGE", "--json") == 0
    assert [one["entity"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["BADGE"]


def test_own_recognizers_are_those_for_the_language(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_recognizers(home)
    assert run(home, "detect-text", "Fruehschicht", "--recognizers", path, "--entities", "DIENSTPLAN") == 2
    capsys.readouterr()
    arguments = ["--recognizers", path, "--language", "de", "--entities", "DIENSTPLAN", "--json"]
    assert run(home, "detect-text", "Fruehschicht", *arguments) == 0
    assert [one["entity"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["DIENSTPLAN"]


def test_another_language_has_its_own_recognizers(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["il codice fiscale RSSMRA85T10A562S", "--entities", "IT_FISCAL_CODE", "--json"]
    assert run(home, "detect-text", *arguments) == 2
    assert run(home, "detect-text", *arguments, "--language", "it") == 0
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 1


@pytest.mark.parametrize("entity", sorted(ENTITIES))
def test_every_entity_that_a_finder_gives_may_be_chosen(entity: str) -> None:
    texts.finder(entities=[entity])


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["x", "--entities", "EMAIL_ADRESS"], "EMAIL_ADDRESS"),
        (["x", "--language", "tlh"], "tlh"),
        (["x", "--entities", "STREET_ADRESS"], "STREET_ADDRESS"),
        (["x", "--recognizers", "/nowhere/at-all.yaml"], "bad-recognizers"),
        (["x", "--file", "y"], "one of them"),
        (["--file", "/nowhere/at-all.txt"], "/nowhere/at-all.txt"),
    ],
)
def test_bad_arguments_exit_with_2_and_say_what_is_wrong(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    assert run(home, "detect-text", *arguments) == 2
    assert word in capsys.readouterr().err


@pytest.mark.parametrize("show", [[], ["--show-text"]])
def test_a_line_that_is_no_text_exits_with_2_and_names_the_line_only(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, show: list[str]
) -> None:
    stdin(monkeypatch, b"fine\n" + CANARY.encode() + b"\xff\n")
    assert run(home, "detect-text", *show) == 2
    said = capsys.readouterr()
    assert "Line 2 is not UTF-8" in said.err
    assert "quaxolotl" not in said.err + said.out
