"""Which strong entities are still in a table: the check after masking."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect import patterns
from airflow_privacy.core.detect.phones.spelling import is_phone
from airflow_privacy.core.detect.tally import as_text

_CANDIDATES = 500
_STRONG = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS")


def find_entities(frame: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """The entities that occur anywhere in the texts of each column (strings, categories, text in binary or nested columns);
    columns without any are left out.

    Looked for are mail addresses, international telephone numbers (confirmed by the numbering plan), cards (issuer and Luhn),
    IBANs (country, length and check digits), US social security numbers and IP addresses. Hexadecimal tokens and partial masks
    are none. Names, places and national telephone numbers are not looked for.
    """
    found = {}
    for column in frame.get_columns():
        text = as_text(column, _text_type(column.dtype))
        if text is None:
            continue
        values = text.drop_nulls().unique()
        if values.is_empty():
            continue
        held = patterns.held(values, national=False)
        if "PHONE_NUMBER" in held and not _any_phone(values.gather(held["PHONE_NUMBER"])):
            del held["PHONE_NUMBER"]
        entities = tuple(entity for entity in _STRONG if entity in held)
        if entities:
            found[column.name] = entities
    return found


def _any_phone(values: pl.Series) -> bool:
    runs = patterns.phone_runs(values, national=False).str.replace_all(r"^[^+0-9]+|[^0-9]+$", "").unique()
    few = runs.to_frame("run").bottom_k(_CANDIDATES, by=pl.col("run").hash(0))["run"]
    return any(is_phone(run) for run in few)


def _text_type(dtype: pl.DataType) -> str:
    if dtype in (pl.String, pl.Categorical) or isinstance(dtype, pl.Enum):
        return "string"
    if dtype == pl.Binary:
        return "binary"
    return "nested" if dtype.is_nested() else "other"
