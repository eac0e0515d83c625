"""Techniques inside techniques, files that they read, rules about records, encryption: what a policy may say of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from policy_builders import HEAD

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import digest_of, sha256
from airflow_privacy.core.model.policy import Policy
from airflow_privacy.core.model.techniques import FreeText, GeoPrefix, HmacToken, Inside, Redact, Surrogate
from airflow_privacy.core.policy.load import load_policy

CANARY = "canary.person@example.com"
Load = Callable[..., Policy]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(then: str, *more: str) -> Policy:
        path = tmp_path / "policy.yaml"
        path.write_text(
            HEAD + "".join(f"{line}\n" for line in more) + f"rules:\n  - {{name: a, when: {{column: x}}, then: {then}}}\n"
        )
        return load_policy(path).policy

    return read


def refused(load: Load, then: str, *more: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        load(then, *more)
    assert CANARY not in str(caught.value)
    assert "policy.yaml:" in caught.value.where
    return caught.value


def test_short_forms_are_read_inside_techniques_too(load: Load) -> None:
    then = "{technique: free_text, entities: {PERSON: {technique: surrogate, kind: name}, URL: redact}, default: hmac_token}"
    assert load(then).rules[0].then == FreeText(entities={"PERSON": Surrogate(kind="name"), "URL": Redact()}, default=HmacToken())


def test_fields_of_lists_have_techniques_of_their_own(load: Load) -> None:
    then = '{technique: inside, fields: {"[].phone": hmac_token, "[].note": {technique: free_text, entities: {URL: redact}}}}'
    expected = Inside(fields={"[].phone": HmacToken(), "[].note": FreeText(entities={"URL": Redact()})})
    assert load(then).rules[0].then == expected


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("{technique: free_text, entitys: {}}", "'entitys' in line 9 (did you mean 'entities'?)"),
        ("{technique: free_text, default: {technique: redact, txt: a}}", "'txt' in line 9 (did you mean 'text'?)"),
        ("{technique: free_text, entities: {URL: {technique: redact, txt: a}}}", "(did you mean 'text'?)"),
        ('{technique: inside, fields: {"[]": {technique: hmac_token, lenght: 9}}}', "(did you mean 'length'?)"),
        ('{technique: inside, fields: {"[].a": {technique: free_text, default: {technique: redact, tex: a}}}}', "'text'"),
    ],
)
def test_an_unknown_key_deep_inside_is_named(load: Load, then: str, told: str) -> None:
    error = refused(load, then)
    assert error.reason == "unknown-key"
    assert told in error.what


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("{technique: free_text, default: redct}", "did you mean 'redact'?"),
        ("{technique: free_text, entities: {URL: keep}}", "keep cannot be used for an entity in a text"),
        ("{technique: free_text, entities: {URL: 7}}", "names no technique"),
        ('{technique: inside, fields: {"[]": inside}}', "inside cannot be used for a field of an item"),
        (f'{{technique: inside, fields: {{"[].{CANARY}": 7}}}}', "names no technique"),
    ],
)
def test_a_technique_that_cannot_stand_there(load: Load, then: str, told: str) -> None:
    error = refused(load, then)
    assert error.reason == "unknown-technique"
    assert told.casefold() in f"{error.what} {error.do}".casefold()


def test_a_wrong_type_deep_inside_is_refused_without_its_value(load: Load) -> None:
    error = refused(load, f"{{technique: free_text, entities: {{URL: {{technique: hmac_token, length: {CANARY}}}}}}}")
    assert error.reason == "malformed-policy"


@pytest.mark.parametrize("path", ["[]", "[].a.b", "[].lines[].amount", "[][]", "[].key", "[].größe", "[].a b"])
def test_a_path_to_a_field(load: Load, path: str) -> None:
    assert load(f'{{technique: inside, fields: {{"{path}": drop}}}}').rules[0].then == Inside(
        fields={path: load("drop").rules[0].then}
    )


@pytest.mark.parametrize("path", ["", "a", "a[]", "[].", "[]a", "[]..a", "[0].a", "[].a[", "[].a]", ".a", "$[].a", "[ ].a"])
def test_what_is_no_path(load: Load, path: str) -> None:
    assert refused(load, f'{{technique: inside, fields: {{"{path}": drop}}}}').reason == "bad-path"


@pytest.mark.parametrize(("above", "below"), [("[]", "[].a"), ("[].a", "[].a.b"), ("[].a", "[].a[].b")])
def test_a_field_that_lies_in_another_is_refused(load: Load, above: str, below: str) -> None:
    assert refused(load, f'{{technique: inside, fields: {{"{below}": drop, "{above}": drop}}}}').reason == "bad-path"


def test_a_field_whose_name_begins_like_another_is_another(load: Load) -> None:
    load('{technique: inside, fields: {"[].name": drop, "[].name_2": drop}}')


def test_no_fields_at_all(load: Load) -> None:
    assert refused(load, "{technique: inside, fields: {}}").reason == "bad-value"


@pytest.mark.parametrize("inner", ["permute", "{technique: quantile_bins, count: 4}", "{technique: microaggregate, k: 3}"])
def test_what_learns_from_a_whole_column_is_refused_in_lists(load: Load, inner: str) -> None:
    assert refused(load, f'{{technique: inside, fields: {{"[].a": {inner}}}}}').reason == "bad-value"


# Files


def test_populations_are_pinned_by_their_digest_and_part_of_the_policy(load: Load, tmp_path: Path) -> None:
    (tmp_path / "zip3.csv").write_text("100;30000\n")
    then = "{technique: geo_prefix, length: 3, populations: zip3.csv}"
    one = load(then)
    assert one.rules[0].then == GeoPrefix(length=3, populations=str(tmp_path / "zip3.csv"), sha256=sha256(b"100;30000\n"))
    (tmp_path / "zip3.csv").write_text("100;30001\n")
    assert digest_of(load(then)) != digest_of(one)


def test_a_file_inside_a_nested_technique_is_pinned_too(load: Load, tmp_path: Path) -> None:
    (tmp_path / "zip3.csv").write_text("100;30000\n")
    then = (
        load('{technique: inside, fields: {"[].zip": {technique: geo_prefix, length: 3, populations: zip3.csv}}}').rules[0].then
    )
    assert isinstance(then, Inside)
    assert then.fields["[].zip"] == GeoPrefix(length=3, populations=str(tmp_path / "zip3.csv"), sha256=sha256(b"100;30000\n"))


@pytest.mark.parametrize("given", ["populations: none.csv", f'sha256: "sha256:{"0" * 64}"', 'populations: "a\\0b"'])
def test_populations_that_cannot_be_read_or_are_not_named(load: Load, given: str) -> None:
    assert refused(load, f"{{technique: geo_prefix, length: 3, {given}}}").reason == "bad-populations"


# Records


def test_a_record_rule_takes_one_value_for_a_list(load: Load) -> None:
    [rule] = load("drop", "drop_records: [{name: test accounts, column: tier, equals: test}]").drop_records
    assert rule.equals == ("test",)


@pytest.mark.parametrize(
    "rule",
    [
        "{name: a, column: x}",
        "{name: a, column: x, equals: []}",
        "{name: a, column: x, missing: true, below: 3}",
        "{name: a, column: x, below: soon}",
        "{name: a, column: x, below: 3, above: 2020-01-01}",
        "{name: a, column: x, below: 3, above: 3}",
        "{name: a, column: x, below: 2020-01-01, above: 2021-01-01}",
    ],
)
def test_a_record_rule_that_says_nothing_or_can_never_hold(load: Load, rule: str) -> None:
    assert refused(load, "drop", f"drop_records: [{rule}]").reason == "bad-record-rule"


def test_two_record_rules_of_one_name(load: Load) -> None:
    rule = "{name: a, column: x, missing: true}"
    assert refused(load, "drop", f"drop_records: [{rule}, {rule}]").reason == "duplicate-name"


@pytest.mark.parametrize(
    "rule",
    ["{name: a, column: x, missing: false}", "{name: a, column: x, below: 2021-01-01T00:00:00, above: 2020-01-01}",
     "{name: a, column: x, above: 1.5, below: 3, equals: [2, 2.5]}"],
)  # fmt: skip
def test_record_rules_that_hold_for_something(load: Load, rule: str) -> None:
    assert len(load("drop", f"drop_records: [{rule}]").drop_records) == 1


def test_an_unknown_key_of_a_record_rule(load: Load) -> None:
    assert "did you mean 'below'?" in refused(load, "drop", "drop_records: [{name: a, column: x, belw: 3}]").what


# Scope


def test_a_scope_part_that_is_not_known_is_refused(load: Load) -> None:
    assert refused(load, "drop", "scope_by: [tenant]").reason == "malformed-policy"


def test_a_scope_by_nothing_is_refused(load: Load) -> None:
    assert refused(load, "drop", "scope_by: []").reason == "malformed-policy"


# Encryption


@pytest.mark.parametrize(
    ("base", "keys", "good"),
    [
        ("s3://bucket/x", "encryption: sse-kms, kms_key: alias/training", True),
        ("s3a://conn@bucket/x", "encryption: sse-kms", True),
        ("/data/training", "encryption: keyring", True),
        ("/data/training", "encryption: sse-kms", False),
        ("s3://bucket/x", "encryption: keyring, kms_key: alias/training", False),
        ("s3://bucket/x", "kms_key: alias/training", False),
        ("sql://warehouse/training", "encryption: keyring", False),
        ("sql://warehouse/training", "encryption: sse-kms", False),
    ],
)
def test_encryption_fits_the_place(load: Load, tmp_path: Path, base: str, keys: str, good: bool) -> None:
    path = tmp_path / "p.yaml"
    text = HEAD.replace("base_uris: [/data/training]", f'base_uris: ["{base}"], {keys}')
    path.write_text(text + "rules:\n  - {name: a, when: {column: x}, then: drop}\n")
    if good:
        load_policy(path)
        return
    with pytest.raises(BadInput, match=r"bad-encryption.*p\.yaml:5"):
        load_policy(path)
