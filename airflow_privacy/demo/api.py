"""What a person does on Airflow's pages, over its REST API: trigger, look, answer, clear, edit."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from airflow_privacy.core.errors import BadInput, StorageUnavailable, TerminalError

RUN_ENDED = frozenset({"success", "failed"})
TASK_ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
PARKED = "awaiting_input"
_QUIET = 3.0  # seconds that a task has to be parked when there is no scheduler log to look into
_ALL = {"limit": 1000}
_AGAIN = (0.5, 1.0, 2.0, 4.0)  # seconds to wait before asking again after a server error


class AirflowRefused(TerminalError):
    """Airflow answered with an error status; its text is left out, since it repeats what was sent."""

    @property
    def status(self) -> int:
        return int(self.reason.removeprefix("http-"))


class Dag(msgspec.Struct, frozen=True):
    dag_id: str
    file: str
    parsed_at: datetime


class ParseError(msgspec.Struct, frozen=True):
    file: str
    at: datetime
    last_line: str


class Task(msgspec.Struct, frozen=True):
    """One task instance; ``map_index`` is -1 for a task that is not mapped."""

    task_id: str
    map_index: int
    state: str | None
    try_number: int


class RequiredAction(msgspec.Struct, frozen=True):
    """One request to a person, as its page shows it. ``params``: the form's values. ``assigned``: user ids, empty for anybody."""

    task_id: str
    map_index: int
    subject: str
    body: str
    options: tuple[str, ...]
    params: dict[str, Any]
    assigned: tuple[str, ...]
    chosen: tuple[str, ...]
    responded_by: str | None


