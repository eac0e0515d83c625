"""YAML as contracts and policies are read: plain data with lines, and nothing that a file could do beyond that."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model import yaml_nodes
from airflow_privacy.core.model.yaml_nodes import Shape, check_keys, expand, read_file, read_yaml, shown, suggest

CANARY = "canary.person@example.com"


def data(text: str) -> object:
    return read_yaml(text.encode(), "f.yaml").data


def refused(text: str | bytes, reason: str, line: int | None) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_yaml(text.encode() if isinstance(text, str) else text, "f.yaml")
    error = caught.value
    assert (error.reason, error.where) == (reason, f"f.yaml:{line}" if line else "f.yaml")
    assert "canary" not in str(error)
    assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)
    return error


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: text", "text"),
        ("a: 'null'", "null"),
        ("a: ", None),
        ("a: ~", None),
        ("a: 7", 7),
        ("a: -7", -7),
        ("a: 0o17", "0o17"),
        ("a: 1.5", 1.5),
        ("a: true", True),
        ("a: off", False),
        ("a: 2024-05-02", "2024-05-02"),
        ("a: 2024-05-02T10:00:00Z", "2024-05-02T10:00:00Z"),
        ("a: 12:30:45", "12:30:45"),
        ("a: 1:30.5", "1:30.5"),
        ("a: =", "="),
        ("a: [1, {b: c}]", [1, {"b": "c"}]),
        ("a: |\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_scalars_and_collections_become_plain_data(text: str, value: object) -> None:
    assert data(text) == {"a": value}


def test_keys_are_texts() -> None:
    assert data("1: a\ntrue: b\n") == {"1": "a", "true": "b"}


def test_an_alias_repeats_what_it_names() -> None:
    assert data("a: &x [1]\nb: *x\n") == {"a": [1], "b": [1]}


def test_a_merge_fills_in_what_is_not_given() -> None:
    assert data("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n") == {"a": {"p": 1, "q": 2}, "b": {"q": 3, "p": 1}}
    assert data("a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}\n")["c"] == {"p": 1, "q": 2}  # type: ignore[index]


def test_every_place_has_its_line() -> None:
    document = read_yaml(b"a:\n  - b: 1\n    c:\n      d: 2\n", "f.yaml")
    assert [document.line(place) for place in ((), ("a",), ("a", 0), ("a", 0, "c"), ("a", 0, "c", "d"))] == [1, 1, 2, 3, 4]
    assert document.at(("a", 0, "c", "nowhere", 7)) == "f.yaml:3"


@pytest.mark.parametrize("text", ["", "\n", "# comment\n"], ids=repr)
def test_nothing_is_no_document(text: str) -> None:
    refused(text, "empty-document", None)


def test_a_document_of_nothing_is_null() -> None:
    assert data("---\n...\n") is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: [{CANARY}\n", 2),
        (f"a: 1\nb: '{CANARY}\n", 3),
        (f"a: 1\n b: {CANARY}\n", 2),
        (f"a: *{CANARY}\n", 1),
        (f"a: 1\n---\nb: {CANARY}\n", 2),
        (f"a: %{CANARY}\n", 1),
        (f"a: 1\n\tb: {CANARY}\n", 2),
        (f"a: !!{CANARY} 1\nb: [\n", 3),
    ],
)
def test_text_that_is_not_yaml(text: str, line: int) -> None:
    refused(text, "malformed-yaml", line)


@pytest.mark.parametrize("text", ["a: *canary\n", 'a: "\\canary"\n', "a: !canary!x 1\n"])
def test_text_that_is_not_yaml_is_not_repeated_without_libyaml_either(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "_LOADER", yaml.SafeLoader)  # its words name what they stumbled over
    refused(text, "malformed-yaml", 1)


@pytest.mark.parametrize("text", ["a: \x00\n", "a: \x07canary\n"], ids=repr)
def test_characters_that_yaml_does_not_allow(text: str) -> None:
    assert "characters" in refused(text, "malformed-yaml", None).what


@pytest.mark.parametrize("text", [b"\xff\xfea\x00", f"a: {CANARY} \xfc".encode("latin-1")])
def test_bytes_that_are_not_utf_8(text: bytes) -> None:
    refused(text, "not-utf-8", None)


def test_a_duplicate_key_is_told_with_both_lines() -> None:
    assert "first in line 1" in refused("a: 1\nb: 2\na: 3\n", "duplicate-key", 3).what
    assert "(not shown)" in refused(f"{CANARY}: 1\n{CANARY}: 2\n", "duplicate-key", 2).what


@pytest.mark.parametrize(
    "value",
    [f"!!python/object/apply:os.system ['{CANARY}']", "!!set {a}", "!!omap [a: 1]", "!!binary aGk=",
     f"!x {CANARY}", "!x [a]", "!x {a: 1}"],
)  # fmt: skip
def test_a_foreign_tag(value: str) -> None:
    refused(f"a: 1\nb: {value}\n", "foreign-tag", 2)


@pytest.mark.parametrize("value", [".inf", "-.inf", ".nan", "1.0e+999", "!!int x", "!!bool 7"])
def test_a_number_that_is_none(value: str) -> None:
    refused(f"a: {value}\n", "bad-number", 1)


@pytest.mark.parametrize("text", ["? [a, b]\n: 1\n", "? {a: b}\n: 1\n", "<<: 7\n", "<<: [7]\n"])
def test_a_key_that_is_no_word(text: str) -> None:
    refused(text, "bad-key", 1)


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 5_000 + "a", "{a: " * 5_000, "a: &x [*x]\n", "a: &x {b: *x}\n"], ids=len)
def test_nesting_without_end_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        data(text)
    assert caught.value.reason in ("too-large", "malformed-yaml")


def test_an_alias_counts_as_often_as_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "_MAX_NODES", 10_000)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(BadInput, match="too-large"):
        data("\n".join(lines))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_data_or_bad_input(content: bytes) -> None:
    try:
        read_yaml(content, "f.yaml")
    except BadInput as error:
        assert error.where.startswith("f.yaml")


# Keys

PERSON = Shape(fields={"name": Shape(), "mail_address": Shape()})
TEAM = Shape(fields={"lead": PERSON, "members": Shape(items=PERSON), "anything": Shape()})


def unknown(text: str, shape: Shape = TEAM) -> BadInput:
    with pytest.raises(BadInput) as caught:
        check_keys(read_yaml(text.encode(), "f.yaml"), shape)
    assert caught.value.reason == "unknown-key"
    return caught.value


def test_known_keys_pass_and_an_open_shape_lets_everything_pass() -> None:
    check_keys(read_yaml(b"lead: {name: a}\nmembers: [{mail_address: b}, 7]\nanything: {x: {y: 1}}\n", "f.yaml"), TEAM)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("leed: {}", "'leed' in line 1 (did you mean 'lead'?)"),
        ("lead: {nmae: a}", "'nmae' in line 1 (did you mean 'name'?)"),
        ("members:\n  - name: a\n  - mailAddress: b", "'mailAddress' in line 3 (did you mean 'mail_address'?)"),
        ("xyz: 1", "'xyz' in line 1"),
    ],
)
def test_an_unknown_key_is_told_with_line_and_suggestion(text: str, told: str) -> None:
    assert unknown(text).what == f"Unknown keys: {told}"


def test_ten_unknown_keys_are_told_and_the_rest_counted() -> None:
    error = unknown("\n".join(f"zz{n}: 1" for n in range(13)))
    assert "'zz9' in line 10" in error.what and "'zz10'" not in error.what
    assert error.what.endswith("and 3 more")


def test_a_variant_is_chosen_by_its_tag() -> None:
    shape = Shape(
        variants={"dog": Shape(fields={"kind": Shape(), "bark": Shape()}), "cat": Shape(fields={"kind": Shape()})}, tag="kind"
    )
    check_keys(read_yaml(b"{kind: dog, bark: 1}", "f.yaml"), shape)
    assert "'bark'" in unknown("{kind: cat, bark: 1}", shape).what


# Words


@pytest.mark.parametrize("word", ["name", "privacy.owner", "a-b", "_x", "$ref"])
def test_a_word_that_looks_like_a_name_is_shown(word: str) -> None:
    assert shown(word) == (repr(word) if word != "$ref" else "(not shown)")


@pytest.mark.parametrize("word", [CANARY, "+49 170 1234567", "4111111111111111", "two words", "", "x" * 65, "a\n"])
def test_a_word_that_may_be_a_value_is_not_shown(word: str) -> None:
    assert shown(word) == "(not shown)"


def test_a_suggestion_is_near_or_missing() -> None:
    assert suggest("lawful_basis", ["lawfulBasis", "owner"]) == "did you mean 'lawfulBasis'?"
    assert suggest("zzz", ["lawfulBasis", "owner"]) == ""


def test_variables_are_expanded_once_and_only_in_braces() -> None:
    given = {"A": "/a/${B}", "B": "b"}
    assert expand("${A}/$B/${B}/{B}/${1}", variables=given, where="f") == "/a/${B}/$B/b/{B}/${1}"


def test_an_unset_variable_is_named_and_no_other_told() -> None:
    with pytest.raises(BadInput, match="variable-unset") as caught:
        expand("${A}/${B}", variables={"A": CANARY}, where="f.yaml:3")
    assert caught.value.where == "f.yaml:3"
    assert "B" in caught.value.what and "canary" not in str(caught.value)


def test_a_file_is_read_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1")
    assert read_file(tmp_path / "a.yaml") == (b"a: 1", (tmp_path / "a.yaml").as_posix())
