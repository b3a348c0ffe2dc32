"""What a backfill came to: what became of each month, and what is different from before."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from include.tidemark.difference.compare import difference
from include.tidemark.difference.result import Cells, Difference
from include.tidemark.difference.runs import read_manifest
from include.tidemark.history.backfill_ids import run_id_of
from include.tidemark.history.backfills import runs_of_backfill
from include.tidemark.history.ledger import publications_of
from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Warehouse

State = Literal["done", "done before", "failed", "not started"]


class MonthOutcome(BaseModel):
    """What became of one month."""

    model_config = ConfigDict(frozen=True)

    as_of_date: date
    state: State
    run_key: str | None = None
    said: str = ""
    """The sentence of a failure, or why it was not started."""
    difference: Difference | None = None
    """From what consumers saw before the backfill to the new run; None for a month that was not published, or
    is not done."""


class Outcome(BaseModel):
    """What the whole backfill came to."""

    model_config = ConfigDict(frozen=True)

    backfill_id: str
    months: tuple[MonthOutcome, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every month is done."""
        return all(month.state in ("done", "done before") for month in self.months)

    def tables(self) -> Iterator[tuple[str, Cells]]:
        """Before (A) and after (B), as tables for people, each with its title."""
        yield (
            "months",
            [
                {
                    "as of": month.as_of_date,
                    "state": month.state,
                    "run before": _key(month),
                    "new run": month.run_key or "",
                    **_counts(month),
                    "said": month.said,
                }
                for month in self.months
            ],
        )
        for title in ("segments", "numbers that changed beyond noise"):
            yield (
                title,
                [
                    {"as of": month.as_of_date, **row}
                    for month in self.months
                    if month.difference
                    for row in dict(month.difference.tables())[title]
                ],
            )

    def sentences(self) -> list[str]:
        """What the tables do not say."""
        done = sum(month.state in ("done", "done before") for month in self.months)
        return [f"{done} of {len(self.months)} months are done."]


def _key(month: MonthOutcome) -> str:
    return month.difference.earlier.run_key if month.difference else ""


def _counts(month: MonthOutcome) -> dict[str, Any]:
    found = month.difference
    if not found:
        return {"users moved": None, "added": None, "gone": None, "beyond noise": None}
    # A user may move in several segmentations: the one in which most moved is told, the tables have all.
    return {
        "users moved": max((each.moved for each in found.people), default=0),
        "added": max((each.added for each in found.people), default=0),
        "gone": max((each.gone for each in found.people), default=0),
        "beyond noise": len(found.numbers.beyond_noise),
    }


def finished_run(
    warehouse: Warehouse, settings: Settings, backfill_id: str, as_of_date: date, *, publish: bool
) -> str | None:
    """The key of the run of this backfill that came to its end for a month: published, or with a manifest
    where nothing was to be."""
    published = {publication.run_key for publication in publications_of(warehouse, as_of_date)}
    for run_key in runs_of_backfill(warehouse, backfill_id, as_of_date):
        if run_key in published or (not publish and read_manifest(settings, as_of_date, run_key) is not None):
            return run_key
    return None


def month_outcome(
    warehouse: Warehouse,
    settings: Settings,
    backfill_id: str,
    as_of_date: date,
    state: State,
    *,
    run_key: str | None = None,
    said: str = "",
) -> MonthOutcome:
    """What became of a month, held against what consumers saw before this backfill."""
    found = None
    if run_key:
        own = run_id_of(backfill_id, as_of_date)
        before = [p for p in publications_of(warehouse, as_of_date) if not p.dag_run_id.startswith(own)]
        if before:
            found = difference(warehouse, settings, (as_of_date, before[-1].run_key), (as_of_date, run_key))
    return MonthOutcome(as_of_date=as_of_date, state=state, run_key=run_key, said=said, difference=found)
