"""What is to be deleted, what was, and what was found when somebody looked again.

A plan names things by their place in a store: object keys, folders, tables. Keys and partition values can be data
(``mail=a@b.c``), so that what goes one by one is listed in a document of its own, ``purge-listing``, which tasks read and nothing
shows; plan and certificate hold its digest and counts.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from airflow_privacy.core.model.codec import Artifact, Value

Disposition: TypeAlias = Literal["expired", "held", "young", "future", "unknown"]
"""What becomes of one row, file or version. Only ``expired`` goes."""

Cause: TypeAlias = Literal["retention", "erasure"]

Method: TypeAlias = Literal[
    "delete-files",
    "delete-objects",
    "rewrite-files",
    "delete-rows",
    "rewrite-table",
    "drop-versions",
    "destroy-keys",
    "delete-traces",
]
"""How a step makes things go: files or whole partitions of a folder; objects of a bucket with every version; rows inside files;
rows of a table in a database; rows of a Delta or Iceberg table, with its old files; our own published versions; keys of a scope;
what Airflow itself keeps."""


class Item(Value, frozen=True, kw_only=True):
    """One thing that is to go. ``name`` is relative to the step's place.

    :param kind: ``file``, ``object``, ``marker`` (a delete marker), ``upload`` (unfinished multipart), ``version``, ``key``,
        ``trace``, ``table``.
    :param version: the object's version or upload id, where the store has such.
    :param sha256: of the content as it was planned, where a later change must not be deleted or rewritten with it.
    :param rows: how many rows of it go; 0 where it goes as a whole, or rows are not known.
    """

    kind: str
    name: str
    version: str = ""
    sha256: str = ""
    bytes: int = 0
    rows: int = 0


class Listing(Artifact, frozen=True, kw_only=True, tag="purge-listing"):
    """Every thing of one step, in the order in which they go."""

    items: tuple[Item, ...] = ()


class Kept(Value, frozen=True, kw_only=True):
    """What would have gone and stays, and why: ``legal-hold``, ``object-lock``, ``not-yet`` (old versions that may not go before
    ``until``), ``anonymous`` …

    :param until: RFC 3339 in UTC, where an end is known.
    :param by: the id of a hold, or of the rule of the store.
    """

    why: str
    count: int
    until: str = ""
    by: str = ""


class Step(Value, frozen=True, kw_only=True):
    """One place, and how things go there. ``counts`` by disposition, in ``unit``; what goes is ``counts["expired"]``.

    :param dataset: the id of the contract that the place belongs to.
    :param listing: digest of the :class:`Listing`; empty where things go by rule, as rows of a table do.
    :param oldest_days: age of the oldest thing that goes.
    :param reason: why, in a sentence.
    :param not_covered: what deleting here does not reach, sentence by sentence.
    """

    method: Method
    uri: str
    unit: Literal["files", "objects", "rows", "versions", "keys", "traces"]
    dataset: str
    counts: dict[str, int]
    bytes: int = 0
    oldest_days: int = 0
    listing: str = ""
    reason: str = ""
    kept: tuple[Kept, ...] = ()
    not_covered: tuple[str, ...] = ()


class PurgePlan(Artifact, frozen=True, kw_only=True, tag="purge-plan"):
    """What a purge would delete, and nothing else is deleted under it.

    :param contracts: digests of the contracts whose promises it keeps.
    :param as_of: the moment that ages are counted to, RFC 3339 in UTC.
    :param share: the largest share of any place that goes, 0 to 1.
    :param max_share: from which share on somebody must agree.
    :param request: of an erasure: the request's id.
    :param deadline: of an erasure: when it must be done, RFC 3339 in UTC.
    """

    cause: Cause
    contracts: tuple[str, ...]
    as_of: str
    steps: tuple[Step, ...]
    holds: tuple[str, ...] = ()
    lawful_basis: str = ""
    share: float = 0.0
    max_share: float = 1.0
    request: str = ""
    deadline: str = ""

    @property
    def needs_approval(self) -> bool:
        """Whether it is too large to be carried out without somebody's agreement."""
        return self.share > self.max_share


class Looked(Value, frozen=True, kw_only=True):
    """What looking again at one step's place found. ``left`` should have gone and is there; ``kept`` stays for a reason."""

    uri: str
    method: Method
    looked: int
    left: int
    gone: int
    kept: tuple[Kept, ...] = ()


class Look(Artifact, frozen=True, kw_only=True, tag="purge-look"):
    """What the second look at every step of a plan found: what the certificate is made of, whoever goes on after a crash.

    :param spared: of each step the digest of a :class:`Listing` of what was planned and stayed, because a hold was placed since;
        empty where nothing did.
    """

    plan: str
    looked: tuple[Looked, ...]
    spared: tuple[str, ...]


class Certificate(Artifact, frozen=True, kw_only=True, tag="certificate"):
    """That things are gone: what was planned, what the second look found, and what it does not cover. Signed as a DSSE envelope.

    :param at: when the second look was, RFC 3339 in UTC.
    :param checkpoint: of the ledger that holds the fact of this purge (C2SP signed note).
    :param look_again: when to look again, RFC 3339 in UTC.
    """

    plan: str
    cause: Cause
    at: str
    looked: tuple[Looked, ...]
    not_covered: tuple[str, ...]
    look_again: str
    fact: int
    checkpoint: str
    request: str = ""


class Hold(Artifact, frozen=True, kw_only=True, tag="hold"):
    """A legal hold: what it covers is not purged before somebody lifts it, or it ends.

    It covers a dataset, or of it one partition, or one subject. A subject is named by a keyed digest, never by value.

    :param dataset: a contract's id, or ``*`` for all.
    :param partition: ``column=value`` as the folder is called, where the hold is of one partition.
    :param subject: HMAC-SHA-256 of the subject's key in the key scope of holds, in hexadecimal.
    :param owner: user name of who answers for it.
    :param placed_at: RFC 3339 in UTC. :param ends_at: likewise; empty where no end is set.
    """

    id: str
    dataset: str
    owner: str
    because: str
    placed_at: str
    ends_at: str = ""
    partition: str = ""
    subject: str = ""
