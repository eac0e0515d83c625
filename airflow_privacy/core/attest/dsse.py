"""DSSE v1 envelopes (secure-systems-lab/dsse), signed with Ed25519 (RFC 8032), payloads in canonical JSON (RFC 8785).

The signature covers payload type and payload. ``keyid`` is a hint and decides nothing: the caller says which key to trust.
"""

from __future__ import annotations

import base64
import binascii
from typing import Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.model.codec import canonical, parse

T = TypeVar("T", bound=msgspec.Struct)
_DO = "Do not use it; ask whoever signed it."


class Signer(Protocol):
    """What an envelope needs of a signing key."""

    @property
    def key_id(self) -> str:
        """The public key's fingerprint."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature, 64 bytes."""


class _Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    keyid: str = ""
    sig: str


class _Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    payload: str
    payload_type: str = msgspec.field(name="payloadType")
    signatures: tuple[_Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Pre-authentication encoding: ``DSSEv1 <length> <type> <length> <payload>``, lengths in bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_value(value: msgspec.Struct, *, payload_type: str, signer: Signer) -> bytes:
    """The envelope of *value*'s canonical JSON, itself canonical JSON."""
    payload = canonical(value)
    signature = _Signature(keyid=signer.key_id, sig=_encode(signer.sign(pae(payload_type, payload))))
    return canonical(_Envelope(payload=_encode(payload), payload_type=payload_type, signatures=(signature,)))


def open_value(kind: type[T], envelope: bytes, *, payload_type: str, public_key: bytes) -> T:
    """The value in an envelope that *public_key* signed; further signatures are not judged.

    :raises VerificationError: no envelope, another payload type, no signature by this key, or not the canonical form of a
        *kind*.
    """
    payload = open_envelope(envelope, payload_type=payload_type, public_key=public_key)
    try:
        value = parse(kind, payload, where=payload_type)
    except BadInput as error:
        problem = error.what
    else:
        if canonical(value) == payload:
            return value
        problem = "The payload is not in canonical form"
    raise VerificationError("malformed-payload", problem, where=payload_type, do=_DO)


def open_envelope(envelope: bytes, *, payload_type: str, public_key: bytes) -> bytes:
    """The payload of an envelope that *public_key* signed.

    :raises VerificationError: no envelope, another payload type, or no signature by this key.
    """
    try:
        found = msgspec.json.decode(envelope, type=_Envelope)
        payload = base64.b64decode(found.payload, validate=True)
        signatures = [base64.b64decode(signature.sig, validate=True) for signature in found.signatures]
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        raise VerificationError("malformed-envelope", "This is not a DSSE envelope", where=payload_type, do=_DO) from None
    if found.payload_type != payload_type:
        raise VerificationError("wrong-payload-type", "The envelope holds something else", where=payload_type, do=_DO)
    message = pae(payload_type, payload)
    if not any(_holds(signature, message, public_key) for signature in signatures):
        raise VerificationError("bad-signature", "The envelope was changed, or another key signed it", where=payload_type, do=_DO)
    return payload


def _holds(signature: bytes, message: bytes, public_key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
