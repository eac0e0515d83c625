"""What every technique has in common: a name, frozen parameters, nothing that computes."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]
NonNegative = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

Step: TypeAlias = Literal["trim", "nfkc", "casefold", "digits", "email", "phone"]
"""One step of normalisation before a value is tokenised, in the order given: white space at both ends; Unicode NFKC (UAX #15)
and full case folding; digits only; an e-mail address (trimmed, domain folded and without a trailing dot); a telephone number in
E.164, read with the technique's ``region`` where it is national."""


class TechniqueBase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="technique"):
    """Base of every technique; its tag is the name that a policy writes."""
