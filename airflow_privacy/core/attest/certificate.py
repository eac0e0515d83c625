"""Certificates of deletion: signed with the passport key, so that whoever has the public key can check them offline.

Protects against: a certificate that was edited, made up, or is of another plan. Not against: a holder of the passport key, or
things that came back since; only looking again shows that.
"""

from __future__ import annotations

from airflow_privacy.core.attest.dsse import Signer, open_value, sign_value
from airflow_privacy.core.attest.times import instant
from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.model.codec import is_digest
from airflow_privacy.core.model.purge import Certificate

PAYLOAD_TYPE = "application/vnd.airflow-privacy.purge-certificate+json"


def sign_certificate(certificate: Certificate, signer: Signer) -> bytes:
    """The envelope of *certificate*. Ed25519 is deterministic: the same certificate and key give the same bytes."""
    return sign_value(certificate, payload_type=PAYLOAD_TYPE, signer=signer)


def verify_certificate(envelope: bytes, public_key: bytes, *, plan: str | None = None) -> Certificate:
    """The certificate that *public_key* signed.

    :param plan: digest of the plan that it must be of.
    :raises VerificationError: malformed, changed, signed by another key, of another plan, or it says itself that something
        was left.
    """
    certificate = open_value(Certificate, envelope, payload_type=PAYLOAD_TYPE, public_key=public_key)
    instant(certificate.at, where="at")
    instant(certificate.look_again, where="look_again")
    if not is_digest(certificate.plan) or (plan is not None and certificate.plan != plan):
        raise _refused("wrong-plan", "The certificate is of another plan", "plan")
    if any(looked.left for looked in certificate.looked):
        raise _refused("not-gone", "The certificate itself says that something was left", "looked")
    return certificate


def _refused(reason: str, what: str, where: str) -> VerificationError:
    return VerificationError(reason, what, where=f"certificate, {where}", do="Purge again, and ask whoever signed it.")
