"""The change of a mean given what each user had before: statsmodels' least squares, and by simulation."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from include.tidemark.statistics.change import Number
from include.tidemark.statistics.change_rows import ChangeRow, change_row, rows_of
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.given_earlier import METHOD, rows_given_earlier
from include.tidemark.statistics.measured import measured_pairs
from include.tidemark.statistics.pairs import change_given_earlier
from tests.statistics.pairs import TwoMonths, customers, of_one_segment, spenders

CONFIG = StatisticsConfig("2026-11-01")
NUMBERS = [Number("mean_spend", "mean", "spend", name, name, 100) for name in ("A", "B", None)]


def rows(world: TwoMonths, numbers: list[Number] = NUMBERS) -> tuple[list[ChangeRow], list[ChangeRow]]:
    cells = {"spend": world.cells()}
    pairs = rows_of(measured_pairs(cells, numbers), CONFIG, "previous", 2, has_earlier=True)
    return pairs, rows_given_earlier(pairs, cells, numbers, CONFIG, 2)


@pytest.mark.parametrize("segment", ["A", None])
@pytest.mark.parametrize("width", [1, 1_000, 10**9])
def test_it_is_the_intercept_of_least_squares_at_the_mean_of_who_is_in_both_months(
    segment: str | None, width: int
) -> None:
    world = customers(np.random.default_rng(1), 900)
    found = change_given_earlier(world.cells(width), segment, 100)
    stayed = [
        None not in pair and segment in (None, *set(pair)) and (segment is None or pair == (segment, segment))
        for pair in zip(world.earlier, world.now, strict=True)
    ]
    then, today = (np.array(month)[stayed] / 100 for month in (world.then, world.today))
    fitted = sm.OLS(today - then, sm.add_constant(then - then.mean())).fit()
    assert found is not None
    assert found.value == pytest.approx(fitted.params[0], rel=1e-9)
    assert found.standard_error == pytest.approx(fitted.bse[0], rel=1e-9)
    assert (found.degrees, found.behind) == (fitted.df_resid, (sum(stayed), 0, 0))
    known = ChangeRow("m", "mean", "previous", segment, method=METHOD, reason="no_variation")
    row = change_row(known, found, CONFIG, 2, None)
    assert (row.ci_low, row.ci_high) == pytest.approx(tuple(fitted.conf_int()[0]), rel=1e-9)
    assert row.p_value == pytest.approx(fitted.pvalues[0], rel=1e-6)


def test_a_row_is_published_only_where_it_says_more() -> None:
    rng = np.random.default_rng(2)
    for kept, is_there in ((0.3, True), (0.99, False)):
        pairs, found = rows(spenders(rng, 800, kept), NUMBERS[:1])
        assert bool(found) == is_there
        for row in found:
            half, of_pairs = ((each.ci_high or 0) - (each.ci_low or 0) for each in (row, pairs[0]))
            assert half < 0.95 * of_pairs
            assert (row.metric, row.method, row.family_size) == ("mean_spend_given_earlier", "ancova", 1)
            assert row.change == pytest.approx(pairs[0].change), "all of them stayed"


def test_a_difference_between_segments_has_no_row_as_each_side_has_a_past_of_its_own() -> None:
    world = customers(np.random.default_rng(1), 900)
    difference = Number("mean_spend_difference", "mean", "spend", "A", "A", 100, "B")
    assert rows(world, [*NUMBERS, difference])[1] == rows(world)[1] != []


def test_equal_amounts_then_foretell_nothing() -> None:
    world = TwoMonths(["A"] * 60, ["A"] * 60, [500] * 60, list(range(60)))
    assert change_given_earlier(world.cells(), "A") is None
    assert rows(world)[1] == []
    assert rows(replace(world, then=list(range(60)), today=list(range(60))))[1] == []


def test_given_their_amounts_of_then_the_interval_holds_what_the_users_were_to_change() -> None:
    rng = np.random.default_rng(3)
    hits, narrower = [], []
    for _ in range(30):
        then, kept, noise = rng.normal(0, 0.6, 800), 0.5, 0.4
        expected = np.exp(kept * then + noise**2 / 2)
        truth = 100 * (expected - np.exp(then)).mean()
        for _ in range(30):
            pairs, found = rows(of_one_segment(then, kept * then + rng.normal(0, noise, 800)), NUMBERS[:1])
            (row,) = found
            hits.append((row.ci_low or 0) <= truth <= (row.ci_high or 0))
            narrower.append(
                ((row.ci_high or 0) - (row.ci_low or 0)) / ((pairs[0].ci_high or 0) - (pairs[0].ci_low or 0))
            )
    print(np.mean(hits), np.mean(narrower))
    # A rate of 900 has a standard error of 0.7 points at 95 %.
    assert np.mean(hits) == pytest.approx(0.95, abs=0.025)
    assert np.mean(narrower) < 0.9
