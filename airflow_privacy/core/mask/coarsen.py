"""Generalization of ages, extremes, network addresses and e-mail addresses, and by edges that the column itself gives."""

from __future__ import annotations

from airflow_privacy.core.mask.base import Spec

SPECS: dict[type, Spec] = {}
