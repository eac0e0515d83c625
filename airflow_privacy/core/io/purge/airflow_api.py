"""The few requests of Airflow's REST API (v2) that a purge of its traces makes.

Run ids, notes and configurations can be data: no error names a run or repeats an answer, only the server and the status. A
redirect is not followed, since it could carry the token to another host.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from airflow_privacy.core.errors import BadInput, StorageUnavailable

ENDED = ("success", "failed")
"""States of a run that has ended."""

ACTIVE = (
    "awaiting_input",
    "deferred",
    "queued",
    "restarting",
    "running",
    "scheduled",
    "up_for_reschedule",
    "up_for_retry",
)
"""States of a task instance that may still write."""

_PAGE = 100
_AGAIN = (0.25, 1.0, 2.0)
"""Seconds before a request is made again after a server error."""


@dataclass(frozen=True, kw_only=True)
class DagRun:
    """One run, by what its age is counted from. ``ended`` is RFC 3339 as the server tells it; empty while it has not ended."""

    run_id: str = field(repr=False)
    state: str
    ended: str

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED and bool(self.ended)


@dataclass(frozen=True, kw_only=True)
class AirflowApi:
    """An API server, and a token of a user who may read and delete runs.

    :param url: without a path of the API, as people open it in a browser. Holds no credentials.
    :param token: a bearer token (JWT).
    :param timeout: of one request, in seconds.
    """

    url: str
    token: str = field(repr=False)
    timeout: float = 30.0

    def __post_init__(self) -> None:
        if not _is_server(self.url):
            raise BadInput("bad-url", "Expected http:// or https:// and a host, without credentials", where="url")
        object.__setattr__(self, "url", self.url.rstrip("/"))

    def require_dag(self, dag_id: str) -> None:
        """That this is the server that has the DAG. Elsewhere every run would look gone: a 404 does not say of what.

        :raises BadInput: there is no such DAG, or it is no Airflow. Errors of every request: see :meth:`_ask`.
        """
        if self._get(f"{_dag(dag_id)}/dagRuns", {"limit": 1}) is None:
            raise self._unknown_dag()

    def runs(self, dag_id: str) -> Iterator[DagRun]:
        """Every run of a DAG, oldest first; runs that come or go meanwhile shift no page.

        :raises BadInput: there is no such DAG, or it is no Airflow. Errors of every request: see :meth:`_ask`.
        """
        for page in self._pages(f"{_dag(dag_id)}/dagRuns", "dag_runs", {"order_by": "id"}):
            if page is None:
                raise self._unknown_dag()
            yield from (_run(one) for one in page)

    def run(self, dag_id: str, run_id: str) -> DagRun | None:
        """One run; ``None`` if it is not there."""
        found = self._get(_of_run(dag_id, run_id))
        return None if found is None else _run(found)

    def active_runs(self, dag_id: str, run_id: str = "~") -> frozenset[str]:
        """Ids of runs of which a task may still write, whatever the run's own state says."""
        path = f"{_of_run(dag_id, run_id)}/taskInstances"
        pages = self._pages(path, "task_instances", {"state": ACTIVE, "order_by": "id"})
        return frozenset(str(one["dag_run_id"]) for page in pages for one in page or ())

    def delete_run(self, dag_id: str, run_id: str) -> None:
        """Delete a run. One that is not there, or is running again by now, is left as it is."""
        self._ask("DELETE", _of_run(dag_id, run_id), {}, passing=(404, 409))

    def audit_rows(self, dag_id: str, before: str = "") -> int:
        """How many rows of the audit log name a DAG; only those before a moment, where one is given (RFC 3339)."""
        return self._count("/eventLogs", {"dag_id": dag_id} | ({"before": before} if before else {}))

    def _count(self, path: str, query: Mapping[str, object]) -> int:
        found = self._get(path, {**query, "limit": 1})
        total = found.get("total_entries") if found is not None else None
        if not isinstance(total, int):
            raise self._unreadable()
        return total

    def _pages(self, path: str, name: str, query: Mapping[str, object]) -> Iterator[Sequence[dict[str, Any]] | None]:
        """Page by page, however few entries the server gives at once; ``None`` for a path that is not there."""
        cursor: str | None = ""
        while cursor is not None:
            found = self._get(path, {**query, "limit": _PAGE, "cursor": cursor})
            if found is None:
                yield None
                return
            yield self._list(found, name)
            following = found.get("next_cursor", "")
            # A server that knows no cursors would give the first page again and again, and look complete.
            if following == cursor or not (following is None or isinstance(following, str)):
                raise self._unreadable()
            cursor = following

    def _get(self, path: str, query: Mapping[str, object] | None = None) -> dict[str, Any] | None:
        body = self._ask("GET", path, query or {}, passing=(404,))
        if body is None:
            return None
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._unreadable()
        return found

    def _list(self, found: Mapping[str, Any], name: str) -> Sequence[dict[str, Any]]:
        entries = found.get(name)
        if not isinstance(entries, list) or not all(isinstance(one, dict) and "dag_run_id" in one for one in entries):
            raise self._unreadable()
        return entries

    def _ask(self, method: str, path: str, query: Mapping[str, object], *, passing: tuple[int, ...]) -> bytes | None:
        """The answer's body; ``None`` for a status of *passing*. A server error is asked again a few times.

        :raises BadInput: the token is not accepted, its user may not do that, or the server refuses the request.
        :raises StorageUnavailable: no answer, or a server error that stays.
        """
        for pause in (*_AGAIN, None):
            status, body = self._send(method, path, query)
            if 200 <= status < 300:
                return body
            if status in passing:
                return None
            if status != 429 and status < 500:
                break
            if pause is not None:
                time.sleep(pause)
        if status == 401:
            raise BadInput("airflow-token", "Airflow does not accept the token", where=self.url, do="Get a new one.")
        if status == 403:
            what = "Airflow takes the token for none, or its user may not do that"  # it says no more
            raise BadInput("airflow-forbidden", what, where=self.url, do="Get a new token, or give the user the right.")
        if status == 429 or status >= 500:
            do = "Run it again: it goes on where it was."
            raise StorageUnavailable("airflow-error", f"Airflow answered {method} with {status}", where=self.url, do=do)
        raise BadInput("airflow-refused", f"Airflow answered {method} with {status}", where=self.url, do="Check the URL.")

    def _send(self, method: str, path: str, query: Mapping[str, object]) -> tuple[int, bytes]:
        url = f"{self.url}/api/v2{path}?{urlencode(query, doseq=True)}"
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        problem = ""
        try:
            request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - http(s) only, see __post_init__
            with _OPENER.open(request, timeout=self.timeout) as reply:
                return int(reply.status), reply.read()
        except urllib.error.HTTPError as error:
            error.close()
            return int(error.code), b""
        except (OSError, http.client.HTTPException, ValueError) as error:
            problem = type(error).__name__
        do = "Run it again: it goes on where it was."
        raise StorageUnavailable("airflow-no-answer", f"No answer from Airflow: {problem}", where=self.url, do=do)

    def _unknown_dag(self) -> BadInput:
        do = "Check URL and name. Runs of a DAG that was deleted are gone already."
        return BadInput("unknown-dag", "No Airflow that knows of the DAG answers there", where=self.url, do=do)

    def _unreadable(self) -> StorageUnavailable:
        what = "The answer has not the form of Airflow's API v2"
        return StorageUnavailable("airflow-unreadable", what, where=self.url, do="Check the URL.")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def is_nameable(run_id: str) -> bool:
    """Whether a path of the API can name the run and nothing else: ``a/b`` is no run's name there, ``~`` is every run's, and a
    proxy may make another path of dots."""
    return bool(run_id) and "/" not in run_id and run_id not in (".", "..", "~")


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and not (parts.query or parts.fragment)
    named = bool(parts.hostname) and parts.username is None and parts.password is None and port != 0
    return parts.scheme in ("http", "https") and named and plain


def _run(found: Mapping[str, Any]) -> DagRun:
    return DagRun(run_id=str(found.get("dag_run_id")), state=str(found.get("state")), ended=found.get("end_date") or "")


def _dag(dag_id: str) -> str:
    return f"/dags/{quote(dag_id, safe='')}"


def _of_run(dag_id: str, run_id: str) -> str:
    return f"{_dag(dag_id)}/dagRuns/{quote(run_id, safe='~')}"
