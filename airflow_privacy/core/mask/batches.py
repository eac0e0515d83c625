"""Functions over whole columns inside expressions, and how an error gets out of them.

Polars makes a new exception of what a function raises: of the same type, with a text of its own as the only argument. Ours need
more than that, and others' may have a value in their text. So an error travels as the text of :class:`Stopped`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl

from airflow_privacy.core import errors
from airflow_privacy.core.errors import CheckFailed, PrivacyError


class Stopped(Exception):
    """An error on its way through Polars. :func:`original` gives it back."""


def by_batches(
    value: pl.Expr, run: Callable[[pl.Series], pl.Series], dtype: pl.DataType, column: str, *, rowwise: bool = True
) -> pl.Expr:
    """*value* through *run*, which gives a series of *dtype*, as many values as it got.

    What *run* raises arrives as :class:`Stopped`: a PrivacyError as it is, of anything else the name alone.
    """

    def guarded(values: pl.Series) -> pl.Series:
        try:
            return run(values)
        except Stopped:
            raise
        except PrivacyError as error:
            stopped = error
        except Exception as error:  # noqa: BLE001 - its message may hold values
            stopped = CheckFailed("masking-failed", f"Values could not be computed: {type(error).__name__}", where=column)
        raise Stopped(json.dumps([type(stopped).__name__, stopped.reason, stopped.what, stopped.where, stopped.do]))

    return value.map_batches(guarded, return_dtype=dtype, is_elementwise=rowwise)


def original(stopped: Stopped) -> PrivacyError:
    """The error that was raised inside."""
    kind, reason, what, where, do = json.loads(str(stopped).partition("\n")[0])
    found: type[PrivacyError] = getattr(errors, kind)
    return found(reason, what, where=where, do=do)
