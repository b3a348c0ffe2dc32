"""Which of Airflow's programs import the libraries of the tasks; `tests/parts/` looks at what a worker then
has."""

import runpy

import pytest

from tests.plugins.conftest import PLUGINS

SETTINGS = runpy.run_path(str(PLUGINS / "airflow_local_settings.py"))


@pytest.mark.parametrize(
    ("command", "executor", "forks"),
    [
        (["celery", "worker", "--queues", "default"], "CeleryExecutor", True),
        (["scheduler"], "LocalExecutor", True),
        (["scheduler"], "CeleryExecutor", False),
        (["celery", "flower"], "CeleryExecutor", False),
        (["api-server"], "LocalExecutor", False),
        (["dag-processor"], "LocalExecutor", False),
        (["triggerer"], "LocalExecutor", False),
        (["dags", "test", "monthly_segmentation"], "LocalExecutor", False),
        ([], "LocalExecutor", False),
    ],
)
def test_those_that_task_processes_are_forked_from_import_them_and_no_other(
    monkeypatch, command, executor, forks
):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", executor)
    assert SETTINGS["_forks_tasks"](["/opt/bin/airflow", *command]) == forks


def test_it_sets_none_of_airflow_s_settings():
    assert SETTINGS["__all__"] == []
