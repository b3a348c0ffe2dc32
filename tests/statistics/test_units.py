import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from include.tidemark.statistics.units import (
    Units,
    against_units_flag,
    rate_against_units,
    units_difference,
    units_flag,
)
from tests.statistics.shocks import (
    alarms,
    every_difference,
    retention_of_days,
    retention_of_tiers,
    value_of_tiers,
)
from tests.statistics.users import units_of


def draws(seed: int, units: int) -> list[tuple[int, float]]:
    random = np.random.RandomState(seed)
    return [
        (int(n), float(n * mean))
        for n, mean in zip(random.randint(20, 90, units), random.normal(5, 1, units), strict=True)
    ]


def test_units_of_one_size_are_compared_as_welch_compares_their_means() -> None:
    random = np.random.RandomState(4)
    first, second = random.normal(3, 1, 7), random.normal(3.5, 2, 11)
    one, two = (Units.of((40, 40 * mean) for mean in means) for means in (first, second))
    found = units_difference(one, two, 0.9)
    theirs = stats.ttest_ind(first, second, equal_var=False)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(theirs.confidence_interval(0.9)), rel=1e-9)


def test_the_error_is_that_of_leaving_out_one_unit_at_a_time() -> None:
    held = draws(1, 8)
    without = [
        sum(total for _, total in rest) / sum(n for n, _ in rest)
        for rest in (held[:place] + held[place + 1 :] for place in range(8))
    ]
    units = Units.of(held)
    assert units.error == pytest.approx(
        math.sqrt(7 / 8 * sum((mean - units.mean) ** 2 for mean in without)), rel=1e-12
    )


def test_the_unit_of_the_amounts_and_the_order_of_the_units_do_not_matter() -> None:
    one, two = draws(2, 7), draws(3, 9)
    plain = units_difference(Units.of(one), Units.of(two), 0.95)
    cents = [[(n, 100 * total) for n, total in held[::-1]] for held in (one, two)]
    scaled = units_difference(Units.of(cents[0]), Units.of(cents[1]), 0.95)
    assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-9)
    assert (scaled.ci_low, scaled.ci_high) == pytest.approx(
        (100 * plain.ci_low, 100 * plain.ci_high), rel=1e-9
    )
    mirrored = units_difference(Units.of(two), Units.of(one), 0.95)
    assert (mirrored.estimate, mirrored.p_value) == pytest.approx((-plain.estimate, plain.p_value), rel=1e-12)


def test_an_interval_excludes_no_difference_exactly_when_its_p_value_says_so() -> None:
    for seed in range(40):
        found = units_difference(Units.of(draws(seed, 6)), Units.of(draws(seed + 100, 7)), 0.8)
        assert (found.p_value < 0.2) == (not found.ci_low <= 0 <= found.ci_high)


def test_one_large_unit_leaves_little_freedom() -> None:
    even, uneven = (
        Units.of([(50, 10.0 + k) for k in range(8)]),
        Units.of([(10_000, 3000.0), *[(5, 1.0 + k) for k in range(7)]]),
    )
    assert even.effective == 8 and 1 < uneven.effective < 1.01
    assert (units_flag(even, even)[0], units_flag(even, uneven)) == ("ok", ("caution", "few_periods"))
    found = units_difference(even, uneven, 0.95)
    assert math.isfinite(found.ci_low) and math.isfinite(found.ci_high)


def test_a_day_among_days_that_differ_by_chance_alone_has_the_error_of_its_users() -> None:
    rest = Units.of([(10**9, 3 * 10**8 + step) for step in (-10, -5, 0, 5, 10) * 10])
    found = rate_against_units(60, 150, rest, 0.95)
    t = stats.t.ppf(0.975, 49)
    low, high = proportion_confint(60, 150, 2 * stats.norm.sf(t), "wilson")
    assert (found.ci_low, found.ci_high) == pytest.approx((low - 0.3, high - 0.3), rel=1e-6)
    error = math.sqrt(0.3 * 0.7 / 150)
    assert found.p_value == pytest.approx(2 * stats.t.sf(0.1 / error, 49), rel=1e-6)


