import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.rates import wilson_interval
from include.tidemark.statistics.ratio_cells import RatioCells
from include.tidemark.statistics.results import ResultRow, result_schema, to_records
from tests.statistics.customers import (
    GONE_CUSTOMER,
    MEANS,
    NEW_CUSTOMER,
    SEGMENTS,
    segment_backtest,
    segment_means,
    segment_movement,
    segment_shares,
)
from tests.statistics.users import cells_of, ratio_cells_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)


def valid(rows: list[ResultRow]) -> list[ResultRow]:
    run = {"as_of_date": "2026-11-01", "run_key": "r", "family": "customer_segments"}
    for record in to_records(rows, **run):
        jsonschema.validate(record, result_schema())
    return rows


def spenders(n: int, seed: int, sigma: float = 1.0) -> np.ndarray:
    random = np.random.RandomState(seed)
    spent = np.rint(np.exp(random.standard_normal(n) * sigma + 9)).astype(np.int64)
    return np.where(random.uniform(size=n) < 0.2, 0, spent)


def pick(rows: list[ResultRow], **wanted: object) -> list[ResultRow]:
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


# Shares


def test_every_segment_has_both_shares_even_when_it_holds_nobody() -> None:
    rows = valid(segment_shares({"Declining": (100, 40)}, CONFIG))
    assert [(row.metric, row.segment, row.method) for row in rows] == [
        (metric, segment, method)
        for metric in ("segment_share", "segment_share_active")
        for segment in SEGMENTS
        for method in ("wilson", "goodman")
    ]
    nobody = pick(rows, metric="segment_share", segment="New & Growing")[0]
    assert nobody.estimate == 0 and nobody.ci_low == 0 and nobody.ci_high > 0
    assert {row.n for row in pick(rows, metric="segment_share_active")} == {60}


@given(st.lists(st.integers(0, 10**6), min_size=5, max_size=5).filter(any))
def test_shares_sum_to_one_and_carry_wilsons_interval(sizes: list[int]) -> None:
    every = segment_shares({name: (size, 0) for name, size in zip(SEGMENTS, sizes, strict=True)}, CONFIG)
    rows = [row for row in every if row.is_primary]
    assert sum(row.estimate for row in rows) == pytest.approx(2.0, abs=1e-11)
    for row, size in zip(rows, sizes * 2, strict=True):
        assert (row.ci_low, row.ci_high) == pytest.approx(
            wilson_interval(size, sum(sizes), 0.95), rel=1e-11, abs=1e-15
        )


def test_no_customer_at_all_gives_nulls_with_a_reason() -> None:
    for counts in ({}, dict.fromkeys(SEGMENTS, (0, 0))):
        rows = valid(segment_shares(counts, CONFIG))
        assert {(row.estimate, row.reason, row.n) for row in rows} == {(None, "zero_denominator", 0)}


def test_a_month_of_dormant_customers_has_shares_but_no_active_ones() -> None:
    rows = valid(segment_shares({"Declining": (50, 50)}, CONFIG))
    assert pick(rows, metric="segment_share", segment="Declining")[0].estimate == 1
    assert {row.reason for row in pick(rows, metric="segment_share_active")} == {"zero_denominator"}


def test_few_customers_are_published_with_caution() -> None:
    assert {row.trust for row in segment_shares({"Declining": (29, 0)}, CONFIG)} == {"caution"}
    assert {
        row.trust for row in segment_shares({"Declining": (30, 10), "New & Growing": (20, 10)}, CONFIG)
    } >= {"ok"}


@pytest.mark.parametrize("counts", [{"Unheard of": (1, 0)}, {"Declining": (1, 2)}, {"Declining": (1, -1)}])
def test_impossible_shares_are_refused(counts: dict) -> None:
    with pytest.raises(ValueError, match=r"Unheard of|Declining"):
        segment_shares(counts, CONFIG)


# Means


def all_cells(**users: np.ndarray) -> dict:
    return {(metric, name): cells_of(values) for metric in MEANS for name, values in users.items()}


