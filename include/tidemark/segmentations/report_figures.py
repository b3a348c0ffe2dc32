"""The key figures of a segmentation's chapter, compared with the previous publication."""

from typing import Any

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.report import words
from include.tidemark.report.numbers import number
from include.tidemark.report.parts import KeyFigure
from include.tidemark.run import PublishedRun, Run
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.warehouse.base import Row, Warehouse


def key_figures(
    of: Segmentation, run: Run, warehouse: Warehouse, summary: list[Row], results: StatisticRows
) -> tuple[KeyFigure, ...]:
    """How many there are and are active; then the first total and its mean, or the largest segment."""
    total = summary[-1]
    previous = run.previous_of(of.name)
    before = _before(of, warehouse, previous.run_key) if previous else {}
    active = total[of.of] - total[f"dormant_{of.of}"]
    did = "bought" if of.of == "customers" else "did"
    return (
        KeyFigure(
            of.of.capitalize(), words.count(total[of.of]), _compared(previous, total[of.of], before, "people")
        ),
        KeyFigure(
            "Active",
            words.percent(active / total[of.of] if total[of.of] else None),
            f"{words.count(active)} {of.of} {did} something in the last 180 days",
        ),
        *(_total(of, run, results, previous, total, before) if of.home.totals else (_largest(of, summary),)),
    )


def _before(of: Segmentation, warehouse: Warehouse, run_key: str) -> Row:
    totals = "".join(f", sum({name}) as {name}" for name in of.home.totals)
    (row,) = warehouse.fetch(
        f"select count(*) as people{totals} from {of.home.members} where {of.mine(run_key)}"
    )
    return row


def _total(  # noqa: PLR0917 - one call above
    of: Segmentation, run: Run, results: StatisticRows, previous: PublishedRun | None, total: Row, before: Row
) -> tuple[KeyFigure, ...]:
    name = of.home.totals[0]
    feature, money = catalogue()[name], words.money_in(run.rules.money)
    mean = number(results.at(of.mean_of(name), None, method="percentile_bootstrap"), money)
    return (
        KeyFigure(
            feature.words.capitalize(), money(total[name]), _compared(previous, total[name], before, name)
        ),
        KeyFigure(
            f"Mean {feature.words}", mean.value, mean.interval or mean.note, measure=(of.mean_of(name), None)
        ),
    )


def _largest(of: Segmentation, summary: list[Row]) -> KeyFigure:
    everybody = summary[-1][of.of]
    largest = max(summary[:-1], key=lambda row: row[of.of])
    return KeyFigure(
        "Largest segment",
        largest[of.home.segment],
        words.percent(largest[of.of] / everybody if everybody else None),
    )


def _compared(previous: PublishedRun | None, now: Any, before: Row, name: str) -> str:
    if previous is None:
        return "No earlier month is published to compare with"
    change = words.change(now, before[name])
    since = words.day(previous.as_of_date)
    return f"{change} since {since}" if change else f"No comparison with {since}"
