"""What a person approves, the approval, and the facts that the ledger keeps."""

from __future__ import annotations

from typing import Literal

from airflow_privacy.core.model.codec import Artifact, Value


class Evidence(Artifact, frozen=True, kw_only=True, tag="evidence"):
    """The digest over this is what an approver sees and the transfer checks again. No clock, no run: retries give the same."""

    dataset: str
    risk: str


class Approval(Artifact, frozen=True, kw_only=True, tag="approval"):
    """One answer to one request. ``requester`` is ``None`` for a scheduled run. Times are RFC 3339 in UTC."""

    evidence: str
    nonce: str
    dag_id: str
    run_id: str
    task_id: str
    requester: str | None
    responder: str
    decision: Literal["approve", "reject"]
    answered_at: str
    expires_at: str
    comment: str = ""


class Link(Value, frozen=True, kw_only=True):
    """A fact's reference to an artifact."""

    kind: str
    digest: str


class Fact(Value, frozen=True, kw_only=True):
    """One entry of the ledger: what happened, to what, by whom. Digests, names and counts; never a value.

    ``kind`` is a past participle: ``checked``, ``detected``, ``planned``, ``masked``, ``assessed``, ``requested``, ``answered``,
    ``released``, ``transferred``, ``registered`` (``reason`` names the model), ``reidentified`` (the purpose), ``exported`` (the
    format), ``refused``, ``revoked`` (why), ``key-created``, ``key-rotated``, ``key-destroyed`` (``reason`` names scope, version
    and id, and what it means for tokens and files). Of purges: ``started`` (the first deletion under a plan), ``purged`` (the
    second look found nothing left), ``certified``, ``verified`` (a later look; ``reason`` says what it found), ``hold-placed``,
    ``hold-lifted``.
    """

    kind: str
    at: str
    actor: str
    run: str = ""
    task: str = ""
    links: tuple[Link, ...] = ()
    counts: dict[str, int] = {}
    reason: str = ""


class LedgerPosition(Value, frozen=True, kw_only=True):
    """Where a fact stands: its index, and the signed checkpoint (C2SP signed note) of the tree that holds it."""

    index: int
    leaf: str
    checkpoint: str
