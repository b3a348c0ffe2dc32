"""Trial runs: a month computed as an unpublished run, looked at, and removed again, however that ends."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from include.tidemark.artifacts.pruning import drop_run
from include.tidemark.errors import GateError
from include.tidemark.history.trial_key import PROPOSAL, STARTED_BY, trial_key
from include.tidemark.pipeline.build import build_models
from include.tidemark.pipeline.check import check_stage
from include.tidemark.pipeline.load import load
from include.tidemark.pipeline.resolve import resolve_run
from include.tidemark.rules import Rules
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.suggest.segmentation import FAMILY
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)

_SEGMENTS = "path:models/customer_segments/customer_segments.sql"
_SPEND = "path:models/customer_segments/customer_spend.sql"
_NAMED_FAILURES = 3


@contextmanager
def trial_run(
    settings: Settings, as_of_date: date, started_at: datetime, on_stage: Callable[[str], None]
) -> Iterator[Run]:
    """The month with today's rules, its customers' segments in the warehouse until the end of the block.

    The rows of `build_proposal` are removed at that end, too.

    Raises:
        TidemarkError: what would stop a run of this month stops this one.
    """
    on_stage("resolve_run")
    run = resolve_run(
        settings,
        parameters={"as_of_date": as_of_date.isoformat(), "publish": False},
        dag_run_id=STARTED_BY,
        run_after=started_at,
        started_at=started_at.replace(microsecond=0),
        only=FAMILY,
    )
    try:
        on_stage("load_sources")
        load(run, settings)
        on_stage("check_sources")
        _check_sources(run, settings)
        on_stage("models")
        build_models(run, settings, [f"+{_SEGMENTS}"])
        yield run
    finally:
        on_stage("tidy_up")
        _remove(settings, run)


def build_proposal(run: Run, settings: Settings, rules: Rules) -> Run:
    """The same month with other rules, from the same facts: only what the rules decide is built anew.

    Args:
        run: the trial with today's rules.
    """
    other = run.model_copy(
        update={
            "run_key": trial_key(run.as_of_date, run.started_at, PROPOSAL),
            "rules": rules,
            "rules_hash": rules.digest(),
        }
    )
    build_models(other, settings, [_SPEND, _SEGMENTS])
    return other


def _check_sources(run: Run, settings: Settings) -> None:
    """The gate of the sources. Its results go with the trial, so that the error says them itself."""
    try:
        check_stage("sources", run, settings)
    except GateError:
        with _opened(run, settings) as warehouse:
            failed = warehouse.fetch(
                "select message from control.gate_results where run_key = ? and severity = 'critical' and not success",
                (run.run_key,),
            )
        named = " ".join(str(row["message"]) for row in failed[:_NAMED_FAILURES])
        more = f" ({len(failed) - _NAMED_FAILURES} more)" if len(failed) > _NAMED_FAILURES else ""
        raise GateError(
            f"The gate 'sources' would stop a run of this month, so there is nothing to choose rules from: {named}{more}"
        ) from None


def _remove(settings: Settings, run: Run) -> None:
    """Remove both trials. What ended the block matters more than what may go wrong here, so that is only
    logged."""
    try:
        with _opened(run, settings) as warehouse:
            for run_key in (run.run_key, trial_key(run.as_of_date, run.started_at, PROPOSAL)):
                drop_run(settings, warehouse, run.as_of_date, run_key)
    except Exception as error:
        log.warning(
            "The rows of the trial run %s could not be removed (%s). Nothing shows them, and publications drop them from tomorrow on.",
            run.run_key,
            type(error).__name__,
        )


@contextmanager
def _opened(run: Run, settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(settings, QueryTag(run.run_key, STARTED_BY, FAMILY)) as warehouse:
        yield warehouse
