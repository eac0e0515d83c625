"""The root key in a connection or in AWS KMS: what it unwraps, what it refuses, which failures are worth a retry."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from airflow_privacy import provider_info
from airflow_privacy.core.errors import BadInput, KeyServiceUnavailable, KeyUnavailable
from airflow_privacy.core.keyring import Wrapper, init_keys, open_keyring, rotate_scope
from airflow_privacy.hooks.keyring import KeyringHook, KmsWrapper, key_wrapper
from airflow_privacy.hooks.workspace import open_workspace

SCOPE = "training/churn/ml-team"
ROOT = bytes(range(32))

pytestmark = pytest.mark.usefixtures("connections")


def connection(monkeypatch: pytest.MonkeyPatch, password: str, name: str = "PRIVACY_KEYRING") -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({"conn_type": "privacy_keyring", "password": password}))


def root(option: str) -> Wrapper:
    found = key_wrapper(option)
    assert found is not None
    return found


@pytest.fixture(params=["connection", "aws-kms", "aws-kms by alias"])
def elsewhere(request: pytest.FixtureRequest, client: Any, key: str, monkeypatch: pytest.MonkeyPatch) -> Wrapper:
    connection(monkeypatch, ROOT.hex())
    if request.param == "connection":
        return root("connection://privacy_keyring")
    if request.param == "aws-kms":
        return root(f"aws-kms://keys/{key}")
    client.create_alias(AliasName=f"alias/{key}", TargetKeyId=key)
    return root(f"aws-kms://keys/alias/{key}")


def test_scope_keys_are_wrapped_there_and_no_root_lies_here(elsewhere: Wrapper, tmp_path: Path) -> None:
    created = init_keys(tmp_path, scopes=[SCOPE], wrapper=elsewhere)
    assert [name.rpartition(":")[0] for name in created] == ["approval", "passport", "checkpoint", SCOPE]
    assert not (tmp_path / "keyring/root").exists()
    found = open_keyring(tmp_path, wrapper=elsewhere).scope_key(SCOPE)
    assert created[-1] == f"{SCOPE}:{found.id}"
    (stored,) = (tmp_path / "keyring/scopes").iterdir()
    assert base64.b64encode(found.secret.reveal()).decode() not in stored.read_text()
    assert rotate_scope(tmp_path, SCOPE, wrapper=elsewhere).version == 2


def test_init_again_creates_nothing(elsewhere: Wrapper, tmp_path: Path) -> None:
    init_keys(tmp_path, scopes=[SCOPE], wrapper=elsewhere)
    assert init_keys(tmp_path, scopes=[SCOPE], wrapper=elsewhere) == ()


def test_a_key_relabelled_for_another_scope_is_refused(elsewhere: Wrapper, tmp_path: Path) -> None:
    init_keys(tmp_path, scopes=[SCOPE, "a/b/c"], wrapper=elsewhere)
    ours, other = sorted(
        (tmp_path / "keyring/scopes").iterdir(), key=lambda path: json.loads(path.read_bytes())["scope"] == "a/b/c"
    )
    other.write_text(json.dumps(json.loads(ours.read_bytes()) | {"scope": "a/b/c"}))
    with pytest.raises(KeyUnavailable, match="does not unwrap"):
        open_keyring(tmp_path, wrapper=elsewhere).scope_key("a/b/c")


def test_a_keyring_of_another_kind_of_root_is_refused_by_name(elsewhere: Wrapper, tmp_path: Path) -> None:
    init_keys(tmp_path, scopes=[SCOPE], wrapper=elsewhere)
    with pytest.raises(KeyUnavailable, match=r"Set \[privacy\] keyring"):
        open_keyring(tmp_path)
    with pytest.raises(KeyUnavailable, match="root-key-missing"):
        init_keys(tmp_path)
    local = tmp_path / "local"
    init_keys(local, scopes=[SCOPE])
    with pytest.raises(KeyUnavailable, match="key-of-another-root"):
        open_keyring(local, wrapper=elsewhere).scope_key(SCOPE)
    with pytest.raises(KeyUnavailable, match="key-of-another-root"):
        init_keys(local, scopes=["a/b/c"], wrapper=elsewhere)


def test_an_exposed_wrapped_key_is_refused_wherever_the_root_lies(elsewhere: Wrapper, tmp_path: Path) -> None:
    init_keys(tmp_path, scopes=[SCOPE], wrapper=elsewhere)
    next((tmp_path / "keyring/scopes").iterdir()).chmod(0o644)
    with pytest.raises(KeyUnavailable, match="key-exposed"):
        open_keyring(tmp_path, wrapper=elsewhere)


@pytest.mark.parametrize("dump", [pickle.dumps, copy.deepcopy])
def test_an_opened_root_cannot_be_dumped_or_shown(elsewhere: Wrapper, tmp_path: Path, dump: Any) -> None:
    init_keys(tmp_path, scopes=[SCOPE], wrapper=elsewhere)
    keyring = open_keyring(tmp_path, wrapper=elsewhere)
    secret = keyring.scope_key(SCOPE).secret.reveal()
    values = [keyring.scope_key(SCOPE), KeyringHook().get_conn()]
    if isinstance(elsewhere, KmsWrapper):
        values.append(elsewhere)
    for value in values:
        with pytest.raises(TypeError):
            dump(value)
    shown = "".join(f"{value!r}{value!s}" for value in (keyring, elsewhere, *values))
    assert secret.hex() not in shown
    assert ROOT.hex() not in shown
    assert "nothing" not in shown


@pytest.mark.parametrize(
    "encode", [bytes.hex, lambda b: base64.b64encode(b).decode(), lambda b: base64.urlsafe_b64encode(b).decode()]
)
def test_the_connections_password_may_be_hexadecimal_or_base64(
    encode: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    octets = bytes(range(200, 232))
    connection(monkeypatch, octets.hex())
    init_keys(tmp_path, scopes=[SCOPE], wrapper=root("connection://privacy_keyring"))
    connection(monkeypatch, f" {encode(octets)}\n", name="AGAIN")
    assert open_keyring(tmp_path, wrapper=root("connection://again")).scope_key(SCOPE).version == 1


@pytest.mark.parametrize("password", ["", "canary", "00" * 31, "00" * 33, base64.b64encode(bytes(16)).decode(), "ä" * 64])
def test_a_password_that_is_no_root_key_is_refused_and_not_repeated(
    password: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    connection(monkeypatch, password)
    with pytest.raises(KeyUnavailable, match=r"root-key-malformed.*openssl") as caught:
        init_keys(tmp_path, scopes=[SCOPE], wrapper=root("connection://privacy_keyring"))
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_another_password_unwraps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connection(monkeypatch, ROOT.hex())
    init_keys(tmp_path, scopes=[SCOPE], wrapper=root("connection://privacy_keyring"))
    connection(monkeypatch, "11" * 32)
    with pytest.raises(KeyUnavailable, match="does not unwrap"):
        open_keyring(tmp_path, wrapper=root("connection://privacy_keyring")).scope_key(SCOPE)


@pytest.mark.parametrize("option", ["connection://missing", "aws-kms://missing/key"])
def test_a_connection_that_is_not_there_is_refused_by_name(option: str, tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match=r"no-connection.*missing"):
        init_keys(tmp_path, scopes=[SCOPE], wrapper=root(option))


def test_a_secrets_backend_that_fails_can_be_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def failing(*given: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr("airflow_privacy.hooks.keyring.BaseHook.get_connection", failing)
    with pytest.raises(KeyServiceUnavailable, match="RuntimeError") as caught:
        init_keys(tmp_path, scopes=[SCOPE], wrapper=root("connection://privacy_keyring"))
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_task_that_only_signs_needs_no_right_to_the_root(tmp_path: Path, key: str) -> None:
    init_keys(tmp_path, scopes=[SCOPE], wrapper=root(f"aws-kms://keys/{key}"))
    assert open_keyring(tmp_path, wrapper=root("connection://missing")).signer("checkpoint").name == "checkpoint"


def test_another_kms_key_unwraps_nothing(client: Any, key: str, tmp_path: Path) -> None:
    init_keys(tmp_path, scopes=[SCOPE], wrapper=root(f"aws-kms://keys/{key}"))
    other = client.create_key()["KeyMetadata"]["KeyId"]
    with pytest.raises(KeyUnavailable):
        open_keyring(tmp_path, wrapper=root(f"aws-kms://keys/{other}")).scope_key(SCOPE)


def test_a_missing_kms_key_is_terminal(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match=r"key-service-denied.*NotFoundException"):
        init_keys(tmp_path, scopes=[SCOPE], wrapper=root(f"aws-kms://keys/{'0' * 8}-0000-0000-0000-{'0' * 12}"))


def test_kms_that_does_not_answer_can_be_asked_again(tmp_path: Path) -> None:
    with pytest.raises(KeyServiceUnavailable, match="key-service-failed") as caught:
        init_keys(tmp_path, scopes=[SCOPE], wrapper=root("aws-kms://nowhere/key"))
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.__suppress_context__


class _Answering:
    """A client that fails as boto3's does, with one code; it keeps what it was asked."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.asked: dict[str, Any] = {}

    def encrypt(self, **given: Any) -> Any:
        self.asked = given
        error = RuntimeError("canary")
        error.response = {"Error": {"Code": self.code, "Message": "canary"}}  # type: ignore[attr-defined]
        raise error

    decrypt = encrypt