def test_the_interval_of_a_day_holds_the_rates_that_a_test_with_their_own_variance_does_not_reject() -> None:
    random = np.random.RandomState(3)
    for n in (12, 40, 300):
        users = random.randint(20, 200, 40)
        rest = Units.of(zip(users.tolist(), random.binomial(users, 0.2).tolist(), strict=True))
        rates = np.array([rate_against_units(k, n, rest, 0.9).p_value for k in range(n + 1)])
        for k in range(n + 1):
            found = rate_against_units(k, n, rest, 0.9)
            assert found.ci_low < found.estimate < found.ci_high or k in (0, n)
            assert (rates[k] < 0.1) == (not found.ci_low <= 0 <= found.ci_high)


@pytest.mark.parametrize("shock", [0.0, 0.2])
def test_a_planted_difference_is_held_by_its_interval_and_found(shock: float) -> None:
    found = dict(every_difference(np.random.RandomState(4), shock, 150))
    assert len(found) == 8
    for name, verdicts in found.items():
        held = [hit for flag, hit, _ in verdicts if flag == "ok"]
        assert len(held) >= 149, name
        error = math.sqrt(0.05 * 0.95 / len(held))
        assert 0.93 - 2 * error <= np.mean(held) <= 0.97 + 3 * error, name
    # Of many weeks nearly every difference is found, of one day half of them.
    power = {name: np.mean([late for _, _, late in verdicts]) for name, verdicts in found.items()}
    assert power["35 and 43 %, 12 and 36 weeks of unlike size"] > 0.85
    assert power["35 and 43 %, a day and 119 others"] > 0.2


def test_a_day_among_days_that_differ_has_the_error_of_days() -> None:
    # Days of many users: nothing but their own differences counts, as for one more draw from a normal sample.
    random = np.random.RandomState(5)
    rates = random.normal(0.3, 0.03, 30)
    rest = Units.of((10**7, 10**7 * rate) for rate in rates)
    found = rate_against_units(4 * 10**6, 10**7, rest, 0.95)
    error = rates.std(ddof=1) * math.sqrt(1 + 1 / 30)
    assert found.p_value == pytest.approx(2 * stats.t.sf((0.4 - rates.mean()) / error, 29), rel=1e-3)


def test_below_six_units_there_is_no_p_value_and_below_two_no_interval() -> None:
    assert units_difference(Units.of(draws(1, 5)), Units.of(draws(2, 9)), 0.95).p_value is None
    assert units_difference(Units.of(draws(1, 1)), Units.of(draws(2, 9)), 0.95) is None
    rest = [(50, 20 + k) for k in range(5)]
    assert rate_against_units(10, 50, Units.of(rest), 0.95).p_value is None
    assert rate_against_units(10, 50, Units.of(rest[:1]), 0.95) is None
    assert [against_units_flag(Units.of(draws(1, g)))[0] for g in (5, 29, 60)] == [
        "unreliable",
        "caution",
        "ok",
    ]


def test_units_without_users_and_without_variation_say_nothing() -> None:
    assert Units.of([(0, 0), (5, 2)]).count == 1
    same = Units.of([(10, 3.0)] * 7)
    assert units_difference(same, same, 0.95) is None
    assert rate_against_units(0, 10, Units.of([(10, 0)] * 7), 0.95) is None
    assert units_of([1, 0, 1], ["b", "a", "b"]).total.tolist() == [0, 2]


@pytest.mark.parametrize("shock", [0.1, 0.2])
@pytest.mark.parametrize("of", [retention_of_tiers, value_of_tiers])
@pytest.mark.parametrize("design", ["6 and 18 weeks", "12 and 36 weeks of unlike size"])
def test_tiers_whose_weeks_have_shocks_and_no_effect_alarm_in_a_twentieth(
    of, shock: float, design: str
) -> None:
    random, samples = np.random.RandomState(6), 300
    verdicts = [of(random, shock, design) for _ in range(samples)]
    found = alarms(verdicts)
    assert len(found) > 0.8 * samples
    # At most 7 % in the long run, see the benchmark.
    assert found.mean() <= 0.06 + 3 * math.sqrt(0.06 * 0.94 / len(found))
    if shock == 0.2:
        assert alarms(verdicts, by_users=True).mean() > 0.15


@pytest.mark.parametrize("shock", [0.0, 0.1, 0.2])
def test_days_with_shocks_and_no_effect_alarm_in_a_twentieth(shock: float) -> None:
    random = np.random.RandomState(7)
    verdicts = [retention_of_days(random, shock, 45) for _ in range(400)]
    found = alarms(verdicts)
    assert len(found) > 300 and 0.01 <= found.mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / len(found))
    if shock == 0.2:
        assert alarms(verdicts, by_users=True).mean() > 0.12
