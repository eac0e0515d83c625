"""Reading a policy: what it may say, and every mistake with its file, line and rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from policy_builders import HEAD

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import digest_of, sha256
from airflow_privacy.core.model.techniques import Bins, Drop, HmacToken, Keep
from airflow_privacy.core.policy.load import LoadedPolicy, load_policy

CANARY = "canary.person@example.com"
Refuse = Callable[..., BadInput]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., LoadedPolicy]:
    def read(text: str, **variables: str) -> LoadedPolicy:
        path = tmp_path / "policy.yaml"
        path.write_text(text)
        return load_policy(path, variables=variables)

    return read


@pytest.fixture
def refuse(load: Callable[..., LoadedPolicy], tmp_path: Path) -> Refuse:
    """The error of a text that is no policy; the file's line and, if one is given, the rule are in it."""

    def read(text: str, reason: str, line: int | None, in_rule: str = "", **variables: str) -> BadInput:
        with pytest.raises(BadInput) as caught:
            load(text, **variables)
        error = caught.value
        place = (tmp_path / "policy.yaml").as_posix() + (f":{line}" if line else "")
        assert (error.reason, error.where) == (reason, place + (f", rule {in_rule}" if in_rule else ""))
        assert CANARY not in str(error)
        return error

    return read


def rules(*lines: str) -> str:
    """A policy whose first rule is in line 9."""
    return HEAD + "rules:\n" + "".join(f"  - {line}\n" for line in lines)


GOOD = "{name: good, when: {column: x}, then: drop}"


def test_short_forms_mean_the_long_ones(load: Callable[..., LoadedPolicy]) -> None:
    short = load(rules("{name: a, when: {entity: AGE}, then: drop}")).policy
    long = load(rules("{name: a, when: {entity: [AGE]}, then: {technique: drop}}")).policy
    assert short == long
    assert short.rules[0].then == Drop()
    assert short.rules[0].when.entity == ("AGE",)


def test_parameters_and_defaults_are_read(load: Callable[..., LoadedPolicy]) -> None:
    policy = load(
        rules(
            "{name: a, when: {column: [x, y]}, then: {technique: hmac_token, length: 16}, because: they join}",
            "{name: b, when: {role: sensitive}, then: {technique: bins, edges: [1, 2.5]}}",
            "{name: c, when: {tag: open, purpose: churn, destination: training}, then: keep}",
        )
    ).policy
    assert [rule.then for rule in policy.rules] == [HmacToken(length=16), Bins(edges=(1.0, 2.5)), Keep()]
    assert policy.rules[0].because == "they join"
    assert (policy.boundaries[0].approval_hours, policy.suppression_limit) == (24, 0.0)


def test_the_file_is_stamped_with_its_name_and_bytes(load: Callable[..., LoadedPolicy], tmp_path: Path) -> None:
    loaded = load(rules(GOOD))
    path = tmp_path / "policy.yaml"
    assert (loaded.file.uri, loaded.file.sha256) == (path.as_posix(), sha256(path.read_bytes()))


def test_a_variable_is_expanded_and_the_digest_covers_it(load: Callable[..., LoadedPolicy]) -> None:
    text = rules(GOOD).replace("[/data/raw]", '["${DATA}/raw"]')
    one, other = load(text, DATA="/one").policy, load(text, DATA="/other").policy
    assert one.environments[0].base_uris == ("/one/raw",)
    assert digest_of(one) != digest_of(other)


# Mistakes, one by one


@pytest.mark.parametrize("variables", [{}, {"DATA": ""}], ids=["unset", "empty"])
def test_a_variable_that_is_not_set(refuse: Refuse, variables: dict[str, str]) -> None:
    error = refuse(rules(GOOD).replace("[/data/raw]", '["${DATA}/raw"]'), "variable-unset", 4, **variables)
    assert "DATA" in error.what


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "empty-document"), ("# nothing\n", "empty-document")],
    ids=["nothing", "a comment"],
)
def test_an_empty_file(refuse: Refuse, text: str, reason: str) -> None:
    refuse(text, reason, None)


@pytest.mark.parametrize("text", [f"- {CANARY}\n", f"{CANARY}\n", "7\n"], ids=["list", "text", "number"])
def test_a_file_that_is_no_mapping(refuse: Refuse, text: str) -> None:
    refuse(text, "malformed-policy", 1)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unreadable-file"):
        load_policy(tmp_path / "none.yaml")


