"""The statistics stage: one question of one family, from sufficient statistics in the warehouse to rows with
intervals."""

import logging
from collections.abc import Callable
from typing import Any

from threadpoolctl import threadpool_limits

from include.tidemark.enabled import families_of
from include.tidemark.families.family import Part
from include.tidemark.history.ledger import refuse_published
from include.tidemark.pipeline.opened import open_for_run
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.statistics.results import ResultRow, to_records
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import replace_run_rows
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)

Question = Callable[[Run, Warehouse], list[ResultRow]]
"""Each function of the module `questions` that the family names in `questions`."""
QUESTIONS: Part[object] = Part("questions")


def estimate(run: Run, settings: Settings, family_name: str, question: str) -> dict[str, Any]:
    """Answer one question and write its rows to `runs.statistics`; returns their number, and that of the null
    ones.

    Raises:
        RunIdentityError: the run has been published.
    """
    family = next(each for each in families_of(run) if each.name == family_name)
    with open_for_run(
        run, settings, QueryTag(run.run_key, f"statistics.{family_name}_{question}", family_name)
    ) as warehouse:
        refuse_published(warehouse, run.run_key)
        ask: Question = getattr(family.part(QUESTIONS), question)
        # The matrices are small: threads that wait for each other took two thirds of the stage's CPU time.
        # One thread adds up in one order, too, however many cores there are.
        with threadpool_limits(limits=1, user_api="blas"):
            answer = ask(run, warehouse)
        rows = to_records(
            answer, as_of_date=run.as_of_date.isoformat(), run_key=run.run_key, family=family_name
        )
        metrics = sorted({row.metric for row in answer})
        replace_run_rows(
            warehouse, "runs.statistics", run.run_key, rows, {"family": [family_name], "metric": metrics}
        )
    nulls = sum(row.estimate is None for row in answer)
    log.info(
        "%s/%s: %s rows for %s, %s without an estimate",
        family_name,
        question,
        len(rows),
        ", ".join(metrics),
        nulls,
    )
    return {"metrics": metrics, "rows": len(rows), "without_estimate": nulls}
