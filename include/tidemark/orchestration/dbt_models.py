"""The dbt project as a Cosmos task group: one dbt process builds everything, each model is still a task."""

import sys
from collections.abc import Sequence
from typing import Any

from airflow.sdk import TaskGroup, get_parsing_context
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import (
    PRODUCER_WATCHER_TASK_ID,
    ExecutionMode,
    InvocationMode,
    LoadMode,
    TestBehavior,
)

from include.tidemark.enabled import dbt_selection, families_in
from include.tidemark.errors import SettingsError
from include.tidemark.orchestration.dbt_output import leave_out_values
from include.tidemark.orchestration.later_tries import announce_reports, await_announced_reports
from include.tidemark.orchestration.model_wiring import (
    let_models_wait_for_dbt,
    let_models_wait_for_models_only,
)
from include.tidemark.orchestration.stage_tasks import pass_run_identity
from include.tidemark.paths import DBT_DIR, DBT_MANIFEST
from include.tidemark.pipeline.build import dbt_environment
from include.tidemark.settings import Settings


def model_tasks(settings: Settings, group_id: str, pool: str) -> TaskGroup | DbtTaskGroup:
    """The task group of the enabled families' models and of the tests after each.

    A process that runs one task gets only the part of the group that this task needs: every task reads the
    DAG file anew, and to render all models in each of them would cost more than what the task does.

    Raises:
        SettingsError: the manifest has not been made; Cosmos would say so less clearly.
    """
    if not DBT_MANIFEST.exists():
        raise SettingsError(
            f"The dbt manifest {DBT_MANIFEST} is missing; make it with `dbt parse` (locally: `make manifest`) before deploying."
        )
    needed = _needed_models(group_id, get_parsing_context().task_id)
    if needed == []:
        return TaskGroup(group_id=group_id)
    chosen = dbt_selection(families_in(settings))
    group = _render(settings, group_id, pool, needed or list(chosen.select), list(chosen.exclude))
    graph = group.dbt_graph
    let_models_wait_for_models_only(graph.filtered_nodes, group.tasks_map, graph.tests_per_model)
    if settings.dbt_execution == "watcher" and _one_task_at_a_time(sys.argv):
        models = {name: group.tasks_map[name] for name in graph.filtered_nodes if name in group.tasks_map}
        let_models_wait_for_dbt(group.tasks_map[PRODUCER_WATCHER_TASK_ID], models)
    return group


def _one_task_at_a_time(command: Sequence[str]) -> bool:
    """Whether this is `airflow dags test`, which says so nowhere but in its command line."""
    return list(command[1:3]) == ["dags", "test"]


def _render(
    settings: Settings, group_id: str, pool: str, select: list[str], exclude: list[str]
) -> DbtTaskGroup:
    return DbtTaskGroup(
        group_id=group_id,
        project_config=_project(settings),
        profile_config=_profile(settings),
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode(settings.dbt_execution),
            invocation_mode=InvocationMode.SUBPROCESS,
            dbt_executable_path=str(settings.dbt_executable),
            # The pool is the dbt process's alone: the model tasks only watch it, and would queue behind it
            # for its slot.
            setup_operator_args={"pool": pool, "pre_execute": announce_reports}
            if settings.dbt_execution == "watcher"
            else None,
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            select=select,
            exclude=exclude,
            test_behavior=TestBehavior.AFTER_EACH,
            # A test that compares two models is among the tests of both, which wait for both (model_wiring).
            # As a task of its own it would never see its result, because Cosmos reports results by model, and
            # would wait for dbt's end.
            should_detach_multiple_parents_tests=False,
            emit_datasets=False,
        ),
        operator_args=_operator_args(settings, pool),
    )


def _needed_models(group_id: str, task_id: str | None) -> list[str] | None:
    """The models that must be rendered where the given task runs; None for all of them.

    The scheduler and the DAG processor run no task, and the one dbt process must know every model's tests:
    both need all.
    """
    if task_id is None:
        return None
    group, _, task = task_id.partition(".")
    if group != group_id:
        return []
    if task.startswith(PRODUCER_WATCHER_TASK_ID):
        return None
    # `<model>.run` and `<model>.test`, or `<model>_run` where a model has no tests.
    return [task.split(".")[0] if "." in task else task.rpartition("_")[0]]


def _project(settings: Settings) -> ProjectConfig:
    project = ProjectConfig(
        dbt_project_path=DBT_DIR,
        manifest_path=DBT_MANIFEST,
        project_name="tidemark",
        install_dbt_deps=False,
        env_vars=dbt_environment(settings),
    )
    # Cosmos makes an object storage path of it, and to open one Airflow first loads every plugin and every
    # provider's file system: a second of each parse on MWAA, which has the amazon provider. The manifest is
    # always a local file.
    project.manifest_path = DBT_MANIFEST
    return project


def _profile(settings: Settings) -> ProfileConfig:
    if settings.warehouse == "snowflake":
        from include.tidemark.warehouse.snowflake_profile import PROFILE, TARGET, snowflake_profile

        return ProfileConfig(
            profile_name=PROFILE, target_name=TARGET, profile_mapping=snowflake_profile(settings)
        )
    return ProfileConfig(
        profile_name="tidemark",
        target_name=settings.warehouse,
        profiles_yml_filepath=DBT_DIR / "profiles.yml",
    )


def _operator_args(settings: Settings, pool: str) -> dict[str, Any]:
    args: dict[str, Any] = {
        "interceptors": [pass_run_identity, leave_out_values],
        "full_refresh": "{{ params.full_refresh }}",
    }
    if settings.dbt_execution == "local":
        args["pool"] = pool
    else:
        # How often a model's task looks whether dbt has finished the model. Cosmos' 10 s made the tasks trail
        # the process.
        args["poke_interval"] = 1
        args["pre_execute"] = await_announced_reports
    return args
