"""Surrogates: made-up values of the same kind, chosen from a pool by keyed hash."""

from __future__ import annotations

from airflow_privacy.core.mask.base import Spec

SPECS: dict[type, Spec] = {}
