"""Choices that look like protection and are none: each is refused, with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from policy_builders import HEAD, decide, finding, plan_of, policy_of, rule

from airflow_privacy.core.errors import BadInput, CheckFailed
from airflow_privacy.core.model.techniques import (
    AesSiv,
    Age,
    Bins,
    Card,
    Constant,
    DateShift,
    Drop,
    EmailDomain,
    Ff1,
    FreeText,
    GeoPrefix,
    Hierarchy,
    HmacToken,
    Inside,
    IpPrefix,
    Keep,
    Microaggregate,
    Noise,
    Null,
    PartialMask,
    Permute,
    Presidio,
    QuantileBins,
    Redact,
    Round,
    Surrogate,
    Technique,
    TopBottomCode,
    TruncateDate,
    name_of,
)
from airflow_privacy.core.model.techniques.leaves import Left, leaves
from airflow_privacy.core.policy.load import load_policy

NOISE = Noise(distribution="laplace", scale=1)
SHIFT = DateShift(days=30, subject="other")

# technique, entity, column type, what it leaves of a direct identifier; what leaves the value is refused
DECIDED: tuple[tuple[Technique, str | None, str, Left], ...] = (
    (Drop(), None, "string", "nothing"),
    (Null(), None, "string", "nothing"),
    (Redact(), None, "string", "nothing"),
    (Constant(value="x"), None, "string", "nothing"),
    (HmacToken(), None, "string", "token"),
    (AesSiv(), None, "string", "token"),
    (Surrogate(kind="name"), "PERSON", "string", "token"),
    (Card(), "CREDIT_CARD", "string", "token"),
    (Card(keep_issuer=True), "CREDIT_CARD", "string", "part"),
    (Card(), "EMAIL_ADDRESS", "string", "value"),
    (Ff1(), "PHONE_NUMBER", "string", "part"),
    (Ff1(), "EMAIL_ADDRESS", "string", "value"),
    (Ff1(), "PERSON", "string", "value"),
    (Ff1(alphabet="alphanumeric"), "EMAIL_ADDRESS", "string", "part"),
    (Presidio(operator="mask"), None, "string", "part"),
    (PartialMask(keep_last=4), None, "string", "part"),
    (PartialMask(keep_first=6, keep_last=4), "CREDIT_CARD", "string", "part"),
    (PartialMask(keep_first=8, keep_last=4), "CREDIT_CARD", "string", "part"),
    (PartialMask(keep_first=8, keep_last=5), "CREDIT_CARD", "string", "value"),
    (PartialMask(keep_first=5, keep_last=4), "PHONE_NUMBER", "string", "value"),
    (Bins(edges=(1, 2)), None, "integer", "part"),
    (TruncateDate(to="year"), None, "date", "part"),
    (Age(at="2026-01-01"), None, "date", "part"),
    (Hierarchy(file="x.csv", level=1), None, "string", "part"),
    (GeoPrefix(length=5), None, "string", "part"),
    (GeoPrefix(length=6), None, "string", "value"),
    (EmailDomain(), "EMAIL_ADDRESS", "string", "part"),
    (IpPrefix(), "IP_ADDRESS", "string", "part"),
    (IpPrefix(v4=25), "IP_ADDRESS", "string", "value"),
    (IpPrefix(v6=64), "IP_ADDRESS", "string", "value"),
    (Keep(), None, "string", "value"),
    (Round(to=5), None, "integer", "value"),
    (QuantileBins(count=4), None, "integer", "value"),
    (TopBottomCode(upper=9), None, "integer", "value"),
    (NOISE, None, "integer", "value"),
    (SHIFT, None, "date", "value"),
    (Permute(), None, "string", "value"),
    (Microaggregate(k=3), None, "integer", "value"),
    (FreeText(), "FREE_TEXT", "string", "part"),
    (Inside(fields={"[]": HmacToken()}), None, "nested", "token"),
    (Inside(fields={"[].a": Drop(), "[].b": Null()}), None, "nested", "nothing"),
    (Inside(fields={"[].amount": Keep(), "[].mail": HmacToken()}), None, "nested", "part"),
    (Inside(fields={"[].a[]": Keep()}), None, "nested", "value"),
    (Inside(fields={"[]": Permute()}), None, "nested", "value"),
)


def refused(technique: Technique, column: Any = None, *others: Any, **given: Any) -> CheckFailed:
    policy = policy_of(rule("r", technique), **given)
    with pytest.raises(CheckFailed) as caught:
        plan_of(policy, column or finding("x", role="direct-identifier"), *others)
    assert "rule r, column x" in caught.value.where
    return caught.value


def identifier(entity: str | None, dtype: str) -> Any:
    return finding("x", entity, "direct-identifier", dtype=dtype)


def name(case: tuple[Any, ...]) -> str:
    return f"{name_of(case[0])}-{case[1]}-{case[3]}"


def test_every_technique_is_decided() -> None:
    assert {type(technique) for technique, *_ in DECIDED} == {*get_args(Technique)}


@pytest.mark.parametrize("case", DECIDED, ids=name)
def test_what_a_technique_leaves_of_a_direct_identifier(case: tuple[Technique, str | None, str, Left]) -> None:
    technique, entity, _, left = case
    assert leaves(technique, entity) == left


@pytest.mark.parametrize("case", [case for case in DECIDED if case[3] == "value"], ids=name)
def test_what_leaves_a_direct_identifier_is_refused(case: tuple[Technique, str | None, str, Left]) -> None:
    technique, entity, dtype, _ = case
    error = refused(technique, identifier(entity, dtype), finding("other"), reversible=True)
    assert error.reason == "identifier-kept"


@pytest.mark.parametrize("case", [case for case in DECIDED if case[3] != "value"], ids=name)
def test_what_leaves_less_is_allowed(case: tuple[Technique, str | None, str, Left]) -> None:
    technique, entity, dtype, _ = case
    policy = policy_of(rule("r", technique), reversible=True)
    assert decide(policy, identifier(entity, dtype)).technique == technique


@pytest.mark.parametrize("case", [case for case in DECIDED if case[3] == "value"], ids=name)
def test_a_boundary_that_accepts_raw_data_allows_it(case: tuple[Technique, str | None, str, Left]) -> None:
    technique, entity, dtype, _ = case
    policy = policy_of(rule("r", technique, column=("x",)), level="raw", reversible=True)
    assert plan_of(policy, identifier(entity, dtype), finding("other")).decisions[0].technique == technique


# Values in clear, elsewhere


def test_permuted_values_that_hold_identifiers_are_refused() -> None:
    city = finding("x", "CITY", "quasi-identifier", embedded=("EMAIL_ADDRESS",))
    assert "may keep, with permute, values that hold EMAIL_ADDRESS" in refused(Permute(), city).what


def test_permuted_identifiers_are_a_direct_identifier_to_the_level() -> None:
    city = finding("x", "CITY", "quasi-identifier", embedded=("EMAIL_ADDRESS",))
    assert decide(policy_of(rule("r", Permute()), level="raw"), city).role == "direct-identifier"


# Text techniques on identifiers


@pytest.mark.parametrize("entity", ["EMAIL_ADDRESS", None])
def test_finding_entities_in_a_column_of_identifiers_is_refused(entity: str | None) -> None:
    assert refused(FreeText(), identifier(entity, "string")).reason == "text-technique-on-identifier"


@pytest.mark.parametrize(
    "column",
    [
        finding("x", "FREE_TEXT", "direct-identifier", embedded=("EMAIL_ADDRESS",)),
        finding("x", None, "direct-identifier", embedded=("EMAIL_ADDRESS",)),
        finding("x", "FREE_TEXT", "sensitive"),
    ],
)
def test_finding_entities_in_texts_is_what_it_is_for(column: Any) -> None:
    assert decide(policy_of(rule("r", FreeText())), column).technique == FreeText()


# Tokens that can be turned back


@pytest.mark.parametrize(
    ("technique", "dtype"),
    [
        (AesSiv(), "string"),
        (Ff1(), "string"),
        (Card(), "string"),
        (FreeText(entities={"CREDIT_CARD": Card()}), "string"),
        (FreeText(default=AesSiv()), "string"),
        (Inside(fields={"[].id": Ff1()}), "nested"),
        (Inside(fields={"[].note": FreeText(default=AesSiv())}), "nested"),
    ],
)
def test_a_token_that_the_key_turns_back_needs_a_boundary_that_says_so(technique: Technique, dtype: str) -> None:
    column = finding("x", "FREE_TEXT", "sensitive", dtype=dtype)
    assert refused(technique, column).reason == "not-reversible"
    assert refused(technique, column, level="raw").reason == "not-reversible"
    assert decide(policy_of(rule("r", technique), reversible=True), column).technique == technique


# Tokens that are too short


@pytest.mark.parametrize(
    ("technique", "distinct", "good"),
    [
        (HmacToken(length=4), 1, False),
        (HmacToken(length=8), 60, True),  # 60² / (2·16⁸) = 4.2e-7
        (HmacToken(length=8), 100, False),  # 1.2e-6
        (HmacToken(length=16), 6_000_000, True),  # 9.8e-7
        (HmacToken(length=16), 7_000_000, False),  # 1.3e-6
        (HmacToken(length=10, alphabet="digits"), 100, True),  # 5e-7
        (HmacToken(length=10, alphabet="digits"), 150, False),  # 1.1e-6
        (HmacToken(), 10**12, True),
    ],
)
def test_tokens_of_an_identifier_must_be_long_enough_for_its_values(technique: HmacToken, distinct: int, good: bool) -> None:
    column = finding("x", role="direct-identifier", distinct=distinct)
    policy = policy_of(rule("r", technique))
    if good:
        plan_of(policy, column, rows=10**13)
        return
    with pytest.raises(CheckFailed, match="token-too-short") as caught:
        plan_of(policy, column, rows=10**13)
    assert "Raise 'length'" in caught.value.do


def test_of_a_sample_all_rows_are_counted_since_each_may_be_another_value() -> None:
    column = finding("x", role="direct-identifier", distinct=10)
    policy = policy_of(rule("r", HmacToken(length=8)))
    plan_of(policy, column, rows=1_000)
    with pytest.raises(CheckFailed, match="token-too-short"):
        plan_of(policy, column, rows=1_000, scanned=100)


@pytest.mark.parametrize(
    "technique", [HmacToken(length=8, beside=("other",)), FreeText(entities={"EMAIL_ADDRESS": HmacToken(length=8)})]
)
def test_of_several_columns_and_of_texts_all_rows_are_counted(technique: Technique) -> None:
    column = finding("x", "FREE_TEXT", "direct-identifier", embedded=("EMAIL_ADDRESS",), distinct=10)
    with pytest.raises(CheckFailed, match="token-too-short"):
        plan_of(policy_of(rule("r", technique, column=("x",))), column, finding("other"), rows=1_000)


def test_short_tokens_of_what_identifies_nobody_are_allowed() -> None:
    decide(policy_of(rule("r", HmacToken(length=4))), finding("x", "CITY", "quasi-identifier", distinct=1_000))


# Columns that a technique names


@pytest.mark.parametrize(
    ("technique", "dtype"),
    [
        (HmacToken(beside=("othr",)), "string"),
        (DateShift(days=3, subject="othr"), "date"),
        (Noise(distribution="laplace", scale=1, subject="othr"), "integer"),
        (Surrogate(kind="name", sex="othr"), "string"),
        (FreeText(known=("othr",)), "string"),
        (Inside(fields={"[].note": FreeText(known=("othr",))}), "nested"),
        (Inside(fields={"[].day": DateShift(days=3, subject="othr")}), "nested"),
    ],
)
def test_a_column_that_a_technique_names_must_be_there(technique: Technique, dtype: str) -> None:
    error = refused(technique, finding("x", dtype=dtype), finding("other"))
    assert (error.reason, "'othr'" in error.what) == ("unknown-column", True)


@pytest.mark.parametrize(("named", "dtype"), [("x", "string"), ("other", "number"), ("other", "nested")])
def test_nor_may_it_be_the_column_itself_or_have_no_one_text(named: str, dtype: str) -> None:
    technique = HmacToken(beside=(named,))
    assert refused(technique, finding("x"), finding("other", dtype=dtype)).reason == "unknown-column"


# What no policy can say


def refused_text(tmp_path: Path, then: str) -> BadInput:
    path = tmp_path / "p.yaml"
    path.write_text(f"{HEAD}rules:\n  - {{name: a, when: {{column: x}}, then: {then}}}\n")
    with pytest.raises(BadInput) as caught:
        load_policy(path)
    assert "p.yaml:9, rule 'a'" in caught.value.where
    return caught.value


@pytest.mark.parametrize("word", ["hash", "sha256", "sha-512", "SHA3_256", "md5", "blake2b", "salted_hash", "hashed", "crc32"])
def test_a_plain_hash_is_no_technique(tmp_path: Path, word: str) -> None:
    error = refused_text(tmp_path, f'"{word}"')
    assert error.reason == "unknown-technique"
    assert "can be undone by trying all values: use hmac_token" in error.do


def test_nor_inside_another(tmp_path: Path) -> None:
    assert "use hmac_token" in refused_text(tmp_path, "{technique: free_text, default: md5}").do


@pytest.mark.parametrize("given", ["", ", subject: ", ', subject: ""'])
def test_dates_are_not_shifted_row_by_row(tmp_path: Path, given: str) -> None:
    error = refused_text(tmp_path, f"{{technique: date_shift, days: 30{given}}}")
    assert error.reason == "missing-parameter"
    assert "date_shift needs 'subject'" in error.what


@pytest.mark.parametrize(
    "operator",
    ["hash", "encrypt", "decrypt", "keep", "custom", "deanonymize_keep", "surrogate_ahds", "Hash",
     "presidio_anonymizer.operators:Hash", "presidio_anonymizer.operators.encrypt:Encrypt", "presidio_anonymizer.operators:Keep",
     "presidio_anonymizer.operators:DeanonymizeKeep", "presidio_anonymizer.operators:AHDSSurrogate"],
)  # fmt: skip
def test_operators_of_presidio_that_protect_nothing_or_need_a_secret(tmp_path: Path, operator: str) -> None:
    assert refused_text(tmp_path, f'{{technique: presidio, operator: "{operator}"}}').reason == "unsafe-technique"


@pytest.mark.parametrize("operator", ["nonsense", "a b:C", "os.system", ":C", "a:"])
def test_an_operator_that_is_neither_presidios_nor_a_class(tmp_path: Path, operator: str) -> None:
    assert refused_text(tmp_path, f'{{technique: presidio, operator: "{operator}"}}').reason == "bad-value"


@pytest.mark.parametrize("key", ["key", "salt", "api_key", "Secret", "password", "hash_salt"])
def test_a_secret_has_no_place_in_a_policy(tmp_path: Path, key: str) -> None:
    error = refused_text(tmp_path, f"{{technique: presidio, operator: a.b:C, parameters: {{{key}: s3cr3t}}}}")
    assert error.reason == "secret-in-policy"
    assert "s3cr3t" not in str(error)


@pytest.mark.parametrize(
    "then",
    [
        "{technique: noise, distribution: laplace, scale: 0}",
        "{technique: noise, distribution: laplace, scale: -1}",
        "{technique: microaggregate, k: 1}",
        "{technique: date_shift, days: 0, subject: y}",
        "{technique: hmac_token, length: 3}",
    ],
)
def test_parameters_that_change_nothing(tmp_path: Path, then: str) -> None:
    assert refused_text(tmp_path, then).reason == "malformed-policy"


@pytest.mark.parametrize(
    "then",
    [
        "{technique: ff1, alphabet: a}",
        '{technique: ff1, alphabet: ""}',
        "{technique: ff1, alphabet: abca}",
        "{technique: top_bottom_code}",
        "{technique: top_bottom_code, lower: 3, upper: 3}",
        "{technique: noise, distribution: laplace, scale: 1, lower: 3, upper: 2}",
        '{technique: age, at: "2026-02-30"}',
        '{technique: inside, fields: {"[].a": {technique: bins, edges: [2, 1]}}}',
    ],
)
def test_parameters_that_cannot_be_meant(tmp_path: Path, then: str) -> None:
    assert refused_text(tmp_path, then).reason == "bad-value"


def test_a_text_technique_that_leaves_most_of_what_it_finds(tmp_path: Path) -> None:
    assert refused_text(tmp_path, "{technique: free_text, min_score: 0.9}").reason == "unsafe-technique"


@pytest.mark.parametrize("then", ["permute", "{technique: noise, distribution: laplace, scale: 1}", "{technique: round, to: 1}"])
def test_a_rule_for_whatever_comes_may_not_leave_values(tmp_path: Path, then: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(f"{HEAD}rules:\n  - {{name: a, when: {{purpose: churn}}, then: {then}}}\n")
    with pytest.raises(BadInput, match="default-allow"):
        load_policy(path)