@pytest.mark.parametrize("key", ["name", "version", "environments", "boundaries", "rules"])
def test_a_key_that_must_be_there(refuse: Refuse, key: str) -> None:
    kept, skipping = [], False
    for line in rules(GOOD).splitlines(keepends=True):
        skipping = line.startswith(f"{key}:") or (skipping and line.startswith(" "))
        kept += [] if skipping else [line]
    error = refuse("".join(kept), "malformed-policy", 1)
    assert key in error.what


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("version:", "versoin:", 2, "'versoin' in line 2 (did you mean 'version'?)"),
        ("base_uris: [/data/raw]", "base_uri: [/data/raw]", 4, "'base_uri' in line 4 (did you mean 'base_uris'?)"),
        ("min_k: 5", "mink: 5", 7, "'mink' in line 7 (did you mean 'min_k'?)"),
        ("when: {column: x}", "when: {colum: x}", 9, "'colum' in line 9 (did you mean 'column'?)"),
        ("then: drop}", "then: {technique: redact, txt: a}}", 9, "'txt' in line 9 (did you mean 'text'?)"),
        ("then: drop}", "then: {technique: hmac_token, keep_last: 2}}", 9, "'keep_last' in line 9"),
        ("then: drop}", "then: drop, becuase: a}", 9, "'becuase' in line 9 (did you mean 'because'?)"),
        ("then: drop}", f"then: drop, {CANARY}: a}}", 9, "(not shown) in line 9"),
    ],
)
def test_an_unknown_key(refuse: Refuse, old: str, new: str, line: int, told: str) -> None:
    assert told in refuse(rules(GOOD).replace(old, new, 1), "unknown-key", line).what


def test_a_duplicate_key(refuse: Refuse) -> None:
    assert "first in line 1" in refuse(HEAD + "name: again\n", "duplicate-key", 8).what


@pytest.mark.parametrize(
    ("then", "hint"),
    [("hmac-token", "Did you mean 'hmac_token'?"), ("{technique: binz}", "Did you mean 'bins'?"), ("encrypt", "")],
)
def test_an_unknown_technique_lists_the_known(refuse: Refuse, then: str, hint: str) -> None:
    error = refuse(rules(GOOD, f"{{name: b, when: {{column: y}}, then: {then}}}"), "unknown-technique", 10, "'b'")
    assert hint in error.do
    assert "aes_siv, age, bins, card, constant, date_shift, drop" in error.do


@pytest.mark.parametrize("then", ["", ", then: null", ", then: {length: 3}", ", then: [drop]", ", then: {technique: 5}"])
def test_a_rule_without_a_technique(refuse: Refuse, then: str) -> None:
    refuse(rules(f"{{name: b, when: {{column: y}}{then}}}"), "unknown-technique", 9, "'b'")


@pytest.mark.parametrize(
    "then",
    [
        "{technique: hmac_token, length: long}",
        "{technique: hmac_token, length: 2}",
        "{technique: hmac_token, length: 65}",
        "{technique: round, to: 0}",
        "{technique: round}",
        "{technique: bins, edges: []}",
        "{technique: bins, edges: 5}",
        f"{{technique: bins, edges: [{CANARY}]}}",
        "{technique: truncate_date, to: week}",
        f"{{technique: truncate_date, to: {CANARY}}}",
        "{technique: partial_mask, char: xx}",
        "{technique: partial_mask, keep_last: -1}",
        "{technique: geo_prefix, length: 0}",
        "{technique: geo_prefix, length: true}",
    ],
)
def test_a_parameter_of_the_wrong_type_or_size(refuse: Refuse, then: str) -> None:
    error = refuse(rules(GOOD, f"{{name: b, when: {{column: y}}, then: {then}}}"), "malformed-policy", 10, "'b'")
    assert "rules.1.then" in error.what


@pytest.mark.parametrize(
    "when", ["{column: 5}", f"{{role: {CANARY}}}", "{role: [direct]}", "{column: [x, 5]}", "x", "null", "{column: null}"]
)
def test_a_condition_of_the_wrong_type(refuse: Refuse, when: str) -> None:
    refuse(rules(f"{{name: b, when: {when}, then: drop}}"), "malformed-policy", 9, "'b'")


def test_a_rule_without_a_when(refuse: Refuse) -> None:
    error = refuse(rules("{name: b, then: drop}"), "malformed-policy", 9, "'b'")
    assert "when" in error.what


def test_a_rule_without_a_name_is_named_by_its_number(refuse: Refuse) -> None:
    refuse(rules(GOOD, "{when: {column: y}, then: drop}"), "malformed-policy", 10, "2")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("min_k: 5", "min_k: 0", 7),
        ("min_k: 5", "min_k: 5, max_marketer_risk: 1.5", 7),
        ("approvers: [stella]", "approvers: []", 7),
        ("approvers: [stella]", "approvers: stella", 7),
        ("min_k: 5", "min_k: 5, passport_days: 0", 7),
        ("base_uris: [/data/raw]", "base_uris: []", 4),
        ('version: "1"', "version: 1", 2),
    ],
)
def test_a_wrong_value_outside_the_rules(refuse: Refuse, old: str, new: str, line: int) -> None:
    refuse(rules(GOOD).replace(old, new), "malformed-policy", line)


def test_a_number_beyond_json(refuse: Refuse) -> None:
    refuse(rules(GOOD).replace("min_k: 5", f"min_k: {10**30}"), "malformed-policy", 7)


