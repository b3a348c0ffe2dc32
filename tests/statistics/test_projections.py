import numpy as np
import pytest

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.elasticity import elasticity
from include.tidemark.statistics.lifetime_value import lifetime_value
from include.tidemark.statistics.projections import SEED_FILES, Projection, Value, project, segment_metrics
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.retention import RetentionCount, retention
from tests.statistics.users import cells_of_users, volume_cells_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
RANDOM = np.random.RandomState(1)


def test_retention_by_fee_has_the_seeds_columns_and_null_where_a_window_is_open() -> None:
    counts = [
        RetentionCount(fee, f"week {k}", 90, 90, 30 - k, 40 - k) for fee in ("5", "12.5") for k in range(3)
    ]
    counts.append(RetentionCount("5", "week 3", 90, 0, 0, 0))
    lines = project(retention(counts, CONFIG), SEED_FILES["retention_by_fee.csv"])
    assert list(lines[0]) == [
        "acquisition_fee_bps",
        "k",
        "retention_rate",
        "ci_low",
        "ci_high",
        "n",
        "trust",
        "reason",
    ]
    assert [(line["acquisition_fee_bps"], line["k"]) for line in lines][2:5] == [(5, 2), (12.5, 0), (12.5, 1)]
    assert lines[0]["retention_rate"] == pytest.approx(1 / 3) and lines[-1]["retention_rate"] is None


def test_ltv_by_fee_has_the_seeds_columns() -> None:
    fees = RANDOM.exponential(5, size=(80, 12))
    rows = lifetime_value(cells_of_users(fees, np.full(80, 12), ["5"] * 80), {"5": 80}, CONFIG)
    lines = project(rows, SEED_FILES["ltv_by_fee.csv"])
    assert list(lines[0]) == [
        "acquisition_fee_bps",
        "horizon_weeks",
        "discount_rate",
        "ltv_mean",
        "ci_low",
        "ci_high",
        "n",
        "trust",
        "reason",
    ]
    keys = [(line["acquisition_fee_bps"], line["horizon_weeks"], line["discount_rate"]) for line in lines]
    assert keys == [(5, weeks, rate) for weeks in range(8, 13) for rate in (0.0, 0.05, 0.1)]


def test_segment_metrics_repeat_the_elasticity_over_the_periods() -> None:
    period = np.repeat([f"w{k}" for k in range(8)], 20)
    fee = np.repeat([5.0, 10, 20, 5, 10, 20, 5, 30], 20)
    cells = volume_cells_of(period, ["whale"] * 160, fee, RANDOM.exponential(100, size=160))
    rows = elasticity(cells, CONFIG, n_draws=1000)
    for week in ("w0", "w1"):
        known = {"segment": "whale", "horizon": week, "ci_low": 0.1, "ci_high": 0.9}
        rows.append(ResultRow("volume_share", 0.5, "logit_delta", **known))
        rows.append(ResultRow("fees_share", 0.4, "logit_delta", **known))
        rows.append(
            null_row(
                "avg_fee_paid_usd", "percentile_bootstrap", "too_few_users", segment="whale", horizon=week
            )
        )
        rows.append(ResultRow("retention_in_window", 0.3, "wilson", **known))
    lines = project(rows, segment_metrics({"w0": 5.0, "w1": 10.0}))
    assert list(lines[0]) == [
        "period_id", "final_fee_bps", "segment", "volume_share", "fees_share", "avg_fee_paid_usd", "retention_rate",
        "elasticity_est", "n", "trust", "reason",
    ]  # fmt: skip
    assert [line["final_fee_bps"] for line in lines] == [5.0, 10.0]
    assert lines[0]["elasticity_est"] == lines[1]["elasticity_est"] is not None
    assert lines[0]["avg_fee_paid_usd"] is None


def test_two_rows_for_one_cell_are_refused() -> None:
    rows = [ResultRow("m", 1.0, method, ci_low=0, ci_high=2) for method in ("one", "two")]
    with pytest.raises(ValueError, match="two rows of 'm' claim column 'm'"):
        project(rows, Projection({"segment": lambda row: row.segment}, {"m": Value("m")}))
    assert project([], SEED_FILES["ltv_by_fee.csv"]) == []