def test_means_are_in_dollars_with_two_methods_for_each_segment_and_for_all() -> None:
    held = {"Declining": spenders(400, 1), "New & Growing": spenders(900, 2)}
    rows = valid(segment_means(all_cells(**held), CONFIG))
    assert [(row.metric, row.segment, row.method) for row in rows] == [
        (metric, segment, method)
        for metric in MEANS.values()
        for segment in (*SEGMENTS, None)
        for method in ("percentile_bootstrap", "hall_skew_t")
    ]
    drawn, closed = pick(rows, metric="mean_spend_90d", segment="Declining")
    assert drawn.estimate == closed.estimate == pytest.approx(held["Declining"].mean() / 100, rel=1e-11)
    assert drawn.ci_low < drawn.estimate < drawn.ci_high and closed.ci_low < closed.estimate < closed.ci_high
    assert (drawn.n_resamples, len(drawn.seed), closed.n_resamples, closed.seed) == (1000, 32, None, None)
    everyone = pick(rows, metric="mean_spend_90d", segment=None)[0]
    assert everyone.n == 1300
    assert everyone.estimate == pytest.approx(np.concatenate(list(held.values())).mean() / 100, rel=1e-11)


def test_a_segment_that_appears_changes_no_other_segments_numbers() -> None:
    before = segment_means(all_cells(Declining=spenders(400, 1)), CONFIG)
    after = segment_means(all_cells(Declining=spenders(400, 1), **{"New & Growing": spenders(90, 2)}), CONFIG)
    assert pick(before, segment="Declining") == pick(after, segment="Declining")


def test_a_rerun_repeats_the_bytes_and_another_date_does_not() -> None:
    cells = all_cells(Declining=spenders(400, 1))
    assert segment_means(cells, CONFIG) == segment_means(cells, CONFIG)
    other = segment_means(cells, StatisticsConfig("2026-12-01", n_resamples=1000))
    assert (
        pick(other, segment="Declining")[0].ci_low
        != pick(segment_means(cells, CONFIG), segment="Declining")[0].ci_low
    )


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([5000] * 29, "too_few_users"),
        ([0] * 50 + [5000] * 9, "too_few_nonzero_users"),
        ([100] * 100 + [10**9], "low_effective_n"),
        ([], "empty_segment"),
    ],
)
def test_small_segments_give_nulls_with_their_reason(values: list[int], reason: str) -> None:
    rows = valid(segment_means(all_cells(Declining=np.array(values, dtype=np.int64)), CONFIG))
    assert {(row.estimate, row.reason, row.n) for row in pick(rows, segment="Declining")} == {
        (None, reason, len(values))
    }


def test_equal_amounts_have_a_mean_but_no_interval() -> None:
    rows = valid(segment_means(all_cells(Declining=np.full(50, 1234)), CONFIG))
    for row in pick(rows, segment="Declining"):
        assert (row.estimate, row.ci_low, row.ci_high, row.reason) == (12.34, None, None, "no_variation")


def test_heavy_tails_are_flagged() -> None:
    rows = segment_means(all_cells(Declining=spenders(120, 3, sigma=2.4)), CONFIG)
    assert {row.trust for row in pick(rows, segment="Declining")} == {"unreliable"}


def test_an_interval_that_its_saddlepoint_check_contradicts_is_flagged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from include.tidemark.statistics import means

    cells = all_cells(Declining=spenders(4000, 1, sigma=0.5))
    assert pick(segment_means(cells, CONFIG), segment="Declining")[0].trust == "ok"
    monkeypatch.setattr(
        means, "bootstrap_interval", lambda cells, *_: (cells.mean * 0.999, cells.mean * 1.001)
    )
    assert pick(segment_means(cells, CONFIG), segment="Declining")[0].trust == "unreliable"


def test_an_unknown_metric_or_segment_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown metric 'spend'"):
        segment_means({("spend", "Declining"): cells_of([1])}, CONFIG)
    with pytest.raises(ValueError, match="'Other' is no segment"):
        segment_means({("lifetime_value", "Other"): cells_of([1])}, CONFIG)


# Movement


def test_movement_has_a_row_for_every_possible_pair() -> None:
    rows = valid(
        segment_movement(
            [("Declining", "Declining", 30), ("Declining", GONE_CUSTOMER, 10)], CONFIG, has_previous=True
        )
    )
    assert len({(row.segment, row.segment_to) for row in rows}) == len(rows) == 6 * 6 - 1
    assert (NEW_CUSTOMER, GONE_CUSTOMER) not in {(row.segment, row.segment_to) for row in rows}
    stayed = pick(rows, segment="Declining", segment_to="Declining")[0]
    assert (stayed.estimate, stayed.n, stayed.trust) == (0.75, 40, "ok")
    assert pick(rows, segment="Declining", segment_to="New & Growing")[0].ci_high > 0
    assert {row.reason for row in pick(rows, segment="New & Growing")} == {"empty_segment"}


