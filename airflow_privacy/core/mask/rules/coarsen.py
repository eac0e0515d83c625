"""What ages, coded extremes, networks and quantile bins must look like."""

from __future__ import annotations

from airflow_privacy.core.mask.rules.base import Rule

RULES: dict[type, Rule] = {}
