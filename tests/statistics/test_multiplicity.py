import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from include.tidemark.statistics import ResultRow, null_row
from include.tidemark.statistics.multiplicity import (
    adjust,
    benjamini_hochberg,
    benjamini_yekutieli,
    selected_level,
)

families = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@given(families)
def test_adjusted_p_values_equal_scipy_and_statsmodels(p_values: list[float]) -> None:
    ours = benjamini_hochberg(p_values)
    assert ours == pytest.approx(stats.false_discovery_control(p_values), rel=1e-15, abs=1e-15)
    assert ours == pytest.approx(multipletests(p_values, method="fdr_bh")[1], rel=1e-15, abs=1e-15)
    theirs = stats.false_discovery_control(p_values, method="by")
    assert benjamini_yekutieli(p_values) == pytest.approx(theirs, rel=1e-14, abs=1e-15)


@given(families, st.data())
def test_withheld_numbers_are_not_in_the_family(p_values: list[float], data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.integers(0, len(p_values)), max_size=5))
    with_gaps: list[float | None] = list(p_values)
    for gap in sorted(gaps, reverse=True):
        with_gaps.insert(gap, None)
    adjusted = benjamini_hochberg(with_gaps)
    assert [p for p in adjusted if p is not None] == benjamini_hochberg(p_values)
    assert [p is None for p in adjusted] == [p is None for p in with_gaps]


@given(families)
def test_adjusting_keeps_the_order_and_lowers_nothing(p_values: list[float]) -> None:
    adjusted = np.array(benjamini_hochberg(p_values))
    assert (adjusted >= np.array(p_values)).all() and (adjusted <= 1).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


def row(metric: str, p_value: float | None, horizon: str = "7d") -> ResultRow:
    return ResultRow(metric, 0.5, "wilson", horizon=horizon, ci_low=0.4, ci_high=0.6, p_value=p_value)


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


def test_among_true_nulls_any_discovery_is_as_rare_as_stated() -> None:
    # 2,000 families of 50 nulls: the share with a discovery has a standard error of 0.5 points.
    random = np.random.RandomState(3)
    found = np.mean(
        [min(benjamini_hochberg(family)) <= 0.05 for family in random.uniform(size=(2000, 50)).tolist()]
    )
    assert found == pytest.approx(0.05, abs=0.02)


def test_selected_intervals_keep_their_false_coverage_rate() -> None:
    # Only intervals of significant effects are shown: at 95 % each far more than 5 % of them would miss.
    random = np.random.RandomState(4)
    misses, plain = np.zeros(400), np.zeros(400)
    for family in range(400):
        truth = np.where(np.arange(100) < 10, 2.5, 0.0)
        seen = truth + random.standard_normal(100)
        p_values = (2 * stats.norm.sf(np.abs(seen))).tolist()
        chosen = [k for k, p in enumerate(benjamini_hochberg(p_values)) if p <= 0.05]
        if not chosen:
            continue
        z = stats.norm.ppf(0.5 + selected_level(len(chosen), 100, 0.95) / 2)
        away = np.abs(seen - truth)[chosen]
        misses[family], plain[family] = (away > z).mean(), (away > 1.96).mean()
    assert misses.mean() <= 0.05 + 4 * misses.std() / np.sqrt(400)
    assert plain.mean() > 0.1


def test_impossible_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.5"):
        benjamini_hochberg([0.5, 1.5])
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg([float("nan")])
    with pytest.raises(ValueError, match="selected must lie"):
        selected_level(0, 10, 0.95)
    assert benjamini_hochberg([]) == [] and benjamini_hochberg([None]) == [None]
