"""
# Compute months again

A plan that is read before it is applied. With *Dry run* on, as it is unless it is switched off, only `plan`
works: its log says what is published for each month (run, rules, code, when, by whom), what would differ and
why (rules, code, late rows by day, files that were delivered again), the rows to read, and the time that past
runs took; on Snowflake their credits.

Off, and with a reason, each month becomes a new run of `monthly_segmentation`, oldest first. Consumers see a
month's new run when all of its checks have passed; until then, and where it fails, they see what they saw.
`what_changed` ends with before and after.

- **Pause**: pause this DAG. The month at work is finished, the next one starts when the DAG is unpaused.
- **A month failed, or everything was lost**: clear the failed tasks. Months that are done stay, a month at
  work is waited for, a failed one gets a new run.
- **Cancel**: mark this DAG run as failed, and the run of the month at work, too. What is published stays; to
  take a month back, `rollback_publication`.
- **Tasks wait**: is `monthly_segmentation` unpaused, and the triggerer up?
"""

from airflow.sdk import Param, dag, get_current_context, task

from include.tidemark.orchestration.backfill_months import ComputeMonths
from include.tidemark.orchestration.stage_tasks import ON_CALL, stage_task, started_at, started_by
from include.tidemark.settings import MONTHS_AT_ONCE, WAREHOUSE_POOL, load_settings

SETTINGS = load_settings()

PARAMS = {
    "from_date": Param(
        type="string", format="date", title="From", description="The first as-of date, YYYY-MM-DD."
    ),
    "to_date": Param(
        type="string", format="date", title="To",
        description="The last as-of date, included. Every first of a month between the two is computed.",
    ),
    "dry_run": Param(True, type="boolean", title="Dry run", description="On: only make the plan. Off: do it, which needs a reason."),
    "reason": Param(
        None, type=["null", "string"], maxLength=400, title="Reason",
        description="Why, for the ledger; it must not name a customer.",
    ),
    "families": Param(
        [], type="array", items={"type": "string"}, title="Families",
        description="Leave it empty: a publication holds a whole month, so every run is of all families that are enabled, and fewer are"
        " refused.",
    ),
    "full_refresh": Param(
        False, type="boolean", title="Full refresh",
        description="Rebuild the daily facts from all raw rows, in the first month.",
    ),
    "publish": Param(
        True, type="boolean", title="Publish",
        description="Off: compute and check every month, and show consumers nothing new.",
    ),
    "max_parallel": Param(
        1, type="integer", minimum=1, maximum=MONTHS_AT_ONCE, title="Months at once",
        description="On Snowflake. Months at once are compared with what was published before them when they start.",
    ),
    "stop_on_failure": Param(
        True, type="boolean", title="Stop on failure",
        description="Off: go on with the next month where one failed.",
    ),
}  # fmt: skip


@dag(
    dag_id="segmentation_backfill",
    description="Computes months again: a plan, and when it is applied a new run for each month, with before and after.",
    schedule=None,
    params=PARAMS,
    doc_md=__doc__,
    **ON_CALL,
)
def segmentation_backfill():
    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def plan():
        from include.tidemark.pipeline.backfill import begin_dag_run

        context = get_current_context()
        run = context["dag_run"]
        return begin_dag_run(
            run.run_id, dict(context["params"]), SETTINGS, started_at=started_at(run), by=started_by(run)
        )

    @task
    def lanes(planned):
        return planned["lanes"]

    @task(pool=WAREHOUSE_POOL, trigger_rule="all_done")
    @stage_task
    def what_changed():
        from include.tidemark.pipeline.backfill import end_dag_run

        context = get_current_context()
        task_instance = context["ti"]
        return end_dag_run(
            task_instance.xcom_pull(task_ids="plan"),
            SETTINGS,
            at=task_instance.start_date,
            by=started_by(context["dag_run"]),
        )

    months = ComputeMonths.partial(task_id="months").expand_kwargs(lanes(plan()))
    months >> what_changed()


segmentation_backfill()
