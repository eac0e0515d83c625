"""Python functions inside Polars expressions: whole columns at a time, over distinct values, with errors that come out whole.

An eager frame makes a function's exception anew from its class and its text, so that an error with several parts is lost on the
way. :func:`by_batches` carries the parts as one text; :func:`restored` gives the error back where the frame was computed.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl

from airflow_privacy.core import errors
from airflow_privacy.core.errors import CheckFailed, PrivacyError


class BatchFailed(Exception):
    """A :class:`PrivacyError` on its way through the engine: its one argument holds the error's class and parts as JSON."""


def mapped(value: pl.Expr, function: Callable[[pl.Series], pl.Series], column: str) -> pl.Expr:
    """*function* over the text *value*: a series to one of the same length, each element by itself; named *column* inside."""
    return by_batches(value, lambda series: function(series.alias(column)), pl.String(), column)


def by_batches(
    value: pl.Expr, function: Callable[[pl.Series], pl.Series], dtype: pl.DataType, column: str, *, rowwise: bool = True
) -> pl.Expr:
    """*value* through *function*, which gives a series of *dtype*, as many values as it got.

    Whatever else than a :class:`PrivacyError` comes out of *function* is cut off: its message may hold values.

    :param rowwise: each element by itself.
    """

    def run(series: pl.Series) -> pl.Series:
        try:
            return function(series)
        except BatchFailed:
            raise
        except PrivacyError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - its message may hold values
            failure = CheckFailed(
                "masking-failed", f"Column {column!r} could not be masked: {type(error).__name__} while computing its values"
            )
        raise BatchFailed(_packed(failure))

    return value.map_batches(run, return_dtype=dtype, is_elementwise=rowwise)


def restored(failed: BatchFailed) -> PrivacyError:
    """The error that :func:`by_batches` carried."""
    text = str(failed)  # the engine adds the expression behind it
    (kind, reason, what, where, do), _ = json.JSONDecoder().raw_decode(text, text.index("["))
    made: PrivacyError = getattr(errors, kind)(reason, what, where=where, do=do)
    return made


def over_distinct(texts: pl.Series, function: Callable[[pl.Series], pl.Series], *, always: bool = False) -> pl.Series:
    """*function* over the distinct texts that are not missing, and each row's result; null stays null.

    :param always: also where most values differ. Without it they are then computed row by row, which is less work than finding
        equal ones for a fast function.
    """
    present = texts.drop_nulls()
    if not present.len():
        return texts.cast(pl.String)
    if not always and 2 * present.n_unique() > present.len():
        return over_present(texts, function)
    distinct = present.unique()
    made = pl.DataFrame([distinct.alias("from"), function(distinct).alias("to")])
    joined = texts.alias("from").to_frame().join(made, on="from", how="left", maintain_order="left")
    return joined["to"].alias(texts.name)


def over_present(texts: pl.Series, function: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """*function* over the texts that are not missing; null stays null."""
    present = texts.drop_nulls()
    made = function(present) if present.len() else present.cast(pl.String)
    if present.len() == texts.len():
        return made.alias(texts.name)
    there = texts.is_not_null()
    at = pl.select(pl.when(there).then(there.cast(pl.UInt32).cum_sum() - 1)).to_series()
    return made.gather(at).alias(texts.name)


def _packed(error: PrivacyError) -> str:
    return json.dumps([type(error).__name__, error.reason, error.what, error.where, error.do])
