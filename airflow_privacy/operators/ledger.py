"""Verify the ledger on a schedule."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Context

from airflow_privacy.hooks.workspace import open_workspace
from airflow_privacy.operators.base import PrivacyOperator, value_free_errors


class VerifyLedgerOperator(PrivacyOperator):
    """Recompute the whole ledger and compare it with its signed checkpoints and anchors; fail where it was bent."""

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - Airflow's signature
        from airflow_privacy.core.pipeline.proof import verify_ledger_of

        with value_free_errors():
            verified = verify_ledger_of(open_workspace())
            return {"entries": verified.size, "root": verified.root}
