"""The demo's main job: four months of history with Airflow's own backfill."""

import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from include.tidemark.artifacts.published import published_months
from include.tidemark.cli.ending import family_lines, segment_table
from include.tidemark.demo import airflow_stack, local
from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.demo.dataset import Dataset
from include.tidemark.errors import TidemarkError
from include.tidemark.settings import Settings

_MONTH_SECONDS = 1800


def run_demo(state: Path | None = None, dataset: Dataset = COMPLETE_JOURNEY) -> int:
    """Run the months that are not published yet, show progress, print the table; returns the exit code.

    Args:
        state: where everything is kept; the data set's own folder by default.
    """
    state = state or dataset.state
    settings = Settings(artifact_root=(state / "artifacts").as_uri())
    if missing_months(settings, dataset.as_of_dates):
        was_up = airflow_stack.find(state / "airflow") is not None
        try:
            failed = _run_months(state, dataset, settings)
        finally:
            if not was_up:
                local.down(state)
        if failed:
            print(
                f"\nFailed: {', '.join(failed)}. Logs: {state / 'airflow' / 'logs'}\n"
                "The same command runs again what failed, once the cause is corrected.",
                file=sys.stderr,
            )
            return 1
    else:
        print("All four months are published already; nothing to run. (`make clean` starts anew.)")
    months = published_months(settings)
    print("\n" + segment_table(months))
    print(f"\nReport:  {months[-1].report_uri}")
    for line in family_lines(months[-1]):
        print(line)
    up = f"make up {dataset.make_arguments}".strip()
    print(f"Airflow: `{up}` starts the UI and prints its address; `make down` stops it.")
    return 0


def _run_months(state: Path, dataset: Dataset, settings: Settings) -> list[str]:
    """Backfill, and show each run as it goes; returns the ids of those that failed.

    A backfill that an earlier call has left goes on by itself as soon as Airflow is up, so it is waited for
    first.
    """
    started = time.monotonic()
    print("Starting Airflow (scheduler, DAG processor, triggerer, API server) ...", flush=True)
    stack = local.up(state, dataset)
    api = AirflowApi(stack)
    api.unpause()
    months = ", ".join(map(str, missing_months(settings, dataset.as_of_dates)))
    print(f"Airflow is up at {stack.url} after {time.monotonic() - started:.0f} s. Months: {months}")
    if left := api.unfinished_backfill_runs():
        print("Going on with the backfill that was interrupted.", flush=True)
        if failed := _follow(api, left):
            return failed
    if not (missing := missing_months(settings, dataset.as_of_dates)):
        return []
    first, last = dataset.logical_dates
    # A run's logical date is its interval's start in local time: later than that midnight in UTC.
    api.backfill(f"{first}T00:00:00Z", f"{last + timedelta(days=1)}T00:00:00Z")
    return _follow(api, _new_runs(api, len(missing)))


def missing_months(settings: Settings, asked: Sequence[date]) -> list[date]:
    """The months that are not published yet."""
    published = {month.as_of_date for month in published_months(settings)}
    return [day for day in asked if day.isoformat() not in published]


def _new_runs(api: AirflowApi, expected: int) -> list[dict[str, Any]]:
    """The backfill's runs that have not finished, once Airflow has made them all."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if len(runs := api.unfinished_backfill_runs()) >= expected:
            return runs
        time.sleep(0.5)
    raise TidemarkError(
        f"Airflow made {len(runs)} of {expected} backfill runs within a minute; see its scheduler log."
    )


def _follow(api: AirflowApi, runs: list[dict[str, Any]]) -> list[str]:
    """Show the runs of a backfill as they go; returns the ids of those that failed."""
    return [
        run["dag_run_id"]
        for run in runs
        if show_progress(api, run["dag_run_id"], run["data_interval_end"][:10]) == "failed"
    ]


def show_progress(api: AirflowApi, run_id: str, as_of: str, timeout: float = _MONTH_SECONDS) -> str:
    """Print a line whenever tasks of the run have finished; returns the run's last state.

    Raises:
        TidemarkError: it has not finished within `timeout` seconds.
    """
    started: float | None = None
    shown: set[str] = set()
    state = "queued"
    for state, tasks in api.watch(run_id, timeout):
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
