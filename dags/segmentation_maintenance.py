"""
# Weekly maintenance

Looks whether everything is as it was published, tidies up, and reports what is stored. No row and no file of
a published run is changed.

- `check_publications` holds ledger, views, pointers, manifests and every file of every published run (by its
  digest) against each other. Something wrong is a failed task, and so an alert: `tidemark repair` shows it,
  `tidemark repair --apply` puts right what the warehouse gives back (`docs/runbook.md`).
- `prune` drops unpublished runs beyond the newest `TIDEMARK_KEEP_UNPUBLISHED_RUNS` of each as-of date, parts
  of files and scratch folders of processes that died, and old logs. Names that are not Tidemark's are left
  alone, and named by `check_publications`.
- `report_storage` logs the bytes by place.
"""

from datetime import UTC, datetime

from airflow.sdk import CronTriggerTimetable, dag, get_current_context, task

from include.tidemark.orchestration.stage_tasks import ON_CALL, stage_task, started_at
from include.tidemark.settings import WAREHOUSE_POOL, load_settings

SETTINGS = load_settings()


@dag(
    dag_id="segmentation_maintenance",
    description="Checks each week what is published, prunes old unpublished runs, and reports what is stored.",
    schedule=CronTriggerTimetable("0 5 * * 0", timezone="UTC"),
    start_date=datetime(2015, 1, 4, tzinfo=UTC),
    doc_md=__doc__,
    **ON_CALL,
)
def segmentation_maintenance():
    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def check_publications():
        from include.tidemark.pipeline.maintain import check_publications

        return check_publications(SETTINGS)

    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def prune():
        from include.tidemark.pipeline.maintain import prune

        return prune(SETTINGS, started_at(get_current_context()["dag_run"]))

    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def report_storage():
        from include.tidemark.pipeline.maintain import report_storage

        return report_storage(SETTINGS)

    check_publications()
    prune()
    report_storage()


segmentation_maintenance()
