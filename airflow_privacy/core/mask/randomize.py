"""Randomization (ISO/IEC 20889): noise, date shift by subject, permutation and microaggregation."""

from __future__ import annotations

from airflow_privacy.core.mask.base import Spec

SPECS: dict[type, Spec] = {}
