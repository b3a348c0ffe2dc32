"""The tasks of the dbt models: what waits for what, and what a process that runs one task renders of them."""

import json
from functools import cache
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.context import AirflowParsingContext

from include.tidemark.orchestration import dbt_models
from include.tidemark.orchestration.dbt_output import leave_out_values
from include.tidemark.orchestration.later_tries import announce_reports, await_announced_reports
from include.tidemark.paths import DBT_MANIFEST

DAG_FILE = Path(__file__).resolve().parents[2] / "dags" / "monthly_segmentation.py"
DAG_ID = "monthly_segmentation"


def read_dag():
    bag = DagBag(dag_folder=str(DAG_FILE))
    assert bag.import_errors == {}
    return bag.dags[DAG_ID]


@pytest.fixture(scope="module", params=["watcher", "local"])
def dag(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMARK_DBT_EXECUTION", request.param)
        yield read_dag()


def run_tasks(dag) -> dict[str, str]:
    """The task that builds each model or seed, by the dbt node's unique id."""
    tasks = [task for task in dag.tasks if task.task_id.startswith("models.") and is_model(task)]
    return {task.extra_context["dbt_node_config"]["unique_id"]: task.task_id for task in tasks}


def is_model(task) -> bool:
    return bool(getattr(task, "extra_context", None)) and not task.task_id.endswith(".test")


@cache
def nodes() -> dict[str, dict]:
    return json.loads(DBT_MANIFEST.read_text(encoding="utf-8"))["nodes"]


def reads_of(unique_id: str) -> list[str]:
    """What a model or a test reads; a seed reads nothing."""
    return nodes()[unique_id]["depends_on"].get("nodes", [])


def test_a_model_waits_for_exactly_the_models_it_reads(dag):
    tasks = run_tasks(dag)
    assert len(tasks) > 10
    for unique_id, task_id in tasks.items():
        reads = {tasks[parent] for parent in reads_of(unique_id) if parent in tasks}
        inside = {up for up in dag.get_task(task_id).upstream_task_ids if up.startswith("models.")}
        assert inside == reads, f"{task_id} waits for {sorted(inside)}"


def test_every_test_of_a_model_waits_for_all_that_it_reads_and_stands_before_the_gate(dag):
    tasks = run_tasks(dag)
    gate = dag.get_task("check_models").upstream_task_ids
    tested = 0
    for test_id in nodes():
        if not test_id.startswith("test."):
            continue
        read = {tasks[parent] for parent in reads_of(test_id) if parent in tasks}
        for run in read:
            test_task = run.rpartition(".")[0] + ".test"
            assert read <= dag.get_task(test_task).upstream_task_ids, (
                f"{test_task} may start before {test_id} can"
            )
            assert test_task in gate, f"the gate does not wait for {test_task}"
            tested += 1
    assert tested > 50


def test_every_dbt_process_is_run_without_telling_values_of_rows(dag):
    models = [
        task for task in dag.tasks if task.task_id.startswith("models.") and hasattr(task, "interceptors")
    ]
    assert len(models) > 10
    assert all(leave_out_values in task.interceptors for task in models)


def test_the_gate_opens_only_when_every_test_has_passed(dag):
    assert dag.get_task("check_models").trigger_rule == "all_success"


def test_no_task_but_the_gate_waits_for_a_test(dag):
    for task in dag.tasks:
        waits_for_tests = {up for up in task.upstream_task_ids if up.endswith(".test")}
        assert not waits_for_tests or task.task_id == "check_models"


def test_a_process_that_runs_one_task_reads_that_task_as_the_scheduler_does(dag, monkeypatch):
    for task in dag.tasks:
        context = AirflowParsingContext(dag_id=DAG_ID, task_id=task.task_id)
        monkeypatch.setattr(dbt_models, "get_parsing_context", lambda context=context: context)
        part = read_dag()
        here = part.get_task(task.task_id)
        assert type(here) is type(task)
        for name in (
            "pool",
            "retries",
            "model_unique_id",
            "producer_task_id",
            "tests_per_model",
            "select",
            "env",
            "extra_context",
        ):
            assert getattr(here, name, None) == getattr(task, name, None), f"{task.task_id}.{name}"
        assert len(part.tasks) <= len(dag.tasks)


def test_every_watching_task_waits_for_the_reports_that_the_dbt_process_announces(monkeypatch):
    monkeypatch.delenv("TIDEMARK_DBT_EXECUTION", raising=False)
    dag = read_dag()
    for task in dag.tasks:
        watches = hasattr(task, "producer_task_id")
        assert (task._pre_execute_hook is await_announced_reports) == watches, task.task_id
        assert (task._pre_execute_hook is announce_reports) == task.task_id.endswith("dbt_producer_watcher")
        assert not watches or task.producer_task_id == "models.dbt_producer_watcher"


def test_a_stage_s_process_renders_no_model(monkeypatch):
    context = AirflowParsingContext(dag_id=DAG_ID, task_id="publish")
    monkeypatch.setattr(dbt_models, "get_parsing_context", lambda: context)
    assert not [task_id for task_id in read_dag().task_ids if task_id.startswith("models.")]


def test_the_dbt_process_knows_the_tests_of_every_model(monkeypatch):
    monkeypatch.delenv("TIDEMARK_DBT_EXECUTION", raising=False)
    whole = read_dag().get_task("models.dbt_producer_watcher").tests_per_model
    context = AirflowParsingContext(dag_id=DAG_ID, task_id="models.dbt_producer_watcher")
    monkeypatch.setattr(dbt_models, "get_parsing_context", lambda: context)
    producer = read_dag().get_task("models.dbt_producer_watcher")
    assert producer.tests_per_model == whole
    assert len(whole) > 5


@pytest.mark.parametrize("program", ["/opt/bin/airflow", "/opt/lib/airflow/__main__.py"])
def test_under_airflow_dags_test_every_model_waits_for_the_end_of_the_one_dbt_process(monkeypatch, program):
    monkeypatch.delenv("TIDEMARK_DBT_EXECUTION", raising=False)
    monkeypatch.setattr("sys.argv", [program, "dags", "test", DAG_ID, "2026-06-01"])
    dag = read_dag()
    tasks = run_tasks(dag)
    assert len(tasks) > 10
    for task_id in tasks.values():
        assert "models.dbt_producer_watcher" in dag.get_task(task_id).upstream_task_ids


def test_under_airflow_dags_test_models_of_their_own_dbt_process_need_no_other(monkeypatch):
    monkeypatch.setenv("TIDEMARK_DBT_EXECUTION", "local")
    monkeypatch.setattr("sys.argv", ["airflow", "dags", "test", DAG_ID])
    assert not [task_id for task_id in read_dag().task_ids if "dbt_producer" in task_id]
