"""Python values of one column, as JSON and Avro decoders give them, as a column of text or of lists of text."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

_JSON = msgspec.json.Encoder(enc_hook=str)


def text_series(name: str, values: list[Any]) -> pl.Series:
    """Texts as they are, other values in JSON."""
    return pl.Series(name, [None if value is None else _text(value) for value in values], dtype=pl.String)


def nested_series(name: str, values: list[Any]) -> pl.Series:
    """Lists as lists of text; a map is the list of its pairs, a single value the list of itself."""
    return pl.Series(name, [None if value is None else _elements(value) for value in values], dtype=pl.List(pl.String))


def _elements(value: Any) -> list[str | None]:
    if isinstance(value, dict):
        return [_text({key: inner}) for key, inner in value.items()]
    whole = value if isinstance(value, list) else [value]
    return [None if element is None else _text(element) for element in whole]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    return _JSON.encode(value).decode() if isinstance(value, dict | list | bool | int | float) else str(value)
