"""What the warehouse sums of each person's months, against every person's own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from include.tidemark.families.trend_part import measured_slopes
from include.tidemark.settings import Settings
from include.tidemark.statistics.change import Number
from include.tidemark.statistics.measured import (
    ACTIVE,
    DORMANT,
    MEMBERS,
    Numbers,
    measured_pairs,
    published_numbers,
)
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from tests.statistics.months import UserMonths, windows
from tests.statistics.pairs import TwoMonths

if TYPE_CHECKING:
    from include.tidemark.statistics.pairs import PairCells

MONTHS = 6
RUNS = [f"month_{month}" for month in range(MONTHS)]
PEOPLE = "select run_key, person, segment, is_dormant, spend, is_yes from people"
NUMBERS = [
    *published_numbers(
        Numbers(["1", "2"], {"spend": "mean_spend"}, {"spend": "total_spend"}, {"spend": 100})
    ),
    Number("share_of_spend", "ratio", "spend", "1", "1"),
    Number("yes_share", "part", "is_yes", "1", "1"),
    Number("ratio_spend", "quotient", "spend", "1", "1", 100, "2"),
]


@pytest.fixture(scope="module")
def world() -> UserMonths:
    made = windows(np.random.default_rng(1), 1_500, MONTHS, trend=0.02)
    third = (made.segments > 0) & (made.amounts % 5 == 1)
    return UserMonths(np.where(third, 3, made.segments), made.amounts)


@pytest.fixture(scope="module")
def warehouse(world: UserMonths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    user, month = np.nonzero(world.segments)
    spend = world.amounts[user, month]
    rows = pd.DataFrame(
        {
            "run_key": [RUNS[m] for m in month],
            "person": [f"user {u}" for u in user],
            "segment": world.segments[user, month].astype(str),
            "is_dormant": spend % 3 == 0,
            "spend": spend,
            "is_yes": spend % 2,
        }
    )
    strangers = [("another run", "user 1", "1", False, 10**9, 1), (RUNS[0], "nowhere", None, False, 10**9, 1)]
    rows = pd.concat([rows, pd.DataFrame(strangers, columns=rows.columns)])
    file = tmp_path_factory.mktemp("trend") / "people.parquet"
    rows.to_parquet(file)
    with open_warehouse(Settings(duckdb_path=file.with_name("w.duckdb"))) as opened:
        opened.execute(f"create table people as select * from read_parquet('{file}')")
        yield opened


def months_of(world: UserMonths, source: str) -> UserMonths:
    """The users that a source counts."""
    if source in (ACTIVE, DORMANT):
        dormant = world.amounts % 3 == 0
        return UserMonths(np.where(dormant == (source == DORMANT), world.segments, 0), world.amounts)
    return UserMonths(world.segments, world.amounts % 2) if source == "is_yes" else world


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{number.metric} {number.of}")
def test_slopes_from_the_warehouse_are_those_of_the_people(
    world: UserMonths, warehouse: Warehouse, number: Number
) -> None:
    (found,) = measured_slopes(warehouse, PEOPLE, RUNS, [number])
    expected = months_of(world, number.source).slope(number)
    assert found.change.months == expected.months
    assert (found.change.behind, found.change.others, found.change.moved) == (
        expected.behind,
        expected.others,
        expected.moved,
    )
    assert found.change.standard_error == pytest.approx(expected.standard_error, rel=1e-7)
    assert found.change.tail is not None
    assert expected.tail is not None
    assert found.change.tail.skewness == pytest.approx(expected.tail.skewness, rel=1e-5)
    assert found.change.tail.weight == pytest.approx(expected.tail.weight, rel=1e-5)
    assert (found.reference is None) == (number.form not in ("mean", "sum"))


def test_all_numbers_at_once_are_each_alone_and_no_order_of_rows_changes_a_digit(
    warehouse: Warehouse,
) -> None:
    together = measured_slopes(warehouse, PEOPLE, RUNS, NUMBERS)
    assert together == [
        each for number in NUMBERS for each in measured_slopes(warehouse, PEOPLE, RUNS, [number])
    ]
    shuffled = f"select * from ({PEOPLE}) as people order by hash(person, run_key)"
    assert measured_slopes(warehouse, shuffled, RUNS, NUMBERS) == together


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{number.metric} {number.of}")
def test_the_slope_over_two_months_is_the_change_on_pairs(
    world: UserMonths, warehouse: Warehouse, number: Number
) -> None:
    (found,) = measured_slopes(warehouse, PEOPLE, RUNS[:2], [number])
    of = months_of(world, number.source)
    names = [[str(name) if name else None for name in of.segments[:, month]] for month in (0, 1)]
    then, now = (
        np.ones(len(of.segments), int) if number.source in (MEMBERS, ACTIVE, DORMANT) else of.amounts[:, m]
        for m in (0, 1)
    )
    cells: PairCells = TwoMonths(names[0], names[1], then.tolist(), now.tolist()).cells(width=1)
    (expected,) = measured_pairs({number.source: cells}, [number])
    assert found.change.value == pytest.approx(expected.change.value, rel=1e-12)
    assert found.change.standard_error == pytest.approx(expected.change.standard_error, rel=1e-6)
    assert (found.change.behind, found.change.moved) == (expected.change.behind, expected.change.moved)


def test_without_runs_there_are_no_slopes_and_nothing_is_asked() -> None:
    found = measured_slopes(None, PEOPLE, [], NUMBERS)  # type: ignore[arg-type]
    assert [each.metric for each in found] == [number.metric for number in NUMBERS]
    assert {each.change.value for each in found} == {None}
