"""A hierarchy file is part of the policy: found beside it, pinned by its digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import digest_of, sha256
from airflow_privacy.core.model.techniques import Hierarchy
from airflow_privacy.core.policy.load import load_policy

POLICY = """\
name: p
version: "1"
environments: [{name: a, base_uris: [/a]}, {name: b, base_uris: [/b]}]
boundaries: [{source: a, destination: b, approvers: [stella], level: pseudonymized, min_k: 2}]
rules:
  - {name: letters, when: {column: x}, then: {technique: hierarchy, file: letters.csv, level: 1PIN}}
"""


def write(folder: Path, text: str = "a;vowel\n", pin: str = "") -> Path:
    (folder / "letters.csv").write_text(text)
    path = folder / "policy.yaml"
    path.write_text(POLICY.replace("PIN", pin))
    return path


def test_the_file_is_found_beside_the_policy_and_pinned(tmp_path: Path) -> None:
    technique = load_policy(write(tmp_path)).policy.rules[0].then
    assert technique == Hierarchy(file=str(tmp_path / "letters.csv"), level=1, sha256=sha256(b"a;vowel\n"))


def test_another_hierarchy_makes_another_policy(tmp_path: Path) -> None:
    one = digest_of(load_policy(write(tmp_path)).policy)
    assert digest_of(load_policy(write(tmp_path, "a;letter\n")).policy) != one


def test_a_missing_file_is_named_with_its_rule(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "letters.csv").unlink()
    with pytest.raises(BadInput, match=r"bad-hierarchy.*policy\.yaml:6"):
        load_policy(path)


def test_a_digest_that_the_rule_names_must_hold(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="bad-hierarchy"):
        load_policy(write(tmp_path, pin=f', sha256: "sha256:{"0" * 64}"'))
