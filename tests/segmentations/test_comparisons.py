"""Quantiles, pairs of segments and who was there again, of a published month, recomputed from the landing
files."""

import html
import itertools

import numpy as np
import pytest
from scipy.stats import ttest_ind

from tests.segmentations import truth
from tests.segmentations.conftest import FIRST, SECOND

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def statistics(world):
    rows = world.table(SECOND, "data/statistics.csv").query("family == 'loyalty'")
    return rows.set_index(["metric", "segment", "segment_to", "horizon", "method"]).sort_index()


def of(statistics, metric):
    rows = statistics.loc[metric].reset_index()
    return rows.astype(object).where(rows.notna(), None)


@pytest.mark.parametrize(("feature", "column", "unit"), [("spend_last_90_days", "spend", 100), ("purchases_last_90_days", "purchases", 1)])  # fmt: skip
def test_quantiles_are_numpys_of_each_segment_and_of_all(world, statistics, feature, column, unit):
    people = truth.customers(world.folder / "landing", SECOND)
    segments = truth.loyalty(people)
    found = of(statistics, f"quantile_{feature}")
    assert len(found) == 5 * 4 and found["estimate"].notna().sum() >= 12
    for row in found.itertuples():
        mine = np.sort(people[column][segments == row.segment if row.segment else slice(None)] / unit)
        assert row.n == len(mine)
        if row.reason == "too_few_users" and row.estimate is None:
            continue
        share = int(row.horizon.removeprefix("p")) / 100
        expected = np.quantile(mine, share, method="averaged_inverted_cdf")
        assert row.estimate == pytest.approx(expected), (row.segment, row.horizon)
        if row.ci_low is not None:
            assert row.ci_low in mine.round(2) and row.ci_high in mine.round(2)


def test_pairs_of_means_are_scipys_of_the_members(world, statistics):
    people = truth.customers(world.folder / "landing", SECOND)
    groups = people["purchases"].groupby(truth.loyalty(people))
    found = of(statistics, "mean_purchases_last_90_days_difference")
    pairs = {frozenset((row.segment, row.segment_to)): row for row in found.itertuples()}
    assert len(pairs) == 6
    for first, second in itertools.permutations(groups.groups, 2):
        row = pairs[frozenset((first, second))]
        if row.segment != first or row.estimate is None:
            continue
        theirs = ttest_ind(groups.get_group(first), groups.get_group(second), equal_var=False)
        assert row.p_value == pytest.approx(theirs.pvalue, rel=1e-5, abs=1e-300)


def test_who_bought_something_in_the_window_after_was_there_again(world, statistics):
    landing = world.folder / "landing"
    people = truth.customers(landing, FIRST)
    before, later = truth.loyalty(people), truth.later_spend(landing, FIRST).reindex(people.index).fillna(0)
    found = of(statistics, "backtest_retained_share")
    for row in found.itertuples():
        mine = later[before == row.segment] if row.segment else later
        assert row.n == len(mine)
        if len(mine):
            assert row.estimate == pytest.approx((mine > 0).mean())


def test_only_the_differences_that_the_report_discovers_are_counted_in_its_sentence(world, statistics):
    found = of(statistics, "segment_share_difference")
    discovered = int((found["is_discovery"] == True).sum())  # noqa: E712 - a column of objects
    page = html.unescape(world.file(SECOND, "report/index.html").read_text(encoding="utf-8"))
    assert f"{discovered} of {len(found)} pairs of segments are found to differ in share" in page
    assert "Half of each segment is at or below this spend last 90 days" in page
    assert "bought something in the 90 days after" in page
