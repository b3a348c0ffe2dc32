"""A whole run from a shell, one stage after the other: for `tidemark run`, tests and measurements.

Production runs the same stages as Airflow tasks, with retries, logs and alerts.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

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

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        told.starts(name)
        started = time.perf_counter()
        yield
        timings[name] = time.perf_counter() - started
        told.ends(name, timings[name])

    with stage("resolve_run"):
        run = resolve_run(
            settings,
            parameters=parameters,
            dag_run_id=dag_run_id,
            run_after=started_at,
            started_at=started_at,
            started_by=started_by,
        )
    with stage("load_sources"):
        run = run.with_sources(load(run, settings))
    with stage("check_sources"):
        check_stage("sources", run, settings)
    with stage("models"):
        build_models(
            run, settings, on_progress=lambda done, total: told.advances(done, total, "models and tests")
        )
    with stage("check_models"):
        check_stage("models", run, settings)
    with stage("statistics"):
        questions = [(f.name, question) for f in families_of(run) for question in f.questions]
        for done, (family, question) in enumerate(questions, start=1):
            estimate(run, settings, family, question)
            told.advances(done, len(questions), "questions")
        compare(run, settings)
    with stage("check_statistics"):
        check_stage("statistics", run, settings)
    with stage("publish"):
        publish(run, settings, timings)
    return run, timings
