"""A deployment's own data on an Airflow of this machine: settings and configuration folder as they are,
nothing generated."""

import hashlib
import os
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from include.tidemark.artifacts.published import published_months
from include.tidemark.as_of import newest_month
from include.tidemark.cli.clock import started_now
from include.tidemark.cli.ending import family_lines, segment_table, warning_lines
from include.tidemark.config.folder import load_config
from include.tidemark.demo import airflow_stack, local
from include.tidemark.demo.airflow_api import DAG_ID, AirflowApi
from include.tidemark.demo.airflow_stack import Stack
from include.tidemark.demo.months import missing_months, show_progress
from include.tidemark.errors import RunIdentityError, SettingsError
from include.tidemark.paths import LOCAL_STATE
from include.tidemark.pipeline.preflight import refuse_unready
from include.tidemark.settings import Settings, load_settings

NAME = "own"
STATE = LOCAL_STATE / NAME
"""Folder of Airflow's home. All that belongs to the deployment is where its settings say."""
_POOL_SLOTS = {"duckdb": 1, "snowflake": 32}
_RUN_SECONDS = 6 * 3600
_SHOWN_MONTHS = 4
_SECRETS = {"TIDEMARK_ID_HASH_KEY"}


def up(state: Path = STATE, schedule_end: date | None = None, *, stays: bool = False) -> Stack:
    """A running Airflow with the shell's settings; one that runs already is kept.

    Args:
        schedule_end: no month that ends later is scheduled; by default what the settings say.
        stays: as in `airflow_stack.start`.

    Raises:
        TidemarkError: a run could not start with these settings, or the Airflow that runs has others.
    """
    settings, home = load_settings(), state / "airflow"
    if running := airflow_stack.find(home):
        if _digest_file(home).read_text(encoding="utf-8") != _digest():
            raise SettingsError(
                f"Airflow runs at {running.url} with other settings than this shell exports; stop it with `make down`, then"
                " start it again."
            )
        return running
    refuse_unready(settings)
    print("Starting Airflow (scheduler, DAG processor, triggerer, API server) ...", flush=True)
    home.mkdir(parents=True, exist_ok=True)
    _digest_file(home).write_text(_digest(), encoding="utf-8")
    extra = _absolute_paths(settings)
    if schedule_end is not None and settings.schedule_end is None:
        extra["TIDEMARK_SCHEDULE_END"] = schedule_end.isoformat()
    return airflow_stack.start(home, extra, _POOL_SLOTS[settings.warehouse], stays=stays)


def run_own(as_of: str = "", state: Path = STATE) -> int:
    """Run the months that are not published yet through Airflow, show progress, print what came of it;
    returns the exit code.

    Args:
        as_of: firsts of months, separated by commas; empty is the newest one.

    Raises:
        TidemarkError: a month is none, or a run could not start with the settings.
    """
    settings = load_settings()
    asked = _as_of_dates(as_of, settings)
    if missing := missing_months(settings, asked):
        was_up = airflow_stack.find(state / "airflow") is not None
        try:
            failed = _run_months(state, missing)
        finally:
            if not was_up:
                local.down(state)
        if failed:
            _say_failed(failed)
            return 1
    else:
        print(
            f"Published already: {', '.join(map(str, asked))}. `tidemark run --as-of {asked[-1]}` computes a month anew."
        )
    print(_ending(settings, asked))
    return 0


def _run_months(state: Path, months: Sequence[date]) -> list[str]:
    """One run after the other; returns a line on each task that failed."""
    # Unpaused, the DAG would also run the newest month by its schedule: what is run here is what was asked
    # for.
    stack = up(state, schedule_end=_month_before(months[-1]) - timedelta(days=1))
    api = AirflowApi(stack)
    api.unpause()
    print(f"Airflow is up at {stack.url}. Months: {', '.join(map(str, months))}", flush=True)
    failed = []
    for month in months:
        run_id = _unfinished_run(api, month) or api.trigger({"as_of_date": month.isoformat()})
        if show_progress(api, run_id, month.isoformat(), _RUN_SECONDS) == "failed":
            logs = stack.home / "logs" / f"dag_id={DAG_ID}" / f"run_id={run_id}"
            failed += [
                f"{month}: {task['task_id']} failed, its log is in {logs / ('task_id=' + task['task_id'])}"
                for task in api.tasks(run_id)
                if task["state"] == "failed"
            ]
    return failed


def _unfinished_run(api: AirflowApi, month: date) -> str | None:
    """The run of the month that an earlier call was interrupted in: it goes on by itself as soon as Airflow
    is up."""
    left = [run for run in api.unfinished_runs() if _as_of_date(run) == month.isoformat()]
    return str(left[-1]["dag_run_id"]) if left else None


def _as_of_date(run: dict[str, Any]) -> str | None:
    given: str | None = (run.get("conf") or {}).get("as_of_date")
    return given


def _as_of_dates(text: str, settings: Settings) -> list[date]:
    newest = newest_month(started_now(), load_config(settings).rules.business_timezone)
    found = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            day = date.fromisoformat(part)
        except ValueError:
            day = None
        if day is None or day.day != 1 or day > newest:
            raise RunIdentityError(
                f"AS_OF names {part!r}, which is no first of a month up to {newest}; write for example AS_OF={_month_before(newest)},{newest}."
            )
        found.add(day)
    return sorted(found) or [newest]


def _month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)


def _say_failed(failed: Sequence[str]) -> None:
    print("", *failed, sep="\n", file=sys.stderr)
    print("The same command runs again what failed, once the cause is corrected.", file=sys.stderr)


def _ending(settings: Settings, asked: Sequence[date]) -> str:
    """The closing words on the newest of the months that were asked for, beside those before it."""
    months = [month for month in published_months(settings) if month.as_of_date <= asked[-1].isoformat()]
    parts = [
        segment_table(months[-_SHOWN_MONTHS:]),
        "\n".join([f"Report:  {months[-1].report_uri}", *family_lines(months[-1])]),
        "\n".join(warning_lines(months[-1])),
        f"Airflow: `make up DATASET={NAME}` starts the UI and prints its address; `make down` stops it.",
    ]
    return "\n" + "\n\n".join(part for part in parts if part)


def _absolute_paths(settings: Settings) -> dict[str, str]:
    """The exported paths, independent of the folder in which a process of Airflow works."""
    names = ("duckdb_path", "config_dir", "rules_file", "scratch_dir", "dbt_executable")
    return {
        f"TIDEMARK_{name.upper()}": str(getattr(settings, name).absolute())
        for name in names
        if name in settings.model_fields_set
    }


def _digest() -> str:
    """Of the exported settings, to know those of a running Airflow again; without the secret, whose digest
    helps to guess it."""
    exported = sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith("TIDEMARK_") and name not in _SECRETS
    )
    return hashlib.sha256("\n".join(exported).encode()).hexdigest()


def _digest_file(home: Path) -> Path:
    return home / "settings.sha256"
