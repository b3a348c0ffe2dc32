"""Airflow 3.2.1's metadata database, with a run in it, under 3.3.2."""

import pytest

from tests.parts.conftest import FIRST, OLD

pytestmark = pytest.mark.timeout(1500)


def test_the_older_airflow_s_run_is_kept_and_the_dag_goes_on(api, old_run, first_run):
    runs = {run["dag_run_id"]: run for run in api.runs()}
    assert runs[old_run]["state"] == runs[first_run]["state"] == "success"
    assert [runs[run]["conf"]["as_of_date"] for run in (old_run, first_run)] == [OLD, FIRST]
    before = {task["task_id"] for task in api.tasks(old_run)}
    assert before == {task["task_id"] for task in api.tasks(first_run)} and len(before) > 30
