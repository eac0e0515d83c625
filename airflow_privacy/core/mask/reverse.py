"""Turning reversible tokens back."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.model.techniques import Technique


def reverse_column(series: pl.Series, technique: Technique, key: str) -> pl.Series:
    """What the tokens of a column stand for."""
    raise NotImplementedError(technique, key, series.name)
