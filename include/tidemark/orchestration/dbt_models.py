"""The dbt project as a Cosmos task group: one dbt process builds everything, each model is still a task."""

from typing import Any

from airflow.sdk import TaskGroup
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior

from include.tidemark.errors import SettingsError
from include.tidemark.families import dbt_selectors
from include.tidemark.orchestration.stage_tasks import pass_run_identity
from include.tidemark.paths import DBT_DIR, DBT_MANIFEST
from include.tidemark.pipeline.build import dbt_environment
from include.tidemark.settings import Settings


def model_tasks(settings: Settings, group_id: str, pool: str) -> TaskGroup:
    """The task group of the enabled families' models and of the tests after each.

    Raises:
        SettingsError: the manifest has not been made; Cosmos would say so less clearly.
    """
    if not DBT_MANIFEST.exists():
        raise SettingsError(
            f"The dbt manifest {DBT_MANIFEST} is missing; make it with `dbt parse` (locally: `make manifest`) before deploying."
        )
    group: TaskGroup = DbtTaskGroup(
        group_id=group_id,
        project_config=ProjectConfig(
            dbt_project_path=DBT_DIR,
            manifest_path=DBT_MANIFEST,
            project_name="tidemark",
            install_dbt_deps=False,
            env_vars=dbt_environment(settings),
        ),
        profile_config=_profile(settings),
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode(settings.dbt_execution),
            invocation_mode=InvocationMode.SUBPROCESS,
            dbt_executable_path=str(settings.dbt_executable),
            # The pool is the dbt process's alone: the model tasks only watch it, and would queue behind it for its slot.
            setup_operator_args={"pool": pool} if settings.dbt_execution == "watcher" else None,
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            select=dbt_selectors(settings.families),
            test_behavior=TestBehavior.AFTER_EACH,
            # A test that compares two models must wait for both also where each model is built by its own dbt process.
            should_detach_multiple_parents_tests=True,
            emit_datasets=False,
        ),
        operator_args=_operator_args(settings, pool),
    )
    return group


def _profile(settings: Settings) -> ProfileConfig:
    return ProfileConfig(
        profile_name="tidemark",
        target_name=settings.warehouse,
        profiles_yml_filepath=DBT_DIR / "profiles.yml",
    )


def _operator_args(settings: Settings, pool: str) -> dict[str, Any]:
    args: dict[str, Any] = {"interceptors": [pass_run_identity], "full_refresh": "{{ params.full_refresh }}"}
    if settings.dbt_execution == "local":
        args["pool"] = pool
    else:
        # How often a model's task looks whether dbt has finished the model. Cosmos' 10 s made the tasks trail the process.
        args["poke_interval"] = 1
    return args
