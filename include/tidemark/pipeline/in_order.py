"""A whole run from a shell, one stage after the other: for `tidemark run`, tests and measurements.

Production runs the same stages as Airflow tasks, with retries, logs and alerts.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from include.tidemark.enabled import families_of
from include.tidemark.pipeline.build import build_models
from include.tidemark.pipeline.check import check_stage
from include.tidemark.pipeline.compare import compare
from include.tidemark.pipeline.estimate import estimate
from include.tidemark.pipeline.load import load
from include.tidemark.pipeline.progress import Progress
from include.tidemark.pipeline.publish import publish
from include.tidemark.pipeline.resolve import resolve_run
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.transient import is_transient

log = logging.getLogger(__name__)

R = TypeVar("R")
Timings = dict[str, float]


def run_in_order(
    settings: Settings,
    parameters: dict[str, Any],
    started_at: datetime,
    dag_run_id: str = "shell",
    progress: Progress | None = None,
    *,
    started_by: str | None = None,
) -> tuple[Run, Timings]:
    """Run every stage; returns the run and the seconds of each stage.

    Args:
        parameters: as `resolve_run` takes them.
        progress: told of each stage.
        started_by: who or what started the run, for the ledger.

    Raises:
        TidemarkError: from the first stage that fails.
    """
    timings: Timings = {}
    told = progress or Progress()

    def stage(name: str, work: Callable[[], R]) -> R:
        told.starts(name)
        started = time.perf_counter()
        result = _again_where_it_may_help(work)
        timings[name] = time.perf_counter() - started
        told.ends(name, timings[name])
        return result

    run = stage(
        "resolve_run",
        lambda: resolve_run(
            settings,
            parameters=parameters,
            dag_run_id=dag_run_id,
            run_after=started_at,
            started_at=started_at,
            started_by=started_by,
        ),
    )
    run = run.with_sources(stage("load_sources", lambda: load(run, settings)))
    stage("check_sources", lambda: check_stage("sources", run, settings))
    stage(
        "models",
        lambda: build_models(
            run, settings, on_progress=lambda done, total: told.advances(done, total, "models and tests")
        ),
    )
    stage("check_models", lambda: check_stage("models", run, settings))
    stage("statistics", lambda: _statistics(run, settings, told))
    stage("check_statistics", lambda: check_stage("statistics", run, settings))
    stage("publish", lambda: publish(run, settings, timings))
    return run, timings


def _statistics(run: Run, settings: Settings, told: Progress) -> None:
    questions = [(f.name, question) for f in families_of(run) for question in f.questions]
    for done, (family, question) in enumerate(questions, start=1):
        estimate(run, settings, family, question)
        told.advances(done, len(questions), "questions")
    compare(run, settings)


@retry(
    retry=retry_if_exception(is_transient),
    wait=wait_random_exponential(multiplier=1, max=30),
    stop=stop_after_attempt(4),
    before_sleep=lambda state: log.warning(
        "A stage failed for a reason that may go away (%s); it is tried again.",
        type(state.outcome.exception()).__name__,  # type: ignore[union-attr]
    ),
    reraise=True,
)
def _again_where_it_may_help(work: Callable[[], R]) -> R:
    """A stage, which may be tried again as its task may: it writes the same rows."""
    return work()
