"""The DAG as Airflow sees it; runs on every supported Airflow version."""

import os
import runpy
import subprocess
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from airflow.dag_processing.dagbag import DagBag

PROJECT = Path(__file__).resolve().parents[2]
NEW_YORK = ZoneInfo("America/New_York")
STAGES = [
    "resolve_run",
    "load_sources",
    "check_sources",
    "models",
    "check_models",
    "statistics",
    "check_statistics",
    "publish",
]


@pytest.fixture(scope="module")
def dag():
    bag = DagBag(dag_folder=str(PROJECT / "dags"))
    assert bag.import_errors == {}, "the DAG file must import; the manifest is made by `make manifest`"
    assert set(bag.dags) == {
        "monthly_segmentation",
        "rollback_publication",
        "segmentation_backfill",
        "forget_users",
        "segmentation_maintenance",
    }
    return bag.dags["monthly_segmentation"]


def model_task_ids(dag) -> set[str]:
    return {task_id for task_id in dag.task_ids if task_id.startswith("models.")}


def test_has_an_owner_tags_documentation_and_at_least_two_retries(dag):
    assert dag.tags >= {"tidemark", "segmentation"}, "every DAG needs tags, so that it can be found"
    assert "Triage" in dag.doc_md
    for task in dag.tasks:
        assert task.owner == "tidemark", f"{task.task_id}: give the owner in default_args"
        if task.task_id != "models.dbt_producer_watcher_done":
            assert task.retries >= 2, f"{task.task_id}: give at least two retries in default_args"


def test_retries_back_off_exponentially_and_failures_are_alerted(dag):
    task = dag.get_task("publish")
    assert task.retry_exponential_backoff
    assert task.on_failure_callback


def test_runs_one_at_a_time_and_never_catches_up(dag):
    assert dag.max_active_runs == 1
    assert dag.catchup is False


def test_stages_follow_each_other_as_in_the_picture(dag):
    def stage(task_id: str) -> str:
        return task_id.split(".", maxsplit=1)[0]

    edges = {
        (stage(task.task_id), stage(down))
        for task in dag.tasks
        for down in task.downstream_task_ids
        if stage(task.task_id) != stage(down)
    }
    assert edges == set(pairwise(STAGES))


def test_the_manifest_gets_the_time_of_every_stage_before_publication():
    dag_file = runpy.run_path(str(PROJECT / "dags" / "monthly_segmentation.py"))
    assert list(dag_file["TIMED_STAGES"]) == STAGES[:-1]


def test_every_model_and_its_tests_is_a_task_beside_the_one_dbt_process(dag):
    ids = model_task_ids(dag)
    assert "models.dbt_producer_watcher" in ids
    for model in ("fct_customer_category_daily", "customer_spend", "customer_segments"):
        assert any(model in task_id and task_id.endswith("run") for task_id in ids), (
            f"{model} has no task: {sorted(ids)}"
        )
        assert any(model in task_id and task_id.endswith("test") for task_id in ids), (
            f"{model} has no test task: {sorted(ids)}"
        )


def test_every_task_that_opens_the_warehouse_is_in_its_pool_and_no_watcher_is(dag):
    for task in dag.tasks:
        opens_warehouse = (
            not task.task_id.startswith("models.") or task.task_id == "models.dbt_producer_watcher"
        )
        assert (task.pool == "tidemark_warehouse") == opens_warehouse, (
            f"{task.task_id} is in pool {task.pool}"
        )


def test_parameters_have_titles_help_and_harmless_defaults(dag):
    params = dag.params
    assert set(params) == {
        "allow_missing",
        "as_of_date",
        "full_refresh",
        "lookback_days",
        "publish",
        "n_resamples",
        "confidence_level",
        "reason",
        "known_at",
    }
    for name in params:
        schema = params.get_param(name).serialize()
        assert schema["schema"].get("title"), f"{name} needs a title for the trigger form"
        assert schema.get("description") or schema["schema"].get("description"), f"{name} needs a help text"
    assert params["as_of_date"] is None, "a date as default would make a new DAG version at every parse"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_resamples", 10),
        ("confidence_level", 1.5),
        ("lookback_days", -1),
        ("as_of_date", 5),
        ("publish", "maybe"),
        ("allow_missing", ["orders"]),
        ("known_at", "yesterday"),
        ("known_at", 5),
    ],
)
def test_a_parameter_of_the_wrong_type_or_range_is_refused(dag, name, value):
    from airflow.sdk.exceptions import ParamValidationError

    param = dag.params.get_param(name)
    with pytest.raises((ParamValidationError, ValueError)):
        param.resolve(value)


def test_imports_where_unset_environment_variables_are_mocked():
    # Astro's own integrity test answers os.getenv for an unset variable with a made-up text.
    code = (
        "import os\n"
        "real = os.getenv\n"
        "os.getenv = lambda key, default=None: real(key) or default or f'MOCKED_{key}_VALUE'\n"
        "import runpy; runpy.run_path('dags/monthly_segmentation.py'); print('imported')"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        text=True,
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    assert "imported" in out.stdout, out.stderr


def test_a_missing_manifest_is_one_sentence(tmp_path, monkeypatch):
    from include.tidemark.errors import SettingsError
    from include.tidemark.orchestration import dbt_models
    from include.tidemark.settings import Settings

    monkeypatch.setattr(dbt_models, "DBT_MANIFEST", tmp_path / "manifest.json")
    with pytest.raises(SettingsError, match="make it with `dbt parse`"):
        dbt_models.model_tasks(Settings(), "models", "pool")


def test_start_date_lies_before_any_month_that_could_be_backfilled(dag):
    assert dag.start_date <= datetime(2015, 1, 1, tzinfo=NEW_YORK)
