"""The demo's main job: four months of history with Airflow's own backfill."""

import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from include.tidemark.artifacts.published import published_months
from include.tidemark.demo import airflow_stack, local
from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.demo.summary import segment_table
from include.tidemark.errors import TidemarkError
from include.tidemark.paths import LOCAL_STATE
from include.tidemark.settings import Settings

AS_OF_DATES = (date(2017, 10, 1), date(2017, 11, 1), date(2017, 12, 1), date(2018, 1, 1))
_FROM, _TO = "2017-09-01T00:00:00Z", "2017-12-02T00:00:00Z"
"""A run's logical date is the start of its interval, a month before its as-of date."""
_MONTH_SECONDS = 600


def run_demo(state: Path = LOCAL_STATE) -> int:
    """Run the months that are not published yet, show progress, print the table; returns the exit code."""
    settings = Settings(artifact_root=(state / "artifacts").as_uri())
    published = {month.as_of_date for month in published_months(settings)}
    missing = [day for day in AS_OF_DATES if day.isoformat() not in published]
    if missing:
        was_up = airflow_stack.find(state / "airflow") is not None
        try:
            failed = _run_months(state, missing)
        finally:
            if not was_up:
                local.down(state)
        if failed:
            print(f"\nFailed: {', '.join(failed)}. Logs: {state / 'airflow' / 'logs'}", file=sys.stderr)
            return 1
    else:
        print("All four months are published already; nothing to run. (`make clean` starts anew.)")
    months = published_months(settings)
    print("\n" + segment_table(months))
    print(f"\nReport:  {months[-1].report_uri}")
    print("Airflow: `make up` starts the UI and prints its address; `make down` stops it.")
    return 0


def _run_months(state: Path, missing: list[date]) -> list[str]:
    """Backfill, and show each run as it goes; returns the run ids that failed."""
    started = time.monotonic()
    print("Starting Airflow (scheduler, DAG processor, triggerer, API server) ...", flush=True)
    stack = local.up(state)
    api = AirflowApi(stack)
    api.unpause()
    print(
        f"Airflow is up at {stack.url} after {time.monotonic() - started:.0f} s. Months: {', '.join(map(str, missing))}"
    )
    api.backfill(_FROM, _TO)
    failed = []
    for run in _new_runs(api, len(missing)):
        run_id, as_of = run["dag_run_id"], run["data_interval_end"][:10]
        if _show_progress(api, run_id, as_of) == "failed":
            failed.append(run_id)
    return failed


def _new_runs(api: AirflowApi, expected: int) -> list[dict[str, Any]]:
    """The backfill's runs that have not finished, once Airflow has made them all."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        runs = [run for run in api.runs() if run["state"] not in ("success", "failed")]
        if len(runs) >= expected:
            return runs
        time.sleep(0.5)
    raise TidemarkError(
        f"Airflow made {len(runs)} of {expected} backfill runs within a minute; see its scheduler log."
    )


def _show_progress(api: AirflowApi, run_id: str, as_of: str) -> str:
    """Print a line whenever tasks of the run have finished; returns the run's last state."""
    started: float | None = None
    shown: set[str] = set()
    state = "queued"
    for state, tasks in api.watch(run_id, _MONTH_SECONDS):
        if started is None and state != "queued":
            started = time.monotonic()
        done = {task["task_id"] for task in tasks if task["state"] == "success"}
        if fresh := sorted(done - shown):
            shown |= done
            names = ", ".join(name.removeprefix("models.") for name in fresh[:3]) + (
                " ..." if len(fresh) > 3 else ""
            )
            print(f"  {as_of}  {len(done):>2}/{len(tasks)} tasks  {names}", flush=True)
    seconds = time.monotonic() - started if started else 0.0
    print(f"{as_of}: {state} in {seconds:.0f} s", flush=True)
    return state
