import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from include.tidemark.statistics.multiplicity import adjust, select_families, selected_level
from include.tidemark.statistics.results import ResultRow, null_row
from tests.statistics.reports import RATE, TRUTHS, simulate

families = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def row(metric: str, p_value: float | None, horizon: str = "7d") -> ResultRow:
    return ResultRow(
        metric, 0.5, "wilson", horizon=horizon, ci_low=0.4, ci_high=0.6, p_value=p_value, trust="ok"
    )


def adjusted(p_values: list[float]) -> np.ndarray:
    return np.array([found.p_adjusted for found in adjust(row("a", p_value) for p_value in p_values)])


@given(families)
def test_adjusted_p_values_equal_statsmodels_and_adjusting_lowers_none(p_values: list[float]) -> None:
    found = adjusted(p_values)
    assert found == pytest.approx(multipletests(p_values, method="fdr_bh")[1], rel=1e-11, abs=1e-15)
    published = np.array([row("a", p_value).p_value for p_value in p_values])
    assert (found >= published).all() and (found <= 1).all()


def test_rows_are_adjusted_within_metric_and_window_and_keep_their_order() -> None:
    withheld = null_row("a", "wilson", "too_few_users", horizon="7d")
    rows = [row("a", 0.01), row("b", 0.04), withheld, row("a", 0.04), row("a", 0.02, "14d"), row("a", None)]
    found = adjust(rows)
    assert [(r.p_adjusted, r.family_size) for r in found] == [
        (0.02, 2),
        (0.04, 1),
        (None, None),
        (0.04, 2),
        (0.02, 1),
        (None, None),
    ]
    assert [r.metric for r in found] == [r.metric for r in rows]
    assert [r.comparison_family for r in found] == [
        "a / 7d / wilson",
        "b / 7d / wilson",
        None,
        "a / 7d / wilson",
        "a / 14d / wilson",
        None,
    ]


@given(st.lists(families, min_size=1, max_size=12), st.sampled_from([0.01, 0.05, 0.2]))
def test_a_family_is_selected_as_statsmodels_selects_its_simes_p_value(
    report: list[list[float]], rate: float
) -> None:
    # Rounded, so that a p-value on the very limit is on the same side for both.
    simes = [round(min(np.sort(p) * len(p) / np.arange(1, len(p) + 1)), 9) for p in report]
    smallest = [round(min(adjusted(p_values)), 9) for p_values in report]
    assert smallest == pytest.approx(simes, abs=1e-9)
    chosen = multipletests(smallest, alpha=rate, method="fdr_bh")[0]
    found = select_families(smallest, rate)
    assert (found.families, found.selected) == (len(report), chosen.sum())
    assert [p <= found.level and found.selected > 0 for p in smallest] == chosen.tolist()


def test_a_report_without_families_has_no_level() -> None:
    assert select_families([], 0.05).level == 0.0


def test_among_true_nulls_any_discovery_is_as_rare_as_stated() -> None:
    # 2,000 families of 50 nulls: the share with a discovery has a standard error of 0.5 points.
    random = np.random.RandomState(3)
    found = np.mean([min(adjusted(family)) <= 0.05 for family in random.uniform(size=(2000, 50)).tolist()])
    assert found == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.name)
def test_a_report_keeps_its_false_discovery_rate_over_its_families(truth) -> None:
    # 250 reports of twelve families: the standard error is at most 1.4 points.
    found = simulate(truth, 250)["selected families"][:, 4]
    assert found.mean() <= RATE + 4 * found.std() / np.sqrt(250)


def test_families_that_are_adjusted_alone_make_a_false_discovery_in_every_third_report() -> None:
    # Which is why a report selects among them: here is what it would be without.
    found = simulate(TRUTHS[0], 250)["each family alone"][:, 0]
    assert np.mean(found > 0) == pytest.approx(0.39, abs=0.12)


def test_selected_intervals_keep_their_false_coverage_rate() -> None:
    # Only intervals of significant effects are shown: at 95 % each far more than 5 % of them would miss.
    random = np.random.RandomState(4)
    misses, plain = np.zeros(400), np.zeros(400)
    for family in range(400):
        truth = np.where(np.arange(100) < 10, 2.5, 0.0)
        seen = truth + random.standard_normal(100)
        p_values = (2 * stats.norm.sf(np.abs(seen))).tolist()
        chosen = [k for k, p in enumerate(adjusted(p_values)) if p <= 0.05]
        if not chosen:
            continue
        z = stats.norm.ppf(0.5 + selected_level(len(chosen), 100, 0.95) / 2)
        away = np.abs(seen - truth)[chosen]
        misses[family], plain[family] = (away > z).mean(), (away > 1.96).mean()
    assert misses.mean() <= 0.05 + 4 * misses.std() / np.sqrt(400)
    assert plain.mean() > 0.1


def test_impossible_input_is_refused() -> None:
    with pytest.raises(ValueError, match="must lie between"):
        adjusted([0.5, 1.5])
    with pytest.raises(ValueError, match="selected must lie"):
        selected_level(0, 10, 0.95)
    with pytest.raises(ValueError, match="rate must lie"):
        select_families([0.5], 1.0)