class AirflowApi:
    """A client for several users; the first one acts where no ``user`` is named.

    :param passwords: by user name.
    :param log: the server's output, if it is at hand: it tells exactly when a parked task may be answered.
    """

    def __init__(self, url: str, passwords: Mapping[str, str], log: Path | None = None) -> None:
        self.url = url.rstrip("/")
        self._passwords = dict(passwords)
        self._log = log
        self._tokens: dict[str, str] = {}
        self._http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)  # no proxy between us and this machine

    def close(self) -> None:
        self._http.close()

    def token(self, user: str | None = None) -> str:
        """A bearer token of the user, kept for the client's life (Airflow's tokens hold for a day)."""
        name = user or next(iter(self._passwords))
        if name not in self._passwords:
            raise BadInput("unknown-user", f"There is no user {name}")
        if name not in self._tokens:
            reply = self._send("POST", "/auth/token", json={"username": name, "password": self._passwords[name]})
            self._tokens[name] = reply.json()["access_token"]
        return self._tokens[name]

    def request(self, method: str, path: str, *, user: str | None = None, **arguments: Any) -> httpx.Response:
        """One request below ``/api/v2``; ``arguments`` are httpx's ``json``, ``params`` and ``headers``.

        A server error is asked again a few times: on SQLite, Airflow's API server can wait for a lock that another of its own
        requests holds, and answers 500 after rolling back.

        :raises AirflowRefused: a status of 400 and above, see its ``status``.
        :raises StorageUnavailable: no answer.
        """
        headers = {"Authorization": f"Bearer {self.token(user)}"} | arguments.pop("headers", {})
        for pause in _AGAIN:
            try:
                return self._send(method, f"/api/v2{path}", headers=headers, **arguments)
            except AirflowRefused as refused:
                if refused.status < 500:
                    raise
            time.sleep(pause)
        return self._send(method, f"/api/v2{path}", headers=headers, **arguments)

    def _get(self, path: str, **params: Any) -> Any:
        return self.request("GET", path, params=params).json()

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        where = f"{method} {path}"
        try:
            reply = self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise StorageUnavailable("airflow-no-answer", f"No answer: {type(error).__name__}", where=where) from None
        if reply.status_code >= 400:
            raise AirflowRefused(f"http-{reply.status_code}", f"Airflow refused: {reply.reason_phrase}", where=where)
        return reply

    def healthy(self) -> bool:
        """Whether database, scheduler and DAG processor report healthy; False while nothing answers."""
        try:
            reply = self._send("GET", "/api/v2/monitor/health").json()
        except (StorageUnavailable, AirflowRefused):
            return False
        return all((reply.get(part) or {}).get("status") == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    # DAGs, runs, tasks

    def dags(self) -> list[Dag]:
        return [
            Dag(dag["dag_id"], dag.get("relative_fileloc") or "", datetime.fromisoformat(dag["last_parsed_time"]))
            for dag in self._get("/dags", **_ALL)["dags"]
            if dag.get("last_parsed_time")
        ]

    def import_errors(self) -> list[ParseError]:
        return [
            ParseError(
                error["filename"], datetime.fromisoformat(error["timestamp"]), error["stack_trace"].strip().split("\n")[-1]
            )
            for error in self._get("/importErrors", **_ALL)["import_errors"]
        ]

    def trigger(
        self, dag_id: str, conf: Mapping[str, Any] | None = None, run_id: str | None = None, user: str | None = None
    ) -> str:
        """Start a run; returns its id."""
        name = run_id or f"manual__{datetime.now(UTC).isoformat()}"
        body = {"logical_date": None, "conf": dict(conf or {}), "dag_run_id": name}
        try:
            self.request("POST", f"/dags/{dag_id}/dagRuns", user=user, json=body)
        except AirflowRefused as refused:
            # A name made here is nobody else's: the request that ended in a server error did start the run.
            if run_id is not None or refused.status != 409:
                raise
        return name

    def run_ids(self, dag_id: str) -> set[str]:
        """The ids of all runs of a DAG."""
        return {str(run["dag_run_id"]) for run in self._get(f"/dags/{dag_id}/dagRuns", **_ALL)["dag_runs"]}

    def dag_run_state(self, dag_id: str, run_id: str) -> str:
        return str(self._get(_run(dag_id, run_id))["state"])

    def tasks(self, dag_id: str, run_id: str) -> list[Task]:
        found = self._get(f"{_run(dag_id, run_id)}/taskInstances", **_ALL)["task_instances"]
        return [Task(ti["task_id"], ti["map_index"], ti["state"], ti["try_number"]) for ti in found]

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Task:
        ti = self._get(_task(dag_id, run_id, task_id, map_index))
        return Task(ti["task_id"], ti["map_index"], ti["state"], ti["try_number"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """State by task id; a mapped task's id is followed by ``[map index]``."""
        found = self.tasks(dag_id, run_id)
        return {task.task_id + (f"[{task.map_index}]" if task.map_index >= 0 else ""): task.state for task in found}

    def wait_for_run(self, dag_id: str, run_id: str, states: Collection[str] = RUN_ENDED, timeout: float = 120) -> str:
        """Wait for one of the states; returns it. A run that ends in another state stops the wait.

        :raises StorageUnavailable: not in time, or it ended otherwise; the message tells the tasks' states.
        """
        state = _poll(lambda: self.dag_run_state(dag_id, run_id), {*states, *RUN_ENDED}, timeout)
        if state not in states:
            tasks = self.task_states(dag_id, run_id)
            raise StorageUnavailable("run-not-there", f"Run {run_id} is {state}; tasks: {tasks}", where=dag_id)
        return str(state)

    def wait_for_task(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        states: Collection[str] = TASK_ENDED,
        *,
        map_index: int = -1,
        timeout: float = 120,
    ) -> Task:
        """Wait until the task is in one of the states. A task that ends in another state stops the wait.

        :raises StorageUnavailable: not in time, or it ended otherwise.
        """
        seen: list[Task] = []

        def look() -> str | None:
            with suppress(AirflowRefused):  # a mapped task's instances are made when its upstream tasks have ended
                seen[:] = [self.task(dag_id, run_id, task_id, map_index)]
            return seen[0].state if seen else None

        state = _poll(look, {*states, *TASK_ENDED}, timeout)
        if state not in states:
            what = f"Task {task_id} is {state}, not {' or '.join(sorted(states))}"
            raise StorageUnavailable("task-not-there", what, where=f"{dag_id} {run_id}")
        return seen[0]

    # Requests to a person

    def required_actions(self, dag_id: str, run_id: str) -> list[RequiredAction]:
        return [
            RequiredAction(
                task_id=detail["task_instance"]["task_id"],
                map_index=detail["task_instance"]["map_index"],
                subject=detail["subject"],
                body=detail["body"] or "",
                options=tuple(detail["options"]),
                params={key: param["value"] for key, param in detail["params"].items()},
                assigned=tuple(user["id"] for user in detail["assigned_users"]),
                chosen=tuple(detail["chosen_options"] or ()),
                responded_by=(detail["responded_by_user"] or {}).get("name"),
            )
            for detail in self._get(f"{_run(dag_id, run_id)}/hitlDetails", **_ALL)["hitl_details"]
        ]

    def wait_answerable(
        self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1, timeout: float = 120
    ) -> RequiredAction:
        """Wait until the task is parked and an answer cannot be lost any more.

        A parked task's worker still has to exit; its executor then reports "success". If an answer has queued the same try again
        before the scheduler reads that report, it looks like the report of a task that was killed: the task is failed or retried
        and the answer is gone. No page of the API shows whether the report was read, and the worker's exit is not enough. So we
        look for the scheduler's own line "TaskInstance Finished … state=awaiting_input" about this try, written when it reads the
        report. Without the server's log we only wait a while.

        :raises StorageUnavailable: not in time.
        """
        deadline = time.monotonic() + timeout
        task = self.wait_for_task(dag_id, run_id, task_id, {PARKED}, map_index=map_index, timeout=timeout)
        if self._log is None:
            time.sleep(_QUIET)
        else:
            names = (
                rf"dag_id={re.escape(dag_id)}, task_id={re.escape(task_id)}, run_id={re.escape(run_id)}, map_index={map_index}"
            )
            line = re.compile(rf"TaskInstance Finished: {names}, .*\bstate={PARKED},.* try_number={task.try_number},")
            log = self._log
            if not _poll(lambda: line.search(log.read_text(errors="replace")) and "read", {"read"}, deadline - time.monotonic()):
                what = f"The scheduler did not take note that {task_id} is parked in {timeout:g} s"
                raise StorageUnavailable("not-answerable", what, where=str(log))
        found = self.required_actions(dag_id, run_id)
        return next(one for one in found if (one.task_id, one.map_index) == (task_id, map_index))

    def answer(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        *,
        user: str,
        chosen: Sequence[str] = ("Approve",),
        params: Mapping[str, Any] | None = None,
        map_index: int = -1,
        wait: bool = True,
    ) -> None:
        """Answer as a person would: the form's values go back, with ``params`` over them.

        :param wait: until the answer cannot be lost (see ``wait_answerable``).
        :raises AirflowRefused: ``status`` 403 if the user is not assigned, 409 if it is answered.
        """
        form: Mapping[str, Any] = {}
        if wait:
            form = self.wait_answerable(dag_id, run_id, task_id, map_index=map_index).params
        path = f"{_run(dag_id, run_id)}/taskInstances/{task_id}/{map_index}/hitlDetails"
        body = {"chosen_options": list(chosen), "params_input": {**form, **(params or {})}}
        self.request("PATCH", path, user=user, json=body)

    def ui_link(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
        """The page on which a person answers."""
        mapped = f"/mapped/{map_index}" if map_index >= 0 else ""
        return f"{self.url}/dags/{dag_id}/runs/{quote(run_id, safe='')}/tasks/{task_id}{mapped}/required_actions"

    # Edits, which somebody with rights can make and nothing may trust

    def clear(
        self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1, downstream: bool = False, user: str | None = None
    ) -> None:
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": [task_id if map_index < 0 else [task_id, map_index]],
            "only_failed": False,
            "include_downstream": downstream,
        }
        self.request("POST", f"/dags/{dag_id}/clearTaskInstances", user=user, json=body)

    def set_state(
        self, dag_id: str, run_id: str, task_id: str, state: str, *, map_index: int = -1, user: str | None = None
    ) -> None:
        self.request("PATCH", _task(dag_id, run_id, task_id, map_index), user=user, json={"new_state": state})

    def post_xcom(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        value: Any,
        *,
        key: str = "return_value",
        map_index: int = -1,
        user: str | None = None,
    ) -> None:
        """Make an XCom, or overwrite the one that is there."""
        path = f"{_run(dag_id, run_id)}/taskInstances/{task_id}/xcomEntries"
        try:
            self.request("POST", path, user=user, json={"key": key, "value": value, "map_index": map_index})
        except AirflowRefused as error:
            if error.status != 409:
                raise
            self.request("PATCH", f"{path}/{quote(key, safe='')}", user=user, json={"value": value, "map_index": map_index})

    # What a run leaves behind

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        path = f"{_run(dag_id, run_id)}/taskInstances/{task_id}/xcomEntries/{quote(key, safe='')}"
        return self._get(path, map_index=map_index)["value"]

    def xcom_keys(self, dag_id: str, run_id: str, task_id: str = "~") -> list[tuple[str, int, str]]:
        """Task id, map index and key of every XCom of the run, or of one task."""
        found = self._get(f"{_run(dag_id, run_id)}/taskInstances/{task_id}/xcomEntries", **_ALL)["xcom_entries"]
        return [(entry["task_id"], entry["map_index"], entry["key"]) for entry in found]

    def rendered_fields(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> dict[str, Any]:
        return dict(self._get(_task(dag_id, run_id, task_id, map_index))["rendered_fields"])

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1, map_index: int = -1) -> str:
        """The whole log of a try, a JSON object a line."""
        path = f"{_run(dag_id, run_id)}/taskInstances/{task_id}/logs/{try_number}"
        params = {"map_index": map_index, "full_content": True}
        return self.request("GET", path, params=params, headers={"Accept": "application/x-ndjson"}).text


def _poll(look: Callable[[], str | None], states: Collection[str], timeout: float) -> str | None:
    deadline = time.monotonic() + timeout
    while (state := look()) not in states and time.monotonic() < deadline:
        time.sleep(0.2)
    return state


def _run(dag_id: str, run_id: str) -> str:
    return f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"


def _task(dag_id: str, run_id: str, task_id: str, map_index: int) -> str:
    return f"{_run(dag_id, run_id)}/taskInstances/{task_id}" + (f"/{map_index}" if map_index >= 0 else "")
