"""``GET /privacy/checkpoint``: the newest anchored checkpoint. ``GET /privacy/keys``: the public keys to check it with."""

from __future__ import annotations

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, HTTPException
from fastapi.responses import PlainTextResponse

from airflow_privacy import config


def create_app() -> FastAPI:
    """The application. Its own documentation routes are off: they would answer anybody."""
    app = FastAPI(title="airflow-privacy", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/checkpoint", response_class=PlainTextResponse)
    def checkpoint(user: GetUserDep) -> str:  # noqa: ARG001 - being signed in is the condition
        anchors = sorted((config.home() / "anchors").glob("*"))
        if not anchors:
            raise HTTPException(404, "There is no anchored checkpoint yet")
        return anchors[-1].read_text()

    @app.get("/keys")
    def keys(user: GetUserDep) -> dict[str, str]:  # noqa: ARG001 - being signed in is the condition
        public = config.home() / "keyring" / "public"
        return {path.stem: path.read_text() for path in sorted(public.glob("*"))}

    return app
