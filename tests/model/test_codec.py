"""Canonical form, digests, and strict reading without values in errors."""

from __future__ import annotations

import pickle
import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput, PrivacyError, TerminalError, TransientError
from airflow_privacy.core.model.codec import canonical, digest_of, is_digest, parse
from airflow_privacy.core.model.findings import Role
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import HmacToken, Technique, name_of

SECRET = "ada.lovelace@example.org"


def decision(**changes: typing.Any) -> Decision:
    fields = {
        "column": "email",
        "dtype": "string",
        "entity": "EMAIL_ADDRESS",
        "role": "direct-identifier",
        "technique": HmacToken(),
        "rule": "tokens",
        "reason": "values look like e-mail",
    }
    return Decision(**{**fields, **changes})


def test_canonical_form_sorts_keys_and_has_no_blanks() -> None:
    assert canonical({"b": 1, "a": [1.0, "é"]}) == '{"a":[1,"é"],"b":1}'.encode()


@given(st.text(), st.text(), st.sampled_from(typing.get_args(Role)))
def test_what_was_written_reads_back_equal(column: str, reason: str, role: Role) -> None:
    written = decision(column=column, reason=reason, role=role)
    assert parse(Decision, canonical(written), where="test") == written


def test_digest_hangs_on_every_field() -> None:
    assert digest_of(decision()) != digest_of(decision(rule="other"))
    assert is_digest(digest_of(decision()))


@pytest.mark.parametrize(
    "data",
    [
        b'{"column":1}',
        b'{"column":"x","role":"ada.lovelace@example.org"}',
        b'{"technique":{"technique":"ada.lovelace@example.org"}}',
        b'{"column":"ada.lovelace@example.org"',
        b'"ada.lovelace@example.org"',
        b"\xff\xfe",
    ],
)
def test_reading_a_damaged_document_names_no_value(data: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        parse(Decision, data, where="plan.json")
    assert SECRET not in str(caught.value)
    assert "plan.json" in str(caught.value)


def test_an_unknown_field_is_refused() -> None:
    data = canonical({**msgspec.to_builtins(decision()), "extra": 1})
    with pytest.raises(BadInput, match="unknown field"):
        parse(Decision, data, where="plan.json")


def test_every_technique_has_a_name_of_its_own() -> None:
    names = [str(kind.__struct_config__.tag) for kind in typing.get_args(Technique)]
    assert len(set(names)) == len(names)
    assert name_of(HmacToken()) == "hmac_token"


def _leaves(kind: type[PrivacyError]) -> list[type[PrivacyError]]:
    below = kind.__subclasses__()
    return [leaf for child in below for leaf in _leaves(child)] if below else [kind]


@pytest.mark.parametrize("kind", _leaves(PrivacyError))
def test_every_error_says_whether_a_retry_can_help_and_survives_pickling(kind: type[PrivacyError]) -> None:
    error = kind("some-reason", "Something is wrong", where="file.csv", do="Mend it.")
    assert issubclass(kind, TerminalError) != issubclass(kind, TransientError)
    assert str(pickle.loads(pickle.dumps(error))) == "[some-reason] Something is wrong (file.csv). Mend it."  # noqa: S301
    assert kind.exit_code in (1, 2, 3, 4)