moves = st.lists(
    st.tuples(st.sampled_from((*SEGMENTS, NEW_CUSTOMER)), st.sampled_from(SEGMENTS), st.integers(0, 1000)),
    max_size=20,
)


@settings(max_examples=50)
@given(moves)
def test_where_a_segments_customers_went_sums_to_one(counts: list) -> None:
    rows = segment_movement(counts, CONFIG, has_previous=True)
    for origin in (*SEGMENTS, NEW_CUSTOMER):
        shares = [row.estimate for row in pick(rows, segment=origin)]
        assert shares.count(None) in (0, len(shares))
        assert shares[0] is None or sum(shares) == pytest.approx(1.0, abs=1e-11)


def test_without_an_earlier_publication_every_movement_is_null() -> None:
    rows = valid(segment_movement([], CONFIG, has_previous=False))
    assert len(rows) == 35
    assert {(row.estimate, row.reason) for row in rows} == {(None, "no_earlier_publication")}


@pytest.mark.parametrize(
    "counts",
    [[(NEW_CUSTOMER, GONE_CUSTOMER, 1)], [("Other", "Declining", 1)], [("Declining", "Other", 1)], [("Declining", "Declining", -1)]],
)  # fmt: skip
def test_impossible_movements_are_refused(counts: list) -> None:
    with pytest.raises(ValueError, match="movement from"):
        segment_movement(counts, CONFIG, has_previous=True)


def test_movements_without_an_earlier_publication_are_a_contradiction() -> None:
    with pytest.raises(ValueError, match="has_previous is false"):
        segment_movement([("Declining", "Declining", 1)], CONFIG, has_previous=False)


# Backtest


def later(prior: np.ndarray, factor: float, seed: int) -> RatioCells:
    noise = np.exp(0.3 * np.random.RandomState(seed).standard_normal(len(prior)))
    return ratio_cells_of(prior, np.rint(prior * factor * noise).astype(np.int64))


def test_the_backtest_is_a_ratio_of_sums_by_two_methods() -> None:
    cells = {"Declining": later(spenders(500, 1), 0.6, 2), "New & Growing": later(spenders(500, 3), 1.4, 4)}
    rows = valid(segment_backtest(cells, CONFIG))
    assert len(rows) == 12 and {row.horizon for row in rows} == {"90d"}
    for row in pick(rows, segment="Declining"):
        assert row.estimate == pytest.approx(cells["Declining"].ratio, rel=1e-11)
        assert row.ci_low < row.estimate < row.ci_high < 0.75
    drawn, closed = pick(rows, segment=None)
    assert drawn.n == 1000
    error = (closed.ci_high - closed.ci_low) / 3.92
    assert (drawn.ci_low, drawn.ci_high) == pytest.approx((closed.ci_low, closed.ci_high), abs=0.5 * error)


@pytest.mark.parametrize(
    ("reason", "mature"), [("window_not_complete", False), ("no_earlier_publication", True)]
)
def test_a_backtest_that_cannot_be_is_null_with_its_reason(reason: str, mature: bool) -> None:
    rows = valid(segment_backtest(None, CONFIG, reason_if_absent=reason))
    assert len(rows) == 12
    assert {(row.estimate, row.reason, row.is_mature, row.horizon) for row in rows} == {
        (None, reason, mature, "90d")
    }


def test_an_absent_backtest_needs_a_known_reason() -> None:
    for reason in (None, "lost"):
        with pytest.raises(ValueError, match="reason_if_absent"):
            segment_backtest(None, CONFIG, reason_if_absent=reason)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ([100] * 40, [50] * 40, [(0.5, "no_variation"), (0.5, "no_variation")]),
        ([0] * 40, [50] * 40, [(None, "too_few_nonzero_users")] * 2),
        ([100] * 40, [0] * 40, [(0.0, "no_variation")] * 2),
        ([100] * 40, [-50, -10] * 20, [(-0.3, "no_reference"), (-0.3, "not_positive")]),
        ([-100, 200] * 20, [50] * 40, [(1.0, "unbounded_interval"), (1.0, "imprecise")]),
        ([5, -5] * 20, [50] * 40, [(None, "zero_denominator")] * 2),
        ([100] * 20, [50] * 20, [(None, "too_few_users")] * 2),
    ],
)
def test_degenerate_backtests_say_why(x: list, y: list, expected: list) -> None:
    rows = valid(segment_backtest({"Declining": ratio_cells_of(x, y)}, CONFIG))
    assert [(row.estimate, row.reason) for row in pick(rows, segment="Declining")] == expected