CODES = {
    "AccessDeniedException": KeyUnavailable, "ExpiredTokenException": KeyUnavailable, "KMSInvalidStateException": KeyUnavailable,
    "InvalidCiphertextException": KeyUnavailable, "DisabledException": KeyUnavailable,
    "ThrottlingException": KeyServiceUnavailable,
    "KMSInternalException": KeyServiceUnavailable, "DependencyTimeoutException": KeyServiceUnavailable,
}  # fmt: skip


@pytest.mark.parametrize("code", list(CODES))
def test_what_a_retry_can_help_is_told_from_what_it_cannot(code: str) -> None:
    with pytest.raises(CODES[code]) as caught:
        KmsWrapper(lambda: _Answering(code), "key").unwrap(b"x", {"scope": SCOPE})
    assert "canary" not in str(caught.value)


def test_the_encryption_context_names_scope_version_and_id(tmp_path: Path) -> None:
    client = _Answering("AccessDeniedException")
    with pytest.raises(KeyUnavailable, match="AccessDenied"):
        init_keys(tmp_path, scopes=[SCOPE], wrapper=KmsWrapper(lambda: client, "key"))
    context = client.asked["EncryptionContext"]
    assert (context["scope"], context["version"]) == (SCOPE, "1")
    assert set(context) == {"what", "scope", "version", "id", "created"}


