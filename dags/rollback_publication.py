"""
# Roll a published month back

Shows an earlier published run of one as-of date again: one row more in the ledger, then the pointers. No row of any run is
changed, and the roll-back can itself be rolled back. The runs of a date are in `control.publications`, and in the log of
this DAG's task when the run key is left empty (nothing is changed then).
"""

from datetime import date

from airflow.sdk import Param, dag, get_current_context, task

from include.tidemark.orchestration.stage_tasks import TASK_DEFAULTS, stage_task
from include.tidemark.settings import WAREHOUSE_POOL, load_settings

SETTINGS = load_settings()

PARAMS = {
    "as_of_date": Param(
        type="string", format="date", title="As-of date", description="The published month to change, YYYY-MM-DD."
    ),
    "run_key": Param(
        None, type=["null", "string"], title="Run key",
        description="The run to show again. Empty: only list the published runs of that date.",
    ),
}  # fmt: skip


@dag(
    dag_id="rollback_publication",
    description="Shows an earlier published run of a month again, or lists the published runs of that month.",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["tidemark", "on-call"],
    params=PARAMS,
    doc_md=__doc__,
    default_args=TASK_DEFAULTS,
)
def rollback_publication():
    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def roll_back():
        from include.tidemark.pipeline.rollback import list_or_roll_back

        params = get_current_context()["params"]
        return list_or_roll_back(date.fromisoformat(params["as_of_date"]), params["run_key"], SETTINGS)

    roll_back()


rollback_publication()
