"""Links from a task's page to what the plugin shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

FINDINGS = "findings"
"""The XCom key of the findings' reference."""


class FindingsLink(BaseOperatorLink):
    """The page with a detection's findings. It needs access to the DAG, and knows the findings by digest."""

    name = "Findings"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002 - Airflow's signature
        """A path on the API server; empty where the task found nothing."""
        from airflow.sdk.execution_time.xcom import XCom  # only a task that ended needs it

        found = XCom.get_value(ti_key=ti_key, key=FINDINGS)
        digest = found.get("digest") if isinstance(found, dict) else None
        if not isinstance(digest, str):
            return ""
        below = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
        return f"{below}/privacy/findings/{quote(ti_key.dag_id, safe='')}/{digest}"
