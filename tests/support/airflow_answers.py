"""Answers of Airflow's API v2 about the runs of one DAG, on a server of this process: what a real Airflow cannot be made to say
at will. Paths are decoded before they are split, as Airflow's are."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "eyJ.canary.token"


@dataclass
class Answers:
    """What it says. Runs by id, oldest first, each with state and end; ``busy`` are runs of which a task may still write.

    :param page_limit: ``[api] maximum_page_limit``. :param statuses: said instead, one a request, until there is none left.
    :param body: said instead, always. :param asked: method and path as they came.
    """

    dag_id: str = "people"
    runs: dict[str, tuple[str, str]] = field(default_factory=dict)
    busy: list[str] = field(default_factory=list)
    audit: int = 0
    page_limit: int = 100
    statuses: list[int] = field(default_factory=list)
    body: bytes | None = None
    refuses_deletion: bool = False
    knows_cursors: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, target: str, token: str) -> tuple[int, Any]:
        self.asked.append((method, target))
        if self.statuses:
            return self.statuses.pop(0), {"detail": token}
        if token != f"Bearer {TOKEN}":
            return 401, {"detail": f"refused {token}"}
        parts = urlsplit(target)
        path, query = unquote(parts.path).split("/")[3:], parse_qs(parts.query, keep_blank_values=True)
        if path == ["eventLogs"]:
            return 200, {"event_logs": [], "total_entries": self.audit}
        if path[:1] != ["dags"] or path[1:2] != [self.dag_id] or path[2:3] != ["dagRuns"]:
            return 404, {"detail": "Not Found"}
        if len(path) == 3:
            return 200, self._page("dag_runs", [self._run(run_id) for run_id in self.runs], query)
        if len(path) == 5 and path[4] == "taskInstances":
            busy = [run_id for run_id in self.busy if path[3] in ("~", run_id)]
            return 200, self._page("task_instances", [{"dag_run_id": run_id} for run_id in busy], query)
        if len(path) != 4 or path[3] not in self.runs:
            return 404, {"detail": "Not Found"}
        if method == "DELETE" and not self.refuses_deletion:
            del self.runs[path[3]]
        return 200, self._run(path[3]) if path[3] in self.runs else {}

    def _run(self, run_id: str) -> dict[str, Any]:
        state, ended = self.runs[run_id]
        return {"dag_run_id": run_id, "state": state, "end_date": ended or None}

    def _page(self, name: str, entries: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
        limit = min(self.page_limit, int(query["limit"][0]))
        begin = int(query.get("cursor", ["0"])[0] or 0) if self.knows_cursors else 0
        page: dict[str, Any] = {name: entries[begin : begin + limit], "total_entries": len(entries)}
        if self.knows_cursors:
            page["next_cursor"] = str(begin + limit) if begin + limit < len(entries) else None
        return page


@contextmanager
def answering(answers: Answers) -> Iterator[Answers]:
    """The server, as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            status, said = answers.answer(self.command, self.path, self.headers.get("Authorization", ""))
            body = answers.body if answers.body is not None else json.dumps(said).encode()
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", f"{answers.url}/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_DELETE = _reply  # noqa: N815 - names that the base class asks for

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    answers.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
