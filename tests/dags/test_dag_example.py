"""What Astro's template asks of every DAG of a project (`astro dev pytest` runs this folder)."""

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

BAG = DagBag(dag_folder=str(Path(__file__).resolve().parents[2] / "dags"))
DAGS = pytest.mark.parametrize("dag", BAG.dags.values(), ids=list(BAG.dags))


def test_no_dag_file_has_an_import_error():
    assert BAG.import_errors == {}
    assert len(BAG.dags) >= 2


@DAGS
def test_every_dag_has_tags(dag):
    assert dag.tags, f"{dag.dag_id} has no tags: give it some, so that it can be found"


@DAGS
def test_every_dag_retries_its_tasks_twice_or_more(dag):
    assert dag.default_args.get("retries", 0) >= 2, f"{dag.dag_id}: set retries to 2 or more in default_args"
