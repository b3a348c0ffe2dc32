"""
# Monthly segmentation

Recalculates the customer segments as of the first of the month, checks them, and publishes them. It is due at
02:00 of that day in the zone of the rule `business_timezone`; a change of the zone computes no published
month again.

`resolve_run` makes the run's identity (as-of date, run key, rules); every later task works on rows of that
key only. `load_sources` takes landing files into the raw tables. `check_sources`, `check_models` and
`check_statistics` are the gate: a critical failure stops the run, a warning is published with the result.
`models` is one dbt process; its tasks show each model and its tests. `statistics` adds intervals, and the
changes since earlier months. `publish` writes the artifacts, then one row into the publication ledger: that
row is the publication. Each family then has an event of the asset `tidemark://<family>`, which other DAGs can
be scheduled on. The tab *Tidemark* of a run shows its report, changes, checks and files, or what failed.

## Triage
- **A run failed: what do consumers see?** The alert says it, and `tidemark status`. Before `publish` nothing
  has changed; nothing is half published.
- **`check_*` failed**: the sentence in the log and in the run's tab *Tidemark* says what and where; the
  task's button *Checks* opens the Data Docs. Correct the data, then trigger a *new* run for the same
  `as_of_date`.
- **A task under `models` failed**: open its log; a failed test names the rule. `dbt_producer_watcher` holds
  dbt's whole log.
- **`models` shows a second try**: the dbt process was lost; each model is now built by a process of its own.
  Slower, correct.
- **`publish` failed**: retry it. It finishes what is missing, and publishes at most once.
- **Slow is normal** for the first run after a full refresh. Worry when a task waits in *scheduled* for
  minutes (does the pool `tidemark_warehouse` exist?), or tasks of models in *deferred* (is the triggerer
  up?).
- **A month must be recomputed**: trigger with `as_of_date`, or backfill a range; `docs/runbook.md` has the
  commands, and rollback.
"""

from datetime import datetime

from airflow.sdk import CronDataIntervalTimetable, Param, chain, dag, get_current_context, task, task_group

from include.tidemark.as_of import INSTANT
from include.tidemark.enabled import families_in
from include.tidemark.orchestration.assets import PUBLICATIONS, announce
from include.tidemark.orchestration.dbt_models import model_tasks
from include.tidemark.orchestration.deadline import deadline_of
from include.tidemark.orchestration.lineage import trace
from include.tidemark.orchestration.pages import DataDocsLink, ReportLink, with_link
from include.tidemark.orchestration.schedule import business_zone
from include.tidemark.orchestration.stage_tasks import (
    TASK_DEFAULTS,
    current_run,
    stage_seconds,
    stage_task,
    started_at,
    started_by,
)
from include.tidemark.settings import MONTHS_AT_ONCE, WAREHOUSE_POOL, load_settings
from include.tidemark.sources.contract import may_be_missing
from include.tidemark.version import __version__

SETTINGS = load_settings()
ZONE = business_zone(SETTINGS)
TIMED_STAGES = (
    "resolve_run", "load_sources", "check_sources", "models", "check_models", "statistics", "check_statistics",
)  # fmt: skip

