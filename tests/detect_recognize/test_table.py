"""The committed table of recognizers is the one that the installed Presidio gives."""

from __future__ import annotations

from pathlib import Path

from airflow_privacy.core.detect.recognize.table import table

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_table_is_what_the_installed_version_gives() -> None:
    assert (ROOT / "docs" / "recognizers.md").read_text(encoding="utf-8") == table(), "run: make recognizers"
