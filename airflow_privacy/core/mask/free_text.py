"""Entities inside free text, replaced in their place."""

from __future__ import annotations

from airflow_privacy.core.mask.base import Spec

SPECS: dict[type, Spec] = {}
