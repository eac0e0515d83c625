"""Requests to Airflow's API: every page, exact names in paths, and failures that show neither token nor answer."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from airflow_answers import TOKEN, Answers
from hypothesis import given
from hypothesis import strategies as st

from airflow_privacy.core.errors import BadInput, PrivacyError, StorageUnavailable
from airflow_privacy.core.io.purge.airflow_api import AirflowApi, is_nameable

ENDED = ("success", "2026-01-02T03:04:05Z")


def api(answers: Answers, token: str = TOKEN) -> AirflowApi:
    return AirflowApi(url=answers.url, token=token, timeout=5)


def told(error: BaseException) -> str:
    """All that a log would show of it, but for source lines."""
    shown = f"{error!r} {error}"
    return shown + "".join(told(other) for other in (error.__cause__, error.__context__) if other is not None)


@pytest.mark.parametrize("page_limit", [100, 40, 1])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_every_run_and_every_busy_run_is_seen_whatever_a_page_holds(answers: Answers, page_limit: int, count: int) -> None:
    answers.page_limit = page_limit
    names = [f"r{number}" for number in range(count)]
    answers.runs = dict.fromkeys(names, ENDED)
    answers.busy = names
    assert [run.run_id for run in api(answers).runs("people")] == names
    assert api(answers).active_runs("people") == frozenset(names)


def test_a_server_without_cursors_is_refused_and_not_believed(answers: Answers) -> None:
    answers.knows_cursors = False
    answers.runs = {f"r{number}": ENDED for number in range(150)}
    with pytest.raises(StorageUnavailable) as caught:
        list(api(answers).runs("people"))
    assert caught.value.reason == "airflow-unreadable"


@pytest.mark.parametrize("dag_id", ["people", "a b", "p.q-r_s", "ä/ö", "x?y=1#z", "50%", "%2e%2e"])
def test_a_dag_is_quoted_in_the_path(answers: Answers, dag_id: str) -> None:
    answers.dag_id = dag_id
    if "/" in dag_id:  # no DAG of Airflow is called so
        with pytest.raises(BadInput):
            api(answers).require_dag(dag_id)
    else:
        api(answers).require_dag(dag_id)
    ((_, target),) = answers.asked
    parts = urlsplit(target)
    assert parts.path.count("/") == 5 and unquote(parts.path).startswith(f"/api/v2/dags/{dag_id}/")
    assert parts.query == "limit=1"


@given(st.text(min_size=1))
def test_a_name_with_a_slash_or_of_dots_is_no_name_for_a_path(name: str) -> None:
    assert is_nameable(name) == ("/" not in name and name not in (".", "..", "~"))


@pytest.mark.parametrize("name", ["a/b", "", ".", "..", "~"])
def test_names_that_would_reach_something_else(name: str) -> None:
    assert not is_nameable(name)


def test_only_the_named_run_is_deleted(answers: Answers) -> None:
    answers.runs = dict.fromkeys(["a", "a b", "a+b", "a%20b", "manual__2026-01-01T00:00:00+00:00"], ENDED)
    for gone in ["a b", "manual__2026-01-01T00:00:00+00:00", "a%20b"]:
        api(answers).delete_run("people", gone)
    assert list(answers.runs) == ["a", "a+b"]
    api(answers).delete_run("people", "gone already")


@pytest.mark.parametrize(
    ("statuses", "kind", "reason"),
    [
        ([401], BadInput, "airflow-token"),
        ([403], BadInput, "airflow-forbidden"),
        ([422], BadInput, "airflow-refused"),
        ([307], BadInput, "airflow-refused"),
        ([500] * 4, StorageUnavailable, "airflow-error"),
        ([429] * 4, StorageUnavailable, "airflow-error"),
    ],
)
def test_a_failure_says_what_and_shows_no_token(
    answers: Answers, statuses: list[int], kind: type[PrivacyError], reason: str
) -> None:
    answers.statuses = list(statuses)
    with pytest.raises(kind) as caught:
        api(answers).run("people", "canary")
    assert caught.value.reason == reason
    assert "canary" not in told(caught.value) + repr(api(answers))
    assert len(answers.asked) == len(statuses)  # a redirect was not followed


def test_a_server_error_is_asked_again(answers: Answers) -> None:
    answers.runs = {"a": ENDED}
    answers.statuses = [500, 503, 429]
    assert api(answers).run("people", "a") is not None


@pytest.mark.parametrize("body", [b"", b"<html>canary</html>", b"[]", b"7", b'{"dag_runs": {}}', b'{"dag_runs": [{"x": 1}]}'])
def test_an_answer_of_another_form_is_refused_without_its_text(answers: Answers, body: bytes) -> None:
    answers.body = body
    with pytest.raises(StorageUnavailable) as caught:
        list(api(answers).runs("people"))
    assert caught.value.reason == "airflow-unreadable"
    assert "canary" not in told(caught.value)
    with pytest.raises(StorageUnavailable):
        api(answers).audit_rows("people")


def test_audit_rows_that_cannot_be_asked_for_are_not_none(answers: Answers) -> None:
    answers.statuses = [404]
    with pytest.raises(StorageUnavailable):
        api(answers).audit_rows("people")


def test_nobody_answers() -> None:
    with pytest.raises(StorageUnavailable) as caught:
        AirflowApi(url="http://127.0.0.1:9", token=TOKEN).run("people", "canary")
    assert caught.value.reason == "airflow-no-answer"
    assert "canary" not in told(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "airflow",
        "ftp://host",
        "file:///etc/passwd",
        "http://",
        "http://me:canary@host",
        "http://canary@host",
        "http://host?token=canary",
        "http://host#canary",
        "http://host:canary",
        "http://[canary",
        "http://ho st",
        "http://host\r\nX: canary",
    ],
)
def test_a_url_that_is_none_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        AirflowApi(url=url, token=TOKEN)
    assert caught.value.reason == "bad-url"
    assert "canary" not in told(caught.value)
