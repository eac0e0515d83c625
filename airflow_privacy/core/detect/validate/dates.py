"""Parts of dates in identity numbers."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from airflow_privacy.core.detect.validate.letters import Flags

_Parts = npt.NDArray[np.integer[Any]]
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def exists(year: _Parts, month: _Parts, day: _Parts) -> Flags:
    """Whether days are in the Gregorian calendar."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    real = (month >= 1) & (month <= 12)
    length = _DAYS[np.where(real, month, 0)] + (leap & (month == 2))
    found: Flags = real & (day >= 1) & (day <= length)
    return found


def today() -> datetime.date:
    """The day of the machine's clock, as Presidio takes it."""
    return datetime.date.today()
