"""The engine parameter: what names mean, and that an engine changes nothing in what is released."""

from __future__ import annotations

import json

import pytest
from people import write_case
from pyspark import cloudpickle
from steps import CALLER, Steps, workspace_in

from airflow_privacy.core.errors import BadInput, MissingExtra
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.spark import session
from airflow_privacy.hooks import spark as hook
from airflow_privacy.operators import MaskOperator


@pytest.fixture
def steps(tmp_path):
    prepared = Steps(workspace_in(tmp_path), write_case(tmp_path))
    prepared.detect()
    prepared.plan()
    return prepared


def masked(steps, engine):
    task = MaskOperator(
        task_id="mask", source=str(steps.case.raw), plan=steps.refs["plan"], out=str(steps.case.staging), engine=engine
    )
    return task.step(steps.workspace, CALLER).ref


def test_spark_gives_the_same_dataset_as_the_local_engine(spark, steps, monkeypatch):
    monkeypatch.setenv("AIRFLOW__PRIVACY__HOME", str(steps.workspace.home))
    assert masked(steps, "spark") == masked(steps, "local")


def test_a_session_that_was_there_is_left_running(spark):
    with hook.open_engine("spark"):
        pass
    assert spark.range(3).count() == 3


def test_local_is_the_local_engine():
    with hook.open_engine("local") as engine:
        assert engine is mask_table


@pytest.mark.parametrize("name", ["", "Local", "flink", "spark:", "spark://", "spark://host:7077", "local://x", "spark://a/b"])
def test_another_name_is_refused(name):
    with pytest.raises(BadInput, match="unknown-engine"), hook.open_engine(name):
        pass


def test_a_connection_that_is_not_there_is_named():
    with pytest.raises(BadInput, match=r"no-connection.*'nowhere'"), hook.open_engine("spark://nowhere"):
        pass


def test_without_pyspark_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(MissingExtra, match=r"airflow-privacy\[spark\]"), hook.open_engine("spark"):
        pass


CONNECTIONS = {
    "standalone": ({"conn_type": "spark", "host": "spark://head", "port": 7077}, "spark://head:7077"),
    "yarn": ({"conn_type": "spark", "host": "yarn", "extra": {"queue": "q"}}, "yarn"),
    "kubernetes": (
        {"conn_type": "spark", "host": "k8s://https://api", "port": 443, "extra": {"namespace": "n"}},
        "k8s://https://api:443",
    ),
    "connect": (
        {"conn_type": "spark_connect", "host": "head", "port": 15002, "password": "to/ken"},
        "sc://head:15002/;token=to%2Fken",
    ),
}


@pytest.mark.parametrize(("given", "master"), CONNECTIONS.values(), ids=CONNECTIONS)
def test_a_connection_is_read_as_airflow_reads_it(monkeypatch, given, master):
    monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", json.dumps(given))
    assert opened_with(monkeypatch)[0] == master


def test_a_connection_gives_spark_settings(monkeypatch):
    extra = {"spark.executor.memory": "2g", "queue": "q", "namespace": "n", "deploy-mode": "client", "spark-binary": "x"}
    monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", json.dumps({"conn_type": "spark", "host": "yarn", "extra": extra}))
    expected = {"spark.executor.memory": "2g", "spark.yarn.queue": "q", "spark.kubernetes.namespace": "n"}
    assert opened_with(monkeypatch)[1] == expected


def test_a_driver_inside_the_cluster_is_refused(monkeypatch):
    monkeypatch.setenv(
        "AIRFLOW_CONN_CLUSTER", json.dumps({"conn_type": "spark", "host": "yarn", "extra": {"deploy-mode": "cluster"}})
    )
    with pytest.raises(BadInput, match="unsupported-deploy-mode"), hook.open_engine("spark://cluster"):
        pass


def test_an_executor_takes_no_airflow_connection():
    with pytest.raises(BadInput, match="connection-on-executor"):
        hook.executor_storage("s3://conn@bucket/key")


def test_executors_reach_a_key_service_by_their_own_rights_and_no_secret_travels():
    wrapper = hook.executor_wrapper("aws-kms:///alias/privacy")
    assert cloudpickle.loads(cloudpickle.dumps(wrapper)) == wrapper
    assert hook.executor_wrapper("local") is None


@pytest.mark.parametrize("option", ["connection://root", "aws-kms://conn/alias/privacy"])
def test_a_keyring_behind_an_airflow_connection_is_refused(option):
    with pytest.raises(BadInput, match="keyring-not-on-executors"):
        hook.executor_wrapper(option)


def opened_with(monkeypatch):
    """The master and options that a session would be started with."""
    given = []

    def start(master, *, options):
        given.extend((master, options))
        raise BadInput("stop", "Enough seen")

    monkeypatch.setattr(session, "spark_session", start)
    with pytest.raises(BadInput, match="stop"), hook.open_engine("spark://cluster"):
        pass
    return given
