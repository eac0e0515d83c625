"""DSSE envelopes."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from airflow_privacy.core.attest.dsse import open_envelope, open_value, pae, sign_value
from airflow_privacy.core.errors import VerificationError

TYPE = "http://example.com/HelloWorld"


class Greeting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    hello: str


@pytest.fixture
def envelope(signer) -> bytes:
    return sign_value(Greeting(hello="world"), payload_type=TYPE, signer=signer)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def signed(signer, payload: bytes, payload_type: str = TYPE) -> bytes:
    signature = {"keyid": "", "sig": encoded(signer.sign(pae(payload_type, payload)))}
    return json.dumps({"payload": encoded(payload), "payloadType": payload_type, "signatures": [signature]}).encode()


def test_pae_is_the_specifications_example() -> None:
    assert pae(TYPE, b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_pae_counts_bytes() -> None:
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_signature_is_rfc_8032s_over_the_pae() -> None:
    """RFC 8032, section 7.1, test 1: the key; the signature by an independent path over the same octets."""
    private = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )

    class Rfc:
        key_id = "rfc"
        sign = staticmethod(private.sign)

    assert private.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")
    envelope = json.loads(sign_value(Greeting(hello="world"), payload_type=TYPE, signer=Rfc()))
    message = b'DSSEv1 29 http://example.com/HelloWorld 17 {"hello":"world"}'
    assert base64.b64decode(envelope["signatures"][0]["sig"]) == private.sign(message)


def test_an_envelope_holds_exactly_the_fields_of_dsse(envelope, signer) -> None:
    found = json.loads(envelope)
    assert sorted(found) == ["payload", "payloadType", "signatures"]
    assert found["payloadType"] == TYPE
    assert base64.b64decode(found["payload"]) == b'{"hello":"world"}'
    assert found["signatures"][0]["keyid"] == signer.key_id


def test_a_signed_value_comes_back(envelope, signer) -> None:
    assert open_value(Greeting, envelope, payload_type=TYPE, public_key=signer.public_key) == Greeting(hello="world")


def test_signing_twice_gives_the_same_bytes(envelope, signer) -> None:
    assert sign_value(Greeting(hello="world"), payload_type=TYPE, signer=signer) == envelope


def refused(envelope: bytes, key: bytes, payload_type: str = TYPE) -> str:
    with pytest.raises(VerificationError) as caught:
        open_value(Greeting, envelope, payload_type=payload_type, public_key=key)
    return caught.value.reason


def test_another_key_is_refused(envelope, other_signer) -> None:
    assert refused(envelope, other_signer.public_key) == "bad-signature"


def test_an_edited_payload_is_refused(envelope, signer) -> None:
    found = json.loads(envelope)
    found["payload"] = encoded(b'{"hello":"wurld"}')
    assert refused(json.dumps(found).encode(), signer.public_key) == "bad-signature"


def test_an_edited_signature_is_refused(envelope, signer) -> None:
    found = json.loads(envelope)
    signature = bytearray(base64.b64decode(found["signatures"][0]["sig"]))
    signature[0] ^= 1
    found["signatures"][0]["sig"] = encoded(bytes(signature))
    assert refused(json.dumps(found).encode(), signer.public_key) == "bad-signature"


def test_a_payload_type_that_was_not_signed_is_refused(envelope, signer) -> None:
    found = json.loads(envelope) | {"payloadType": "other"}
    assert refused(json.dumps(found).encode(), signer.public_key, "other") == "bad-signature"


def test_an_envelope_of_another_type_is_refused(envelope, signer) -> None:
    assert refused(envelope, signer.public_key, "other") == "wrong-payload-type"


def test_no_signature_is_refused(envelope, signer) -> None:
    found = json.loads(envelope) | {"signatures": []}
    assert refused(json.dumps(found).encode(), signer.public_key) == "bad-signature"


def test_a_key_id_decides_nothing(envelope, signer, other_signer) -> None:
    found = json.loads(envelope)
    found["signatures"][0]["keyid"] = "another"
    assert open_envelope(json.dumps(found).encode(), payload_type=TYPE, public_key=signer.public_key)
    assert refused(json.dumps(found).encode(), other_signer.public_key) == "bad-signature"


def test_a_second_signature_does_no_harm(envelope, signer) -> None:
    found = json.loads(envelope)
    found["signatures"].insert(0, {"keyid": "x", "sig": encoded(b"\0" * 64)})
    assert open_envelope(json.dumps(found).encode(), payload_type=TYPE, public_key=signer.public_key)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"junk", b'{"payload":"***","payloadType":"t","signatures":[]}', b"\xff"])
def test_what_is_no_envelope_is_refused(signer, data) -> None:
    assert refused(data, signer.public_key) == "malformed-envelope"


def test_an_unknown_field_in_the_envelope_is_refused(envelope, signer) -> None:
    assert refused(json.dumps(json.loads(envelope) | {"extra": 1}).encode(), signer.public_key) == "malformed-envelope"


@pytest.mark.parametrize("payload", [b'{"hello": "world"}', b'{"hello":"world","extra":1}', b"{}", b"junk"])
def test_a_signed_payload_that_is_not_canonical_is_refused(signer, payload) -> None:
    assert refused(signed(signer, payload), signer.public_key) == "malformed-payload"


def test_a_malformed_payloads_content_is_not_shown(signer) -> None:
    with pytest.raises(VerificationError) as caught:
        payload = b'{"hello":{"canary":"4111111111111111"}}'
        open_value(Greeting, signed(signer, payload), payload_type=TYPE, public_key=signer.public_key)
    assert "4111" not in str(caught.value)
    assert caught.value.__cause__ is None
