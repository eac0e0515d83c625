"""Reversible pseudonyms: AES-SIV (RFC 5297), FF1 (NIST SP 800-38G) and payment cards."""

from __future__ import annotations

from airflow_privacy.core.mask.base import Spec

SPECS: dict[type, Spec] = {}
