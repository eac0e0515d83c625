"""What the validations take from the installed Presidio at run time: tables, and recognizers asked once a distinct text.

The only module here that imports presidio_analyzer, and only when one of these is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import polars as pl


@cache
def recognizer(name: str) -> Any:
    """A predefined recognizer as it is without arguments."""
    from presidio_analyzer import predefined_recognizers

    return getattr(predefined_recognizers, name)()


@cache
def iban_formats() -> Mapping[str, str]:
    """A regular expression for the IBANs of each country."""
    from presidio_analyzer.predefined_recognizers.generic import iban_patterns

    return dict(iban_patterns.regex_per_country)


def asked(name: str, texts: pl.Series) -> pl.Series:
    """What ``validate_result`` of recognizer *name* says of *texts*; Python, once a distinct text."""
    validate = recognizer(name).validate_result
    distinct = texts.unique()
    said = pl.Series([None if (held := validate(text)) is None else bool(held) for text in distinct], dtype=pl.Boolean)
    return texts.replace_strict(distinct, said, return_dtype=pl.Boolean)
