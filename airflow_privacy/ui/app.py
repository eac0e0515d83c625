"""What the API server shows below ``/privacy``. Nobody who is not signed in is answered.

``/checkpoint`` is the newest anchored checkpoint, ``/keys`` the public keys to check it with, ``/findings/{dag_id}/{digest}``
what a detection of that DAG found, for who may read the DAG.
"""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse, PlainTextResponse

from airflow_privacy import config
from airflow_privacy.core.errors import PrivacyError
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.ledger.view import LedgerView
from airflow_privacy.core.model.codec import is_digest
from airflow_privacy.core.model.findings import Findings
from airflow_privacy.ui.findings_page import HEADERS, findings_page


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

    @app.get(
        "/findings/{dag_id}/{digest}",
        response_class=HTMLResponse,
        dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.XCOM))],
    )
    def findings(dag_id: str, digest: str) -> HTMLResponse:
        found = _findings_of(dag_id, digest)
        if found is None:
            raise HTTPException(404, "This DAG has no such findings")
        return HTMLResponse(findings_page(found, digest), headers=HEADERS)

    return app


def _findings_of(dag_id: str, digest: str) -> Findings | None:
    """Findings that a run of this DAG made, by the ledger: access to one DAG shows nothing of another one's tables."""
    ledger = config.home() / "ledger.db"
    if not is_digest(digest) or not ledger.is_file():
        return None
    try:
        made = any(fact.run.partition("/")[:2] == (dag_id, "/") for _, fact in LedgerView(ledger).find("findings", digest))
        return ArtifactStore(config.artifacts()).find(Findings, digest) if made else None
    except PrivacyError:
        return None
