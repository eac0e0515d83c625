"""The client of Airflow's API over a server that fails at times."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from airflow_privacy.demo import api
from airflow_privacy.demo.api import AirflowApi, AirflowRefused


@contextmanager
def answering(statuses: list[int]) -> Iterator[tuple[AirflowApi, list[str]]]:
    """A client of a server that gives one status after the other; and the names of the runs that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/token"):
                return self.reply(201, {"access_token": "t"})
            asked.append(body["dag_run_id"])
            return self.reply(statuses.pop(0), body)

        def reply(self, status: int, body: dict[str, str]) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        with closing(AirflowApi(f"http://127.0.0.1:{server.server_port}", {"maria": "x"})) as client:
            yield client, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_AGAIN", (0.0, 0.0))


def test_a_server_error_is_asked_again_for_the_same_run() -> None:
    with answering([500, 200]) as (client, asked):
        name = client.trigger("dag")
    assert asked == [name, name]


def test_a_run_that_the_failed_request_started_after_all_is_not_started_twice() -> None:
    with answering([500, 409]) as (client, asked):
        assert client.trigger("dag") == asked[0]


def test_a_lasting_server_error_is_reported() -> None:
    with answering([500, 503, 500]) as (client, _), pytest.raises(AirflowRefused, match="http-500"):
        client.trigger("dag")


def test_what_the_client_did_wrong_is_not_asked_again() -> None:
    with answering([404, 200]) as (client, asked), pytest.raises(AirflowRefused, match="http-404"):
        client.trigger("dag")
    assert len(asked) == 1


def test_a_name_that_the_caller_chose_and_that_is_taken_is_refused() -> None:
    with answering([409]) as (client, _), pytest.raises(AirflowRefused, match="http-409"):
        client.trigger("dag", run_id="mine")
