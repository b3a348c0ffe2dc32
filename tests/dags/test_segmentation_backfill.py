"""The DAGs that change published months by hand, as Airflow sees them: nothing is changed unless that is
asked for."""

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from include.tidemark.backfill.request import BackfillRequest

DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture(scope="module", params=["segmentation_backfill", "rollback_publication"])
def dag(request):
    bag = DagBag(dag_folder=str(DAGS / f"{request.param}.py"))
    assert bag.import_errors == {}
    return bag.dags[request.param]


def test_it_is_a_dry_run_by_default_and_asks_for_a_reason(dag):
    assert dag.params.get_param("dry_run").value is True
    assert dag.params.get_param("reason").schema["type"] == ["null", "string"]
    assert dag.max_active_runs == 1 and dag.catchup is False
    assert dag.tags >= {"tidemark", "on-call"}


def test_a_task_that_opens_the_warehouse_is_in_its_pool_and_one_that_waits_for_months_is_not(dag):
    pools = {task.task_id: task.pool for task in dag.tasks}
    free = {"lanes", "months"}
    assert {pool for task, pool in pools.items() if task not in free} == {"tidemark_warehouse"}
    assert {pool for task, pool in pools.items() if task in free} <= {"default_pool"}


def test_the_form_of_a_backfill_asks_for_what_a_request_holds():
    bag = DagBag(dag_folder=str(DAGS / "segmentation_backfill.py"))
    params = bag.dags["segmentation_backfill"].params
    assert set(params) == set(BackfillRequest.model_fields)
    for name, field in BackfillRequest.model_fields.items():
        if not field.is_required():
            default = params.get_param(name).value
            assert (tuple(default) if isinstance(default, list) else default) == field.default, name
