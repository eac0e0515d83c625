"""The passport's content: an in-toto Statement (v1) whose predicate is ours. It travels with a published dataset."""

from __future__ import annotations

import msgspec

from airflow_privacy.core.model.codec import Value
from airflow_privacy.core.model.levels import PrivacyLevel

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://airflow-privacy.dev/release/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


class Subject(Value, frozen=True, kw_only=True):
    """One published file: ``digest`` maps ``sha256`` to bare hexadecimal digits, as in-toto wants it."""

    name: str
    digest: dict[str, str]


class Release(Value, frozen=True, kw_only=True, omit_defaults=True):
    """What the publisher states. Digests lead to the artifacts; ``checkpoint`` fixes the ledger as it was at publication.

    ``succeeds`` is the passport of the version that this one was made of by leaving rows out, ``because`` why. Such a version has
    no approvals of its own: the passport that it succeeds names those, and cannot be outlived by it.
    """

    dataset: str
    version: str
    manifest: str
    evidence: str
    plan: str
    risk: str
    approvals: tuple[str, ...]
    level: PrivacyLevel
    k: int
    purpose: str
    recipient: str
    destination: str
    issued_at: str
    expires_at: str
    checkpoint: str
    succeeds: str = ""
    because: str = ""


class Statement(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"type_": "_type", "predicate_type": "predicateType"},
):
    """in-toto Statement v1."""

    type_: str = STATEMENT_TYPE
    subject: tuple[Subject, ...]
    predicate_type: str = PREDICATE_TYPE
    predicate: Release
