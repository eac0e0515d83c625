"""The plugin: read-only routes below ``/privacy``, for signed-in users only."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin


class PrivacyPlugin(AirflowPlugin):
    """Registered by the package's entry point; ``plugins/`` holds a shim for people who mount the folder instead."""

    name = "privacy"

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Built when the API server asks: every other process loads plugins too, and FastAPI costs two seconds."""
        from airflow_privacy.ui.app import create_app

        return [{"app": create_app(), "url_prefix": "/privacy", "name": "Privacy"}]
