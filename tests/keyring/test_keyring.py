"""The local keyring: what it creates, what it refuses, what it hides."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import multiprocessing
import os
import pickle
import stat
from pathlib import Path

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.keyring import init_keys, open_keyring, public_keys

SCOPE = "training/churn/ml-team"
OTHER = "training/churn/vendor"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    init_keys(tmp_path / "home", scopes=[SCOPE, OTHER])
    return tmp_path / "home"


def private_files(home: Path) -> list[Path]:
    return [path for path in (home / "keyring").rglob("*") if path.is_file() and path.parent.name != "public"]


def scope_file(home: Path, scope: str) -> Path:
    return next(path for path in (home / "keyring/scopes").iterdir() if json.loads(path.read_bytes())["scope"] == scope)


def test_init_creates_root_signing_keys_and_scope_keys(tmp_path: Path) -> None:
    created = init_keys(tmp_path, scopes=[SCOPE])
    assert [name.rpartition(":")[0] for name in created] == ["root", "approval", "passport", "checkpoint", SCOPE]
    keyring = open_keyring(tmp_path)
    assert created[1] == f"approval:{keyring.signer('approval').key_id}"
    assert created[4] == f"{SCOPE}:{keyring.scope_key(SCOPE).id}"


def test_private_files_are_closed_and_public_files_are_open(home: Path) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in private_files(home)} == {0o600}
    assert len(private_files(home)) == 6
    assert stat.S_IMODE((home / "keyring").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home / "keyring/public").iterdir()} == {0o644}


def test_modes_hold_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        init_keys(tmp_path, scopes=[SCOPE])
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in private_files(tmp_path)} == {0o600}


def test_init_again_leaves_every_byte_as_it_is(home: Path) -> None:
    before = {path: path.read_bytes() for path in (home / "keyring").rglob("*") if path.is_file()}
    assert init_keys(home, scopes=[SCOPE]) == ()
    assert {path: path.read_bytes() for path in (home / "keyring").rglob("*") if path.is_file()} == before


def test_init_again_adds_only_the_missing_scope(home: Path) -> None:
    created = init_keys(home, scopes=[SCOPE, "a/b/c"])
    assert [name.rpartition(":")[0] for name in created] == ["a/b/c"]


def _init(home: Path) -> list[str]:
    return list(init_keys(home, scopes=[SCOPE]))


def test_processes_that_init_at_once_end_with_one_set_of_keys(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        created = [name for names in pool.map(_init, [tmp_path] * 4, chunksize=1) for name in names]
    assert len(created) == len(set(created)) == 5
    assert f"{SCOPE}:{open_keyring(tmp_path).scope_key(SCOPE).id}" in created


def test_scope_key_is_stable_and_its_own(home: Path) -> None:
    keyring = open_keyring(home)
    assert keyring.scope_key(SCOPE).secret.reveal() == open_keyring(home).scope_key(SCOPE).secret.reveal()
    assert keyring.scope_key(SCOPE).secret.reveal() != keyring.scope_key(OTHER).secret.reveal()
    assert (keyring.scope_key(SCOPE).version, keyring.scope_key(SCOPE).scope) == (1, SCOPE)


def test_technique_keys_differ_by_technique_and_scope(home: Path) -> None:
    keyring = open_keyring(home)
    keys = {keyring.technique_key(scope, name).hex() for scope in (SCOPE, OTHER) for name in ("hmac_token", "aes_siv")}
    assert len(keys) == 4
    assert all(len(bytes.fromhex(key)) == 32 for key in keys)
    assert keyring.technique_key(SCOPE, "hmac_token").hex() in keys


def test_missing_scope_names_the_scope_and_the_command(home: Path) -> None:
    with pytest.raises(KeyUnavailable, match=r"airflow-privacy keys init --scope 'prod/fraud model/bank'") as caught:
        open_keyring(home).scope_key("prod/fraud model/bank")
    assert "prod/fraud model/bank" in caught.value.what


def test_missing_version_is_refused(home: Path) -> None:
    with pytest.raises(KeyUnavailable, match="version 2"):
        open_keyring(home).scope_key(SCOPE, version=2)


@pytest.mark.parametrize("scope", ["", "a/b", "a/b/c/d/e", "a/b/c/", "a//c", " a/b/c", "a/b\n/c", "a/b/c\0"])
def test_malformed_scope_is_refused(home: Path, scope: str) -> None:
    with pytest.raises(BadInput):
        init_keys(home, scopes=[scope])
    with pytest.raises(BadInput):
        open_keyring(home).scope_key(scope)


@pytest.mark.parametrize("scope", ["training/*/*", "*/*/*/customers", "a/b/c/d"])
def test_a_scope_may_leave_parts_open_and_name_a_dataset(home: Path, scope: str) -> None:
    init_keys(home, scopes=[scope])
    assert open_keyring(home).scope_key(scope).scope == scope


def test_no_keyring_says_what_to_run_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="Run airflow-privacy keys init"):
        open_keyring(tmp_path)
    with pytest.raises(KeyUnavailable, match="Run airflow-privacy keys init"):
        public_keys(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_open_to_others_is_refused(home: Path, mode: int) -> None:
    for path in private_files(home):
        path.chmod(mode)
        with pytest.raises(KeyUnavailable, match="key-exposed"):
            open_keyring(home)
        path.chmod(0o600)
    open_keyring(home)


def test_a_folder_open_to_others_is_refused(home: Path) -> None:
    (home / "keyring").chmod(0o750)
    with pytest.raises(KeyUnavailable, match="chmod 700"):
        open_keyring(home)


def test_init_refuses_an_exposed_keyring(home: Path) -> None:
    (home / "keyring/root").chmod(0o644)
    with pytest.raises(KeyUnavailable, match="key-exposed"):
        init_keys(home, scopes=["a/b/c"])


def test_another_owner_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: ours + 1)
    with pytest.raises(KeyUnavailable, match="key-wrong-owner"):
        open_keyring(home)


def test_exposure_after_opening_is_seen_at_use(home: Path) -> None:
    keyring = open_keyring(home)
    scope_file(home, SCOPE).chmod(0o644)
    (home / "keyring/passport.pem").chmod(0o644)
    with pytest.raises(KeyUnavailable, match="key-exposed"):
        keyring.scope_key(SCOPE)
    with pytest.raises(KeyUnavailable, match="key-exposed"):
        keyring.signer("passport")


def test_a_symbolic_link_is_refused(home: Path, tmp_path: Path) -> None:
    root = home / "keyring/root"
    root.rename(tmp_path / "elsewhere")
    root.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyUnavailable, match="symbolic link"):
        open_keyring(home)


def test_a_short_root_is_refused(home: Path) -> None:
    (home / "keyring/root").write_bytes(b"x" * 31)
    with pytest.raises(KeyUnavailable, match="key-damaged"):
        open_keyring(home)


def test_another_root_unwraps_nothing(home: Path) -> None:
    (home / "keyring/root").write_bytes(b"x" * 32)
    with pytest.raises(KeyUnavailable, match="does not unwrap"):
        open_keyring(home).scope_key(SCOPE)
    with pytest.raises(KeyUnavailable, match="does not unwrap"):
        init_keys(home, scopes=["a/b/c"])


def test_a_lost_root_is_not_replaced(home: Path) -> None:
    (home / "keyring/root").unlink()
    with pytest.raises(KeyUnavailable, match="root-key-missing"):
        init_keys(home)
    assert not (home / "keyring/root").exists()


def test_a_lost_signing_key_is_not_replaced(home: Path) -> None:
    (home / "keyring/approval.pem").unlink()
    with pytest.raises(KeyUnavailable, match="signing-key-missing"):
        init_keys(home)


def test_a_lost_public_key_is_written_again(home: Path) -> None:
    before = dict(public_keys(home))
    (home / "keyring/public/passport.pem").unlink()
    assert init_keys(home) == ()
    assert public_keys(home) == before


@pytest.mark.parametrize("field", ["scope", "version", "id", "created", "by", "wrapped"])
def test_every_field_of_a_wrapped_key_is_bound(home: Path, field: str) -> None:
    path = scope_file(home, SCOPE)
    stored, other = json.loads(path.read_bytes()), json.loads(scope_file(home, OTHER).read_bytes())
    stored[field] = {"version": 2, "created": "2020-01-01T00:00:00+00:00", "by": "aws-kms"}.get(field, other[field])
    path.write_text(json.dumps(stored))
    with pytest.raises(KeyUnavailable, match=r"key-damaged|key-of-another-root"):
        open_keyring(home).scope_key(SCOPE)


def test_a_wrapped_key_under_another_scopes_name_is_refused(home: Path) -> None:
    scope_file(home, SCOPE).write_bytes(scope_file(home, OTHER).read_bytes())
    with pytest.raises(KeyUnavailable, match="another scope"):
        open_keyring(home).scope_key(SCOPE)


def test_a_key_relabelled_for_another_scope_is_refused(home: Path) -> None:
    stored = json.loads(scope_file(home, SCOPE).read_bytes())
    scope_file(home, OTHER).write_text(json.dumps(stored | {"scope": OTHER}))
    with pytest.raises(KeyUnavailable, match="does not unwrap"):
        open_keyring(home).scope_key(OTHER)


def test_a_key_relabelled_as_a_newer_version_is_refused(home: Path) -> None:
    path = scope_file(home, SCOPE)
    newer = path.with_name(path.name.replace(".v1.", ".v2."))
    newer.touch(mode=0o600)
    newer.write_text(json.dumps(json.loads(path.read_bytes()) | {"version": 2}))
    with pytest.raises(KeyUnavailable, match="does not unwrap"):
        open_keyring(home).scope_key(SCOPE)
    assert open_keyring(home).scope_key(SCOPE, version=1).version == 1


@pytest.mark.parametrize("data", [b"", b"junk", b"{}"])
def test_damaged_key_files_are_refused(home: Path, data: bytes) -> None:
    scope_file(home, SCOPE).write_bytes(data)
    (home / "keyring/approval.pem").write_bytes(data)
    (home / "keyring/public/passport.pem").write_bytes(data)
    keyring = open_keyring(home)
    with pytest.raises(KeyUnavailable, match="key-damaged"):
        keyring.scope_key(SCOPE)
    with pytest.raises(KeyUnavailable, match="key-damaged"):
        keyring.signer("approval")
    with pytest.raises(KeyUnavailable, match="key-damaged"):
        public_keys(home)


def test_a_signing_key_that_is_not_the_published_one_is_refused(home: Path) -> None:
    (home / "keyring/approval.pem").write_bytes((home / "keyring/passport.pem").read_bytes())
    with pytest.raises(KeyUnavailable, match="published public key"):
        open_keyring(home).signer("approval")


def test_an_unknown_signer_is_refused(home: Path) -> None:
    with pytest.raises(BadInput, match="approval, passport, checkpoint"):
        open_keyring(home).signer("../root")


def test_public_keys_need_no_private_key(home: Path) -> None:
    signer = open_keyring(home).signer("checkpoint")
    for path in private_files(home):
        path.unlink()
    keys = public_keys(home)
    assert sorted(keys) == ["approval", "checkpoint", "passport"]
    assert (keys["checkpoint"].key_id, keys["checkpoint"].public_key) == (signer.key_id, signer.public_key)


def test_secrets_are_in_no_repr(home: Path) -> None:
    keyring = open_keyring(home)
    values = [keyring, keyring.scope_key(SCOPE), keyring.technique_key(SCOPE, "hmac_token"), keyring.signer("approval")]
    octets = [(home / "keyring/root").read_bytes(), values[1].secret.reveal(), values[2].secret.reveal()]
    shown = "".join(f"{value!r}{value!s}" for value in values)
    assert not [secret for secret in octets if secret.hex() in shown or repr(secret) in shown]
    assert "PRIVATE" not in shown


@pytest.mark.parametrize("dump", [pickle.dumps, copy.deepcopy, dataclasses.asdict, msgspec.to_builtins, msgspec.json.encode])
@pytest.mark.parametrize("which", ["keyring", "scope", "technique", "signer"])
def test_secrets_cannot_be_dumped(home: Path, which: str, dump: object) -> None:
    keyring = open_keyring(home)
    value = {
        "keyring": lambda: keyring,
        "scope": lambda: keyring.scope_key(SCOPE),
        "technique": lambda: keyring.technique_key(SCOPE, "hmac_token"),
        "signer": lambda: keyring.signer("approval"),
    }[which]()
    with pytest.raises((TypeError, msgspec.MsgspecError)):
        dump(value)


def test_a_key_file_of_the_first_schema_is_still_read(home: Path) -> None:
    root, path = (home / "keyring/root").read_bytes(), scope_file(home, SCOPE)
    octets, nonce = bytes(range(32)), bytes(12)
    key_id = HKDF(algorithm=SHA256(), length=8, salt=None, info=b"airflow-privacy key id v1").derive(octets).hex()
    bound = {"schema": 1, "what": "airflow-privacy scope key", "scope": SCOPE, "version": 1, "id": key_id}
    wrapped = AESGCM(root).encrypt(nonce, octets, rfc8785.dumps(bound))
    del bound["what"]
    encoded = {"nonce": base64.b64encode(nonce).decode(), "wrapped": base64.b64encode(wrapped).decode()}
    path.write_text(json.dumps(bound | encoded))
    assert open_keyring(home).scope_key(SCOPE).secret.reveal() == octets


def test_a_home_that_cannot_be_written_is_a_key_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyUnavailable, match="keyring-not-writable"):
        init_keys(tmp_path / "file" / "home")
