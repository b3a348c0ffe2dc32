"""
# Roll a published month back

Shows another published run of one as-of date: one row more in the ledger, then the pointers. No row of any
run is changed, and rolling forward again is the same act. Three steps, each a run of this DAG:

1. The as-of date alone: the log lists the published runs of that date.
2. With the run key: the log says what consumers would see change, and nothing is changed.
3. The same with *Dry run* off and a reason: it is done. Who did it and why is in the ledger.
"""

from datetime import date

from airflow.sdk import Param, dag, get_current_context, task

from include.tidemark.orchestration.stage_tasks import ON_CALL, stage_task, started_by
from include.tidemark.settings import WAREHOUSE_POOL, load_settings

SETTINGS = load_settings()

PARAMS = {
    "as_of_date": Param(
        type="string", format="date", title="As-of date", description="The published month to change, YYYY-MM-DD."
    ),
    "run_key": Param(
        None, type=["null", "string"], title="Run key",
        description="The run to show. Empty: only list the published runs of that date.",
    ),
    "dry_run": Param(
        True, type="boolean", title="Dry run",
        description="On: only show what would change. Off: do it, which needs a reason.",
    ),
    "reason": Param(
        None, type=["null", "string"], maxLength=500, title="Reason",
        description="Why, for the ledger; it must not name a customer.",
    ),
}  # fmt: skip


@dag(
    dag_id="rollback_publication",
    description="Shows another published run of a month, after saying what that changes, or lists its published runs.",
    schedule=None,
    params=PARAMS,
    doc_md=__doc__,
    **ON_CALL,
)
def rollback_publication():
    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def roll_back():
        from include.tidemark.pipeline.rollback import list_or_roll_back

        context = get_current_context()
        params = context["params"]
        return list_or_roll_back(
            date.fromisoformat(params["as_of_date"]),
            params["run_key"],
            SETTINGS,
            reason=params["reason"],
            by=started_by(context["dag_run"]),
            dry_run=params["dry_run"],
        )

    roll_back()


rollback_publication()