@pytest.mark.parametrize(
    "option", ["aws-kms://", "aws-kms://keys/", "aws-kms:keys/key", "connection://", "canary", "connection://a/b"]
)
def test_a_malformed_option_is_refused(option: str) -> None:
    with pytest.raises(BadInput, match="bad-keyring-option"):
        key_wrapper(option)


def test_tasks_find_the_root_by_the_option(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init_keys(tmp_path, scopes=[SCOPE], wrapper=root(f"aws-kms://keys/{key}"))
    monkeypatch.setenv("AIRFLOW__PRIVACY__HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__PRIVACY__KEYRING", f"aws-kms://keys/{key}")
    assert open_workspace().keyring().scope_key(SCOPE).version == 1
    assert "nothing" not in repr(open_workspace())
    monkeypatch.delenv("AIRFLOW__PRIVACY__KEYRING")
    assert open_workspace().key_wrapper is None


def test_the_connection_type_is_registered_with_its_form() -> None:
    (kind,) = provider_info.get_provider_info()["connection-types"]
    assert kind["connection-type"] == KeyringHook.conn_type
    assert kind["hook-class-name"] == f"{KeyringHook.__module__}.{KeyringHook.__qualname__}"
    assert "password" in KeyringHook.get_ui_field_behaviour()["relabeling"]
