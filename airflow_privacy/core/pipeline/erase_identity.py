"""Whose row it is, as one text a row: the key where there is one, else the values that people are matched by. And its digests.

Texts are canonical (``core/mask/canonical``), so that a number and its digits, or a date and its text, are the same person in
whichever format a place holds them. They are compared as they are: nothing is trimmed or folded where rows are deleted by it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import polars as pl

from airflow_privacy.core.errors import BadInput, KeyUnavailable
from airflow_privacy.core.keyring import list_keys
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.dtypes import family
from airflow_privacy.core.mask.pseudonymization.pseudonymize import hmac_sha256
from airflow_privacy.core.model.codec import canonical
from airflow_privacy.core.pipeline.workspace import Workspace
from airflow_privacy.core.retention.erasure.review import Review
from airflow_privacy.core.retention.erasure.subject import Subject

SCOPE = "*/erasure/*"
"""The key scope of erasures: ``airflow-privacy keys init --scope '*/erasure/*'``."""

_TECHNIQUE = "hmac_token"
_MISSING, _PART = "\x00", "\x1f"


@dataclass(frozen=True)
class Digester:
    """HMAC-SHA-256 under one version of the scope's key."""

    version: int
    _key: str = field(repr=False)

    def of(self, texts: pl.Series) -> pl.Series:
        """Digests in hexadecimal; null stays."""
        column = texts.cast(pl.String).alias("text")
        return column.to_frame().select(hmac_sha256(pl.col("text"), self._key).alias("digest")).to_series()

    def of_text(self, text: str) -> str:
        """The digest of one text, as artifacts name digests."""
        return f"sha256:{self.of(pl.Series([text], dtype=pl.String))[0]}"


def digester(workspace: Workspace, version: int | None = None) -> Digester:
    """The newest key of the scope, or that version.

    :raises KeyUnavailable: the scope has no key, or this version was destroyed.
    """
    versions = [key.version for key in list_keys(workspace.home) if key.scope == SCOPE]
    if not versions:
        raise KeyUnavailable(
            "key-missing",
            "The key scope of erasures has no key",
            where=SCOPE,
            do=f"Run airflow-privacy keys init --scope '{SCOPE}'.",
        )
    chosen = max(versions) if version is None else version
    return Digester(chosen, workspace.keyring().technique_key(SCOPE, _TECHNIQUE, chosen).hex())


def texts_of(values: pl.Series) -> pl.Series:
    """Canonical texts; null where there is none."""
    column = values.alias("value")
    kind = family(column.dtype)
    if kind == "nested" or kind is None:
        return pl.Series("value", [None] * len(column), dtype=pl.String)
    if column.dtype.is_float():  # whole numbers that a null turned into floats elsewhere
        whole = pl.col("value").cast(pl.Int64, strict=False)
        same = pl.when(whole == pl.col("value")).then(whole.cast(pl.String)).otherwise(pl.col("value").cast(pl.String))
        return column.to_frame().select(same).to_series()
    return column.to_frame().select(canonical_text("value", column.dtype).cast(pl.String).alias("value")).to_series()


def identities(rows: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """``k:<key>`` for every row, ``r:<values>`` where it has no key; null where it has neither.

    :param columns: the key first, then what is compared.
    """
    key, *fields = [texts_of(rows[name]).alias(str(number)) for number, name in enumerate(columns)]
    found = pl.concat_str(pl.lit("k:"), pl.col("0"))
    if fields:
        names = [column.name for column in fields]
        parts = pl.concat_str([pl.col(name).fill_null(_MISSING) for name in names], separator=_PART)
        whole = pl.when(pl.any_horizontal(pl.col(name).is_not_null() for name in names)).then(pl.concat_str(pl.lit("r:"), parts))
        found = pl.coalesce(found, whole)
    return pl.DataFrame([key, *fields]).select(found.alias("identity")).to_series()


def keys_among(found: Collection[str]) -> list[str]:
    """The keys of those identities that are one."""
    return [identity[2:] for identity in found if identity.startswith("k:")]


def is_one_of(
    columns: Sequence[str], wanted: Collection[str], digest: Digester | None = None
) -> Callable[[pl.DataFrame], pl.Series]:
    """Whether a row is the subject's: by identities, or by their digests."""
    known = pl.Series(sorted(wanted), dtype=pl.String)

    def judge(rows: pl.DataFrame) -> pl.Series:
        found = identities(rows, columns)
        if digest is not None:
            found = digest.of(found)
        return found.is_in(known.implode()).fill_null(value=False)

    return judge


def require_columns(there: Collection[str], wanted: Sequence[str], *, where: str) -> None:
    """:raises BadInput: a column is missing."""
    missing = [name for name in wanted if name not in there]
    if missing:
        do = "Correct privacy.subjectKey of the contract."
        raise BadInput("no-such-column", f"The place has no column {missing[0]!r}", where=where, do=do)


def bound_to(workspace: Workspace, subject: Subject) -> str:
    """The keyed digest of a confirmed person: a plan is of this one, and of nobody who was confirmed or rejected later."""
    return digester(workspace).of_text(canonical(subject).decode())


def review_digest(workspace: Workspace, review: Review) -> str:
    """The keyed digest of a review."""
    return digester(workspace).of_text(canonical(review).decode())
