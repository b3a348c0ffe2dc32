"""Wide files are long rows turned on their side: each column says which statistic it is of, each line which
keys it has."""

from datetime import date
from typing import Any

import pytest

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import Column, PublishedTable
from include.tidemark.artifacts.wide_tables import Line, Place, Statistic, wide_rows
from include.tidemark.currency import currency_named
from include.tidemark.statistics.results import ResultRow, null_row, to_records


class TheRun:
    as_of_date = date(2026, 11, 1)
    run_key = "this"


def _place(line: Line) -> Place:
    return Place(f"{line['fee']:g} bps", horizon=f"week {line['k']}")


RATE = Statistic("rate", _place, factor=100)
OF_METRIC = Statistic("mean_{metric}", lambda _: Place("a", "b"))
ROWS = [
    ResultRow("rate", 0.25, "wilson", "10 bps", None, "week 2", 0.125, 0.5, n=80, trust="ok"),
    ResultRow("rate", 0.25, "bootstrap", "10 bps", None, "week 2", 0.2, 0.3, n=80, p_value=0.5, trust="ok", is_primary=False),
    null_row("rate", "wilson", "too_few_users", segment="10 bps", horizon="week 3", n=7),
    ResultRow("mean_days", 4.0, "hall", "a", "b", ci_low=3, ci_high=5, trust="ok"),
]  # fmt: skip


def rows(*columns: Column, lines: tuple[dict[str, Any], ...] = ({"fee": 10.0, "k": 2},)) -> list[Any]:
    run, table = TheRun(), PublishedTable("data/wide", columns, "Lines.")
    held = StatisticRows(tuple(to_records(ROWS, as_of_date="2026-11-01", run_key="this", family="f")))
    return [list(row.values()) for row in wide_rows(table, run, lines, held)]  # type: ignore[arg-type]


def test_a_line_has_its_own_keys_and_the_primary_number_that_they_name() -> None:
    columns = (
        Column("fee", "number"), Column("k", "integer"), *RATE.interval("rate_pct", "number", "Share"), *RATE.closing("rate_pct"),
    )  # fmt: skip
    assert rows(*columns, lines=({"fee": 10.0, "k": 2}, {"fee": 10.0, "k": 3}, {"fee": 2.5, "k": 2})) == [
        [10.0, 2, 25.0, 12.5, 50.0, 80, "ok", None, TheRun.as_of_date, "this"],
        [10.0, 3, None, None, None, 7, None, "too_few_users", TheRun.as_of_date, "this"],
        [2.5, 2, None, None, None, None, None, None, TheRun.as_of_date, "this"],
    ]


def test_another_method_is_asked_for_by_its_name_and_only_the_number_is_scaled() -> None:
    beside = Statistic("rate", _place, "bootstrap", factor=100)
    assert rows(
        beside.column("low", "number", "", "ci_low"),
        beside.column("p", "number", "", "p_value"),
        beside.n("it"),
    ) == [[20.0, 0.5, 80]]


def test_a_metric_may_be_named_by_the_line_and_a_value_read_as_something_else() -> None:
    large = OF_METRIC.column(
        "large", "boolean", "", "estimate", lambda value, _: value is not None and value > 3
    )
    assert rows(large, lines=({"metric": "days"}, {"metric": "hours"})) == [[True], [False]]


def test_ends_have_the_names_of_the_number_unless_others_are_given() -> None:
    assert [c.name for c in RATE.interval("rate", "number", "Share")] == [
        "rate",
        "rate_ci_low",
        "rate_ci_high",
    ]
    named = RATE.interval("rate", "number", "Share", ("low", "high"))
    assert [c.name for c in named] == ["rate", "low", "high"]
    assert named[1].description == "Lower end of the confidence interval of rate."


def test_a_column_is_filled_under_the_name_of_another_currency_too() -> None:
    paid = OF_METRIC.column("paid_usd", "number", "", "estimate").in_currency(currency_named("EUR"))
    assert paid.name == "paid_eur"
    assert rows(paid, lines=({"metric": "days"},)) == [[4.0]]


def test_a_key_that_a_line_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="fee"):
        rows(Column("fee", "number"), lines=({"k": 2},))
