"""A request to turn reversible tokens back into what they stand for."""

from __future__ import annotations

from typing import Annotated

import msgspec

from airflow_privacy.core.model.codec import Artifact


class Reversal(Artifact, frozen=True, kw_only=True, tag="reversal"):
    """Which columns of which dataset, for which purpose, and where the result goes. Its digest is what an approver agrees to.

    Parent: the dataset. No clock and no run: asking again gives the same digest.
    """

    dataset: str
    columns: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    purpose: str
    out: str
