"""Months computed again from a shell: one run after the other, resumed where a process ended; and the plan
and the end for the DAG."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from datetime import date, datetime
from multiprocessing import get_context
from typing import Any

import psutil

from include.tidemark.backfill.outcome import (
    MonthOutcome,
    Outcome,
    finished_run,
    month_outcome,
)
from include.tidemark.backfill.plan import BackfillPlan, Present, make_plan
from include.tidemark.backfill.request import BackfillRequest, make_request
from include.tidemark.code_version import code_version
from include.tidemark.config.folder import load_config
from include.tidemark.difference.text import text_of
from include.tidemark.enabled import families_in
from include.tidemark.errors import RunIdentityError, TidemarkError
from include.tidemark.history.backfill_ids import run_id_of
from include.tidemark.history.backfills import (
    Action,
    Backfill,
    find_backfill,
    record_backfill,
    runs_of_backfill,
)
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Told = Callable[[MonthOutcome], None]
"""Told of each month when its state is known."""


def plan_backfill(parameters: dict[str, Any], settings: Settings, started_at: datetime) -> BackfillPlan:
    """The plan; nothing is changed.

    Args:
        parameters: the fields of `BackfillRequest`.

    Raises:
        RunIdentityError: the request can't be used.
    """
    config = load_config(settings)
    request = make_request(parameters, settings, started_at, config.rules.business_timezone)
    names = [family.name for family in families_in(settings)]
    if request.families and set(request.families) != set(names):
        raise RunIdentityError(
            "A backfill is of every family that TIDEMARK_FAMILIES and the folder of segmentations enable, because a publication holds a whole"
            f" month; leave families empty (enabled are {', '.join(names)})."
        )
    with _opened(settings) as warehouse:
        return make_plan(warehouse, settings, request, Present(config, names, code_version()))


def note_backfill(
    backfill_id: str,
    action: Action,
    settings: Settings,
    *,
    at: datetime,
    by: str,
    reason: str | None = None,
    request: BackfillRequest | None = None,
) -> None:
    """Record what happened to a backfill.

    Raises:
        RunIdentityError: there is no such backfill, or it has ended.
    """
    with _opened(settings) as warehouse:
        if action != "started" and find_backfill(warehouse, backfill_id).action in ("cancelled", "ended"):
            raise RunIdentityError(
                f"The backfill {backfill_id} is over; `tidemark backfill` with the same dates starts another one."
            )
        asked = request.model_dump_json() if request else None
        record_backfill(warehouse, backfill_id, action, at, by, reason, asked)


def request_of(backfill_id: str, settings: Settings) -> tuple[BackfillRequest, Backfill]:
    """What was asked of a backfill that was started, and what was recorded of it.

    Raises:
        RunIdentityError: there is none of that id.
    """
    with _opened(settings) as warehouse:
        found = find_backfill(warehouse, backfill_id)
    return BackfillRequest.model_validate_json(found.request), found


def run_backfill(
    backfill_id: str, request: BackfillRequest, settings: Settings, *, clock: Clock, by: str, told: Told
) -> Outcome:
    """Compute the months that this backfill has not done yet, and say what is different from before.

    A process that ends on the way loses the months in work and nothing else: what consumers see changes month
    by month, when all checks of a month's run have passed.

    Args:
        clock: the present moment, when a run starts.
        by: who is at work, for the ledger.
        told: told of each month.
    """
    at_work = _Months(backfill_id, request, settings, clock, by)
    states: dict[date, MonthOutcome] = {}
    for outcome in at_work.all_of_them():
        states[outcome.as_of_date] = outcome
        told(outcome)
    return Outcome(backfill_id=backfill_id, months=tuple(states[day] for day in request.months))


def finished_months(backfill_id: str, request: BackfillRequest, settings: Settings) -> Outcome:
    """What became of the months that other processes computed, as the warehouse and the artifacts tell."""
    with _opened(settings) as warehouse:
        months = []
        for day in request.months:
            run_key = finished_run(warehouse, settings, backfill_id, day, publish=request.publish)
            state, said = ("done", "") if run_key else ("failed", "its run did not come to its end")
            months.append(
                month_outcome(warehouse, settings, backfill_id, day, state, run_key=run_key, said=said)  # type: ignore[arg-type]
            )
    return Outcome(backfill_id=backfill_id, months=tuple(months))


def month_parameters(backfill_id: str, request: BackfillRequest, by: str, day: date) -> dict[str, Any]:
    """The parameters of the run of one month; its reason says to which backfill of whom it belongs."""
    return request.parameters(day, f"{request.reason} (backfill {backfill_id} by {by})"[:500])


def begin_dag_run(
    dag_run_id: str, parameters: dict[str, Any], settings: Settings, *, started_at: datetime, by: str
) -> dict[str, Any]:
    """Make the plan, and where it is to be applied record the backfill and say which run each month gets.

    Returns:
        `plan` (its months in short), `request`, `backfill_id`, and `lanes`: the months of each task that
        computes some.

    Raises:
        RunIdentityError: the request can't be used.
    """
    plan = plan_backfill(parameters, settings, started_at)
    log.info("%s", text_of(plan))
    request, backfill_id = plan.request, dag_run_id.replace("__", "_")
    lanes: list[dict[str, Any]] = []
    if not request.dry_run:
        with _opened(settings) as warehouse:
            record_backfill(
                warehouse, backfill_id, "started", started_at, by, request.reason, request.model_dump_json()
            )
        lanes = [
            {
                "months": [
                    {
                        "run_id": run_id_of(backfill_id, day),
                        "conf": month_parameters(backfill_id, request, by, day),
                    }
                    for day in request.months[lane :: request.max_parallel]
                ],
                "stop_on_failure": request.stop_on_failure,
            }
            for lane in range(min(request.max_parallel, len(request.months)))
        ]
    return {
        "backfill_id": backfill_id,
        "request": request.model_dump(mode="json"),
        "plan": {month.as_of_date.isoformat(): month.why for month in plan.months},
        "seconds": plan.seconds,
        "credits": plan.credits,
        "lanes": lanes,
    }


def end_dag_run(begun: dict[str, Any] | None, settings: Settings, *, at: datetime, by: str) -> dict[str, Any]:
    """Say what became of the months and what is different from before.

    Args:
        begun: what `begin_dag_run` returned; None where it failed.

    Raises:
        FailedMonthsError: not every month is done.
    """
    if begun is None:
        raise FailedMonthsError("No plan was made, so no month was computed; see the task `plan`.")
    request = BackfillRequest.model_validate(begun["request"])
    if request.dry_run:
        return {"status": "dry_run", "months": {}}
    outcome = finished_months(begun["backfill_id"], request, settings)
    log.info("%s", text_of(outcome))
    if not outcome.is_whole:
        left = ", ".join(str(month.as_of_date) for month in outcome.months if month.state == "failed")
        raise FailedMonthsError(
            f"The months as of {left} are not done, and consumers see them as before; clear the task `months` when their runs' faults are"
            " put right."
        )
    with _opened(settings) as warehouse:
        record_backfill(warehouse, begun["backfill_id"], "ended", at, by, None)
    return {
        "status": "done",
        "months": {
            month.as_of_date.isoformat(): month.difference.summary() if month.difference else None
            for month in outcome.months
        },
    }


class FailedMonthsError(TidemarkError):
    """A backfill came to its end without every month."""


class _Months:
    """The months of a backfill, as many at once as were asked for."""

    def __init__(
        self, backfill_id: str, request: BackfillRequest, settings: Settings, clock: Clock, by: str
    ) -> None:
        self._id, self._request, self._settings, self._clock, self._by = (
            backfill_id,
            request,
            settings,
            clock,
            by,
        )

    def all_of_them(self) -> Iterator[MonthOutcome]:
        left = []
        for day in self._request.months:
            if done := self._done(day):
                yield self._outcome(day, "done before", run_key=done)
            else:
                left.append(day)
        if self._request.max_parallel == 1:
            yield from self._one_by_one(left)
        else:
            yield from self._at_once(left)

    def _one_by_one(self, left: list[date]) -> Iterator[MonthOutcome]:
        why = ""
        for day in left:
            if why := why or self._asked_to_stop():
                yield self._outcome(day, "not started", said=why)
                continue
            outcome = self._result(day, lambda day=day: _run_month(*self._arguments(day)))  # type: ignore[misc]
            yield outcome
            if outcome.state == "failed" and self._request.stop_on_failure:
                why = f"the month as of {day} failed"

    def _at_once(self, left: list[date]) -> Iterator[MonthOutcome]:
        why, waiting, running = "", list(left), dict[Future[str], date]()
        # Processes, not threads: Great Expectations keeps its project in a global.
        with (
            ProcessPoolExecutor(self._request.max_parallel, mp_context=get_context("spawn")) as pool,
            _ending_with_this_process(),
        ):
            while waiting or running:
                while waiting and len(running) < self._request.max_parallel:
                    day = waiting.pop(0)
                    if why := why or self._asked_to_stop():
                        yield self._outcome(day, "not started", said=why)
                        continue
                    running[pool.submit(_run_month, *self._arguments(day))] = day
                for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                    day = running.pop(future)
                    outcome = self._result(day, future.result)
                    yield outcome
                    if outcome.state == "failed" and self._request.stop_on_failure:
                        why = f"the month as of {day} failed"

    def _arguments(self, day: date) -> tuple[Settings, dict[str, Any], datetime, str, str]:
        with _opened(self._settings) as warehouse:
            tries = len(runs_of_backfill(warehouse, self._id, day))
        run_id = run_id_of(self._id, day, tries + 1)
        parameters = month_parameters(self._id, self._request, self._by, day)
        return self._settings, parameters, self._clock(), run_id, self._by

    def _result(self, day: date, run: Callable[[], str]) -> MonthOutcome:
        try:
            return self._outcome(day, "done", run_key=run())
        except TidemarkError as error:
            return self._outcome(day, "failed", said=str(error))
        except Exception as error:  # what a driver says may hold data
            log.exception("The month as of %s ended with an unexpected error", day)
            return self._outcome(day, "failed", said=f"an unexpected {type(error).__name__}")

    def _done(self, day: date) -> str | None:
        with _opened(self._settings) as warehouse:
            return finished_run(warehouse, self._settings, self._id, day, publish=self._request.publish)

    def _asked_to_stop(self) -> str:
        """Why no further month is to be started; empty where nobody asked for that."""
        with _opened(self._settings) as warehouse:
            action = find_backfill(warehouse, self._id).action
        return f"the backfill was {action}" if action in ("paused", "cancelled") else ""

    def _outcome(self, day: date, state: Any, *, run_key: str | None = None, said: str = "") -> MonthOutcome:
        with _opened(self._settings) as warehouse:
            return month_outcome(warehouse, self._settings, self._id, day, state, run_key=run_key, said=said)


@contextmanager
def _ending_with_this_process() -> Iterator[None]:
    """A block that is interrupted ends the months at work, and their dbt, instead of waiting for them."""
    try:
        yield
    except BaseException:
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.terminate()
        raise


def _run_month(
    settings: Settings, parameters: dict[str, Any], started_at: datetime, run_id: str, by: str
) -> str:
    """One month, maybe in a process of its own; returns its run's key."""
    run, _ = run_in_order(settings, parameters, started_at, run_id, started_by=by)
    return run.run_key


@contextmanager
def _opened(settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(settings, QueryTag("none", "backfill")) as warehouse:
        ensure_control_tables(warehouse)
        yield warehouse
