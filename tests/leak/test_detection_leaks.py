"""Canaries through detection on the command line and in memory: nothing of them is printed, raised, stored or recorded."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from canaries import CANARIES, hits
from own_recognizers import ENDLESS, SLOW, write_recognizers
from people import Case, people_frame, write_case

from airflow_privacy.cli import main
from airflow_privacy.core.errors import PrivacyError
from airflow_privacy.core.pipeline import recognizers
from airflow_privacy.frames import detect


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return write_case(tmp_path / "data", extra=[CANARIES] * 3)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert main(["keys", "init", "--home", str(tmp_path / "privacy")]) == 0
    return tmp_path / "privacy"


def well(_: Case) -> list[str]:
    return []


def sampled(_: Case) -> list[str]:
    return ["--sample-rows", "100", "--why"]


def drifted(case: Case) -> list[str]:
    """Another entity and type, that the contract does not let pass."""
    case.contract.write_text(case.contract.read_text() + "  - {property: privacy.onEntityChange, value: fail}\n")
    rows = pl.read_parquet(case.raw)
    rows.with_columns(country=pl.lit(CANARIES["email"]), income=pl.lit("CANARYVALUE")).write_parquet(case.raw)
    return []


def surprising(case: Case) -> list[str]:
    pl.read_parquet(case.raw).with_columns(surprise=pl.lit(CANARIES["notes"])).write_parquet(case.raw)
    return []


def undecodable(case: Case) -> list[str]:
    """Bytes that are no text beside canaries in clear."""
    pl.read_parquet(case.raw).with_columns(
        notes=pl.lit(b"\xff\xfe CANARYVALUE " + CANARIES["notes"].encode() + b"\x00\xff")
    ).write_parquet(case.raw)
    return ["--on-drift", "warn"]


def damaged(case: Case) -> list[str]:
    """Damaged UTF-8 in a row with canaries."""
    text = f"person_id,name,notes\n1,{CANARIES['name']} äöü,{CANARIES['email']}\n"
    case.raw.write_bytes(text.encode() * 20 + b"2,CANARYVALUE \xff,x\n")
    return []


def ragged(case: Case) -> list[str]:
    case.raw.write_text("a,b\n1,CANARYVALUE\n2,CANARYVALUE,CANARYVALUE,c\n")
    return []


def recognized(case: Case) -> list[str]:
    """Recognizers of the user's that find canaries."""
    mails = f"recognizers: [{{name: m, supported_entity: MINE, deny_list: ['{CANARIES['email']}']}}]"
    return ["--recognizers", str(write_recognizers(case.raw.parent, mails)), "--why"]


def broken_recognizers(case: Case) -> list[str]:
    return ["--recognizers", str(write_recognizers(case.raw.parent, "recognizers: [{name: [CANARYVALUE, Quaxolotl"))]


def endless(case: Case) -> list[str]:
    """A pattern of the user's that takes too long for values with canaries."""
    rows = pl.read_parquet(case.raw)
    rows.with_columns(notes=pl.lit(f"{CANARIES['email']} CANARYVALUE {ENDLESS}")).write_parquet(case.raw)
    return ["--recognizers", str(write_recognizers(case.raw.parent, SLOW)), "--on-drift", "warn", "--why"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizers, "SECONDS", 0.05)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (well, 0),
        (sampled, 0),
        (drifted, 1),
        (surprising, 1),
        (undecodable, 0),
        (damaged, 2),
        (ragged, 2),
        (recognized, 0),
        (broken_recognizers, 2),
        (endless, 4),
    ],
    ids=lambda part: getattr(part, "__name__", str(part)),
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_detect_prints_and_stores_no_value(
    home: Path,
    case: Case,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    damage: Callable[[Case], list[str]],
    code: int,
    form: list[str],
) -> None:
    where = ["--contract", str(case.contract), "--home", str(home), *form]
    assert main(["detect", str(case.raw), *where]) == 0
    more = damage(case)
    assert main(["detect", str(case.raw), *where, *more]) == code
    said = capfd.readouterr()
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "all.txt").write_text(said.out + said.err)
    assert hits(home, tmp_path / "said") == []


TEXT = "\n".join(CANARIES.values())


@pytest.mark.parametrize(
    ("given", "arguments", "code"),
    [
        (TEXT.encode(), [], 0),
        (TEXT.encode(), ["--json"], 0),
        (TEXT.encode() + b"\xff\n" + TEXT.encode(), [], 2),
        (TEXT.encode(), ["--entities", "CANARYVALUE"], 2),
        (TEXT.encode(), ["--recognizers", "BROKEN"], 2),
        (f"CANARYVALUE {ENDLESS} {CANARIES['email']}".encode(), ["--recognizers", "SLOW"], 1),
    ],
)
def test_detect_text_prints_no_value(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    given: bytes,
    arguments: list[str],
    code: int,
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("recognizers:\n  - name: [CANARYVALUE\n    deny_list: ['Quaxolotl'\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    files = {"BROKEN": str(broken), "SLOW": str(write_recognizers(tmp_path, SLOW))}
    chosen = [files[one] if one in files else one.replace("CANARYVALUE", "zq.note.0815@quaxolotl") for one in arguments]
    assert main(["detect-text", *chosen, "--home", str(home)]) == code
    said = capfd.readouterr()
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "all.txt").write_text(said.out + said.err)
    assert hits(home, tmp_path / "said") == []


def test_findings_of_a_frame_and_errors_about_it_show_no_value(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    frame = people_frame(extra=[CANARIES] * 3)
    (tmp_path / "said").mkdir()
    told = [repr(detect(frame, str(case.contract)))]
    with pytest.raises(PrivacyError) as caught:
        detect(frame.with_columns(surprise=pl.lit("CANARYVALUE")), str(case.contract))
    told += [str(caught.value), repr(caught.value)]
    (tmp_path / "said" / "all.txt").write_text("\n".join(told))
    assert hits(tmp_path / "said") == []
