"""Erasure in a published dataset: a successor without the subject's rows takes its place, and what held them is revoked, then deleted.

A stub of the interface; the work follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import polars as pl

from airflow_privacy.core.pipeline.workspace import Caller, Workspace

Left: TypeAlias = Literal["", "anonymous", "no-link", "key-destroyed", "not-published"]
"""Why a dataset is left as it is: nobody can be found in it; none of its columns leads to the subject; the key that would lead
there was destroyed; there is no version at the place. Empty where it was looked through."""

BelowThreshold: TypeAlias = Literal["fail", "suppress", "withdraw"]
"""What becomes of a successor whose risk is above what the boundary allows: nothing happens and an error says so; rows of classes
that became too small go too; or the dataset is taken down without a successor."""


@dataclass(frozen=True, kw_only=True)
class HeldVersion:
    """One version in a dataset's folder that holds rows of the subject. ``passports`` are the digests of its passports."""

    version: str
    rows: int
    current: bool
    passports: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InPublished:
    """What a dataset holds of a subject: counts, names and digests only.

    :param versions: those that hold rows of it; empty where none does.
    :param columns: by which released columns rows were looked for.
    :param looked: how many versions, :param rows_looked: how many rows were looked through.
    :param because: a sentence for :attr:`left`.
    :param not_covered: what looking for rows by these columns cannot see, sentence by sentence.
    """

    uri: str
    versions: tuple[HeldVersion, ...] = ()
    columns: tuple[str, ...] = ()
    looked: int = 0
    rows_looked: int = 0
    left: Left = ""
    because: str = ""
    not_covered: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of the subject over all versions."""
        return sum(version.rows for version in self.versions)


@dataclass(frozen=True, kw_only=True)
class Successor:
    """What an erasure did to a published dataset; the same in a run that was killed and repeated.

    :param version: what is published now; empty where nothing is. :param passport: its passport's digest.
    :param revoked: digests of the passports that do not hold any more.
    :param erased: version → rows of the subject that went with it.
    :param models: models that learned from one of these versions.
    """

    uri: str
    request: str
    version: str = ""
    passport: str = ""
    level: str = ""
    erased: Mapping[str, int]
    revoked: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    left: Left = ""
    because: str = ""
    not_covered: tuple[str, ...] = ()

    def asset_extra(self) -> dict[str, str]:
        """What the asset event carries to consumers: the version that is current now, and its passport."""
        return {"version": self.version, "passport": self.passport, "privacy_level": self.level, "because": "erasure"}


def count_in_published(workspace: Workspace, *, uri: str, subject_values: Mapping[str, pl.Series]) -> InPublished:
    """Look for a subject's rows in every version of the dataset at *uri*; nothing is changed.

    :param uri: the folder of a published, or of a staged dataset.
    :param subject_values: source column → the subject's values in it, in clear, as the source has them; a row is the subject's
        where one of these columns holds one of them. Where a token stands for several columns together, these have to be given
        in equal length, row by row.
    :raises VerificationError: a version's files do not hold against its manifest.
    """
    raise NotImplementedError


def erase_from_published(
    workspace: Workspace,
    caller: Caller,
    *,
    uri: str,
    subject_values: Mapping[str, pl.Series],
    request: str,
    below_threshold: BelowThreshold = "fail",
) -> Successor:
    """Publish a successor without the subject's rows in place of the current version, and delete every version that held them.

    :param request: the id of the erasure's request; no value of the subject.
    :raises CheckFailed: ``successor-risk``: the successor would not hold the boundary's thresholds; nothing was changed.
    """
    raise NotImplementedError