def test_a_boundary_to_an_unknown_environment(refuse: Refuse) -> None:
    error = refuse(rules(GOOD).replace("destination: training", "destination: trainning"), "unknown-environment", 7)
    assert error.do == "Did you mean 'training'?"


def test_a_boundary_from_an_environment_to_itself(refuse: Refuse) -> None:
    refuse(rules(GOOD).replace("destination: training", "destination: production"), "bad-boundary", 7)


def test_two_boundaries_for_one_crossing(refuse: Refuse) -> None:
    line = HEAD.splitlines()[-1]
    refuse(HEAD + line + "\nrules: []\n", "duplicate-name", 8)


@pytest.mark.parametrize("level", ["anonymous", "k_anonymous(k>5)", "k_anonymous(m>=5)", "pseudonymized and raw", '""'])
def test_a_level_that_is_no_predicate(refuse: Refuse, level: str) -> None:
    refuse(rules(GOOD).replace("level: pseudonymized", f"level: {level}"), "unknown-level", 7)


@pytest.mark.parametrize("other", ["/data/raw", "/data/raw/deep", "/data", "file:///data/raw/", "/"])
def test_environments_that_overlap(refuse: Refuse, other: str) -> None:
    error = refuse(rules(GOOD).replace("/data/training", other), "overlapping-environments", 5)
    assert "'production'" in error.what and "'training'" in error.what


def test_environments_that_overlap_through_a_link(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    text = rules(GOOD).replace("/data/raw", f"{tmp_path}/real").replace("/data/training", f"{tmp_path}/link/x")
    refuse(text, "overlapping-environments", 5)


def test_bases_of_one_environment_may_overlap(load: Callable[..., LoadedPolicy]) -> None:
    load(rules(GOOD).replace("[/data/raw]", "[/data/raw, /data/raw/deep]"))


def test_a_base_that_is_no_place(refuse: Refuse) -> None:
    error = refuse(rules(GOOD).replace("/data/raw", "/data/raw/../x"), "path-escape", 4)
    assert "'production'" in error.what


def test_two_environments_of_one_name(refuse: Refuse) -> None:
    refuse(rules(GOOD).replace("name: training", "name: production"), "duplicate-name", 5)


def test_two_rules_of_one_name(refuse: Refuse) -> None:
    refuse(rules(GOOD, "{name: good, when: {column: y}, then: drop}"), "duplicate-name", 10, "'good'")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{}", "{column: x}"),
        ("{column: [x, y]}", "{column: x}"),
        ("{column: x}", "{column: x, purpose: churn}"),
        ("{entity: [A, B]}", "{entity: [B, A]}"),
    ],
)
def test_a_rule_that_an_earlier_one_swallows(refuse: Refuse, first: str, second: str) -> None:
    text = rules(f"{{name: one, when: {first}, then: drop}}", f"{{name: two, when: {second}, then: drop}}")
    error = refuse(text, "unreachable-rule", 10, "'two'")
    assert "'one' before it" in error.what


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{column: x}", "{}"),
        ("{column: x}", "{column: [x, y]}"),
        ("{column: x, purpose: churn}", "{column: x}"),
        ("{entity: A}", "{column: x}"),
    ],
)
def test_a_rule_that_still_has_something_to_match(load: Callable[..., LoadedPolicy], first: str, second: str) -> None:
    load(rules(f"{{name: one, when: {first}, then: drop}}", f"{{name: two, when: {second}, then: drop}}"))


def test_a_condition_on_an_empty_list(refuse: Refuse) -> None:
    refuse(rules("{name: b, when: {column: []}, then: drop}"), "empty-condition", 9, "'b'")


@pytest.mark.parametrize("when", ["{}", "{purpose: churn}", "{destination: training}"])
def test_a_rule_that_keeps_whatever_comes(refuse: Refuse, when: str) -> None:
    refuse(rules(f"{{name: b, when: {when}, then: keep}}"), "default-allow", 9, "'b'")


def test_a_destination_that_is_no_environment(refuse: Refuse) -> None:
    refuse(rules("{name: b, when: {column: x, destination: traning}, then: keep}"), "unknown-environment", 9, "'b'")


@pytest.mark.parametrize("edges", ["[2, 1]", "[1, 1]", "[1, 3, 2]"])
def test_bins_that_do_not_rise(refuse: Refuse, edges: str) -> None:
    refuse(rules(f"{{name: b, when: {{column: x}}, then: {{technique: bins, edges: {edges}}}}}"), "bad-value", 9, "'b'")


@pytest.mark.parametrize("edges", ["[1, .inf]", "[.nan]", "[1.0e+999]"])
def test_edges_that_are_not_finite(refuse: Refuse, edges: str) -> None:
    refuse(rules(f"{{name: b, when: {{column: x}}, then: {{technique: bins, edges: {edges}}}}}"), "bad-number", 9)
