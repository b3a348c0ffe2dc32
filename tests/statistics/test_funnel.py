import jsonschema
import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.funnel import FunnelStep, funnel, median_interval
from include.tidemark.statistics.results import result_schema, to_records
from include.tidemark.statistics.units import Units, rate_against_units

CONFIG = StatisticsConfig("2026-11-01")


def steps(install: int, level: int, purchase: int) -> list[FunnelStep]:
    return [
        FunnelStep("install", install, {0.0: install}),
        FunnelStep("level_5", level, {1.0: level // 2, 3.0: level - level // 2}),
        FunnelStep("purchase", purchase, {2.0: purchase}),
    ]


def rows_of(groups: dict) -> list:
    rows = funnel(groups, CONFIG)
    for record in to_records(rows, as_of_date="2026-11-01", run_key="r", family="engagement"):
        jsonschema.validate(record, result_schema())
    return rows


def one(rows: list, metric: str, step: str, group: str | None = None):
    (row,) = [row for row in rows if (row.metric, row.segment_to, row.segment) == (metric, step, group)]
    return row


def test_reached_conversion_and_drop_off_with_wilson_intervals() -> None:
    rows = rows_of({None: steps(200, 80, 20)})
    assert one(rows, "funnel_reached", "purchase").estimate == 0.1
    assert one(rows, "funnel_conversion", "purchase").estimate == 0.25
    assert one(rows, "funnel_drop_off", "purchase").estimate == 0.75
    assert one(rows, "funnel_conversion", "install").estimate == 1
    low, high = stats.binomtest(20, 80).proportion_ci(method="wilson")
    row = one(rows, "funnel_conversion", "purchase")
    assert (row.ci_low, row.ci_high, row.n) == (
        pytest.approx(low, rel=1e-10),
        pytest.approx(high, rel=1e-10),
        80,
    )


def test_the_median_and_its_interval_equal_order_statistics() -> None:
    random = np.random.RandomState(1)
    for n in (6, 20, 101):
        time = np.sort(random.randint(0, 9, size=n)).astype(float)
        counts = {value: int((time == value).sum()) for value in np.unique(time).tolist()}
        middle, low, high = median_interval(counts, 0.95)
        found = stats.quantile_test(time, p=0.5).confidence_interval(0.95)
        assert middle == np.median(time)
        assert (low, high) == (found.low, found.high)
    assert median_interval({1.0: 5}, 0.95) is None


def test_the_medians_interval_covers_at_least_its_level() -> None:
    # 1,000 samples: a coverage of 95 % is known to 0.7 points; the interval is conservative.
    random = np.random.RandomState(2)
    held = 0
    for _ in range(1000):
        _, low, high = median_interval(dict.fromkeys(random.standard_exponential(40).tolist(), 1), 0.95)
        held += low <= np.log(2) <= high
    assert held / 1000 >= 0.95 - 4 * 0.007


def test_groups_are_compared_with_the_rest_and_adjusted_over_steps() -> None:
    rows = rows_of({None: steps(400, 200, 60), "ios": steps(200, 130, 40), "web": steps(200, 70, 20)})
    row = one(rows, "funnel_conversion_vs_rest", "level_5", "ios")
    assert row.estimate == pytest.approx(0.3) and row.p_value < 1e-6 and row.family_size == 4
    assert not [
        r for r in rows if r.metric.endswith("rest") and (r.segment is None or r.segment_to == "install")
    ]


def months(conversions: list[int], installs: int = 300) -> dict:
    return {
        f"2026-{place + 1:02}": [
            FunnelStep("install", installs, {}),
            FunnelStep("purchase", count, {}),
        ]
        for place, count in enumerate(conversions)
    }


def test_a_month_is_compared_with_how_the_other_months_differ() -> None:
    groups = months([90, 100, 80, 120, 95, 60, 110, 130])
    rows = funnel(groups, CONFIG, each_is_a_unit=True)
    row = one(rows, "funnel_conversion_vs_rest", "purchase", "2026-08")
    others = Units.of([(300, count) for count in (90, 100, 80, 120, 95, 60, 110)])
    found = rate_against_units(130, 300, others, 0.95)
    assert found is not None
    assert (row.method, row.n, row.estimate) == ("between_units_t", 300, pytest.approx(found.estimate))
    assert (row.ci_low, row.p_value) == (pytest.approx(found.ci_low), pytest.approx(found.p_value))
    assert (row.trust, row.reason) == ("caution", "few_periods")


def test_below_six_other_months_a_month_has_no_p_value_and_beside_one_other_no_interval() -> None:
    rows = funnel(months([90, 100, 80, 120, 95, 60]), CONFIG, each_is_a_unit=True)
    row = one(rows, "funnel_conversion_vs_rest", "purchase", "2026-03")
    assert (row.p_value, row.trust, row.reason) == (None, "unreliable", "few_periods")
    assert row.ci_low < row.estimate < row.ci_high
    alone = one(
        funnel(months([90, 120]), CONFIG, each_is_a_unit=True),
        "funnel_conversion_vs_rest",
        "purchase",
        "2026-02",
    )
    assert (alone.estimate, alone.ci_low, alone.reason) == (pytest.approx(0.1), None, "too_few_periods")
    few = funnel(months([9, 3], installs=20), CONFIG, each_is_a_unit=True)
    assert one(few, "funnel_conversion_vs_rest", "purchase", "2026-02").reason == "too_few_users"


def test_months_that_differ_by_themselves_are_rarely_called_different() -> None:
    random = np.random.RandomState(7)
    alarms = {True: [], False: []}
    for _ in range(150):
        odds = 0.5 * np.exp(random.normal(0, 0.2, 12))
        groups = months(random.binomial(300, odds / (1 + odds)).tolist())
        for unit, found in alarms.items():
            rows = funnel(groups, CONFIG, each_is_a_unit=unit)
            found += [row.p_value < 0.05 for row in rows if row.metric == "funnel_conversion_vs_rest"]
    assert 0.02 <= np.mean(alarms[True]) <= 0.07
    assert np.mean(alarms[False]) > 0.15


def test_nobody_gives_reasons() -> None:
    rows = rows_of({"ios": steps(0, 0, 0), "web": steps(50, 0, 0)})
    assert one(rows, "funnel_reached", "purchase", "ios").reason == "empty_segment"
    assert one(rows, "funnel_reached", "purchase", "web").estimate == 0
    assert one(rows, "funnel_median_time", "purchase", "web").reason == "empty_segment"
    assert one(rows, "funnel_conversion_vs_rest", "level_5", "web").reason == "too_few_users"


def test_impossible_funnels_are_refused() -> None:
    with pytest.raises(ValueError, match="more users than 'level_5'"):
        funnel({None: steps(10, 4, 5)}, CONFIG)
    with pytest.raises(ValueError, match="different steps"):
        funnel({"a": steps(3, 2, 1), "b": steps(3, 2, 1)[:2]}, CONFIG)
    with pytest.raises(ValueError, match="hold 2 of 3"):
        FunnelStep("x", 3, {1.0: 2})
    with pytest.raises(ValueError, match="negative"):
        FunnelStep("x", -1, {})