PARAMS = {
    "as_of_date": Param(
        None, type=["null", "string"], format="date", title="As-of date",
        description="First day that is not seen, YYYY-MM-DD. Empty: the end of the run's data interval, or today.",
    ),
    "full_refresh": Param(
        False, type="boolean", title="Full refresh",
        description="Rebuild the daily facts from all raw rows. Needed after raw rows were changed, or came late, without being loaded again.",
    ),
    "lookback_days": Param(
        None, type=["null", "integer"], minimum=0, maximum=3660, title="Look-back, days",
        description="How many of the newest days are rebuilt in any case. Empty: the rules lookback_days and lookback_window_days.",
    ),
    "allow_missing": Param(
        [], type="array", items={"type": "string", "enum": list(may_be_missing())}, examples=list(may_be_missing()),
        title="What may be missing",
        description="Source tables whose landing files came before and are gone (the rows of the last load are used) or whose newest"
        " month has far fewer rows than those before, and columns that had values before and are empty.",
    ),
    "known_at": Param(
        None, type=["null", "string"], format="date-time", pattern=f"^{INSTANT}$", title="Known at",
        description="See only what had been loaded by this instant, such as 2026-05-02T09:00:00+02:00; no file is loaded, and nothing is"
        " published. Empty: everything that there is.",
    ),
    "publish": Param(
        True, type="boolean", title="Publish",
        description="Off is a dry run: everything but the ledger row, so consumers see no change. With *Known at* it is always off.",
    ),
    "n_resamples": Param(
        10_000, type="integer", minimum=1_000, maximum=1_000_000, title="Bootstrap resamples",
        description="Replicates of each bootstrap interval; at least 1,000.",
    ),
    "confidence_level": Param(
        0.95, type="number", exclusiveMinimum=0.5, exclusiveMaximum=1, title="Confidence level",
        description="Of every interval, for example 0.95.",
    ),
    "reason": Param(
        None, type=["null", "string"], maxLength=500, title="Reason",
        description="Why the month is computed again, for the ledger; it must not name a customer.",
    ),
}  # fmt: skip


@dag(
    dag_id="monthly_segmentation",
    description="Recalculates the segments as of the first of the month, checks them, and publishes them with a report.",
    schedule=CronDataIntervalTimetable("0 2 1 * *", timezone=ZONE),
    start_date=datetime(2015, 1, 1, tzinfo=ZONE),
    end_date=datetime.combine(SETTINGS.schedule_end, datetime.min.time(), tzinfo=ZONE)
    if SETTINGS.schedule_end
    else None,
    catchup=False,
    max_active_runs=1 if SETTINGS.warehouse == "duckdb" else MONTHS_AT_ONCE,
    tags=["tidemark", f"tidemark-{__version__}", "segmentation", *SETTINGS.families],
    params=PARAMS,
    doc_md=__doc__,
    deadline=deadline_of(SETTINGS),
    default_args=TASK_DEFAULTS,
)
def monthly_segmentation():
    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def resolve_run():
        from include.tidemark.pipeline.resolve import resolve_run

        context = get_current_context()
        dag_run = context["dag_run"]
        return resolve_run(
            SETTINGS,
            parameters=dict(context["params"]),
            dag_run_id=dag_run.run_id,
            run_after=dag_run.run_after,
            started_at=started_at(dag_run),
            data_interval_end=dag_run.data_interval_end,
            clear_number=dag_run.clear_number or 0,
            started_by=started_by(dag_run),
        ).to_xcom()

    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def load_sources():
        from include.tidemark.pipeline.load import load

        return load(current_run(), SETTINGS)

    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def check(stage):
        from include.tidemark.pipeline.check import check_stage

        return check_stage(stage, current_run(), SETTINGS)

    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def answer(family, question):
        from include.tidemark.pipeline.estimate import estimate

        return estimate(current_run(), SETTINGS, family, question)

    @task(pool=WAREHOUSE_POOL)
    @stage_task
    def changes():
        from include.tidemark.pipeline.compare import compare

        return compare(current_run(), SETTINGS)

    @task_group
    def statistics():
        changes()
        for family in families_in(SETTINGS):
            for question in family.questions:
                answer.override(task_id=f"{family.name}_{question}")(family.name, question)

    @task(pool=WAREHOUSE_POOL, outlets=[PUBLICATIONS])
    @stage_task
    def publish():
        from include.tidemark.pipeline.publish import publish

        result = publish(current_run(), SETTINGS, timings=stage_seconds(TIMED_STAGES))
        announce(result)
        trace(result, SETTINGS)
        return result

    def checked(stage):
        return with_link(check.override(task_id=f"check_{stage}")(stage), DataDocsLink())

    chain(
        resolve_run(),
        load_sources(),
        checked("sources"),
        model_tasks(SETTINGS, "models", WAREHOUSE_POOL),
        checked("models"),
        statistics(),
        checked("statistics"),
        with_link(publish(), ReportLink()),
    )


monthly_segmentation()
