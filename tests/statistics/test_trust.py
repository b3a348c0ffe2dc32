import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.group_ratios import mean_ratio_rows
from include.tidemark.statistics.lifetime_value import lifetime_value
from include.tidemark.statistics.mean_rows import mean_rows
from include.tidemark.statistics.proportions import rate_difference_flag, rate_flag
from include.tidemark.statistics.shares import share_rows, tails
from include.tidemark.statistics.trust import Sample, Tail, flag, precise, tail_of
from tests.statistics.customers import segment_backtest, segment_means
from tests.statistics.users import cells_of, ratio_cells_of, units_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
LEVELS = ["ok", "caution", "unreliable"]
EVERYBODY = Tail(50_000, 1.0, 2.0)


def level(tail: Tail, reference: Tail | None = EVERYBODY, method: str = "percentile_bootstrap") -> int:
    return LEVELS.index(flag(method, Sample(tail, reference))[0])


def level_of(users: int, skewness: float, weight: float, method: str = "percentile_bootstrap") -> int:
    """Of users who are like all 50,000."""
    return level(Tail(users, skewness, weight), Tail(50_000, skewness, weight), method)


def test_trust_falls_with_skewness_and_rises_with_users() -> None:
    levels = [level_of(100, skewness, max(skewness, 2.0)) for skewness in (0, 1.9, 2.1, 3.4, 3.6, 50)]
    assert levels == [0, 0, 1, 1, 2, 2]
    assert level(Tail(10_000, 10.0, 12.0), Tail(100_000, 10.0, 12.0)) == 0


def test_the_more_uneven_of_the_users_and_their_reference_decides() -> None:
    assert level(Tail(400, 1.0, 2.0), Tail(50_000, 30.0, 31.0)) == 2
    assert level(Tail(400, 30.0, 31.0)) == 2
    assert level(Tail(400, 1.0, 2.0)) == 0


def test_the_users_own_tail_may_be_two_fifths_larger_than_that_of_the_reference() -> None:
    """Else of the populations just beyond the limit those samples pass that lack their tail."""
    for k, weight in ((0.2, 0.2), (0.0, 0.25)):
        below, beyond = (Tail(400, 28 * k * part, 28 * weight * part) for part in (0.99, 1.01))
        assert [level(tail) for tail in (below, beyond)] == [0, 1]
    assert [level(Tail(400, 20 * k, 20 * k), EVERYBODY, "hall_skew_t") for k in (0.349, 0.351)] == [0, 2]


def test_users_without_others_have_no_more_than_the_limit() -> None:
    assert [level(Tail(40_000, 8.0, 200 * weight), None) for weight in (0.049, 0.051)] == [0, 1]


@pytest.mark.parametrize(
    ("method", "limit"),
    [
        ("hall_skew_t", 0.25), ("percentile_bootstrap", 0.2), ("retention_weighted", 0.2), ("welch", 0.2),
        ("unit_jackknife_t", 0.25), ("log_delta", 0.2), ("percentile_of_ratio", 0.15), ("logit_delta", 0.2),
        ("percentile_of_share", 0.15),
    ],
)  # fmt: skip
def test_a_method_is_ok_up_to_its_own_limit(method: str, limit: float) -> None:
    below, beyond = (level_of(400, 20 * k, 20 * max(k, 0.2), method) for k in (limit, limit + 0.002))
    assert (below, beyond) == (0, 1)


def test_no_weight_above_a_quarter_is_ok_however_many_show_the_tail() -> None:
    found = [level(Tail(400, 0.0, 2.0), Tail(1_000_000, 0.0, weight)) for weight in (4.99, 5.01)]
    assert found == [0, 1]


def test_users_who_are_all_there_are_have_a_lighter_tail() -> None:
    assert [level(Tail(10_000, 0.0, weight), None) for weight in (4.99, 5.01)] == [0, 1]
    twice = [level(Tail(10_000, 0.0, 2.0), Tail(20_000, 0.0, weight)) for weight in (8.4, 8.42)]
    assert twice == [0, 1], "0.05 times 2 to the power of three quarters"


def test_far_values_of_both_signs_are_seen_although_the_skewness_is_nothing() -> None:
    amounts = np.array([-1, 1] * 400 + [-40, 40] * 4)
    tail = tail_of(cells_of(amounts))
    assert tail.skewness == pytest.approx(0, abs=1e-9) and tail.weight > 8
    assert flag("hall_skew_t", Sample(tail, Tail(50_000, 0.0, 12.0))) == ("caution", "skewed")


def test_the_fewer_users_tell_of_the_tail_the_lighter_it_has_to_be() -> None:
    own = Tail(1000, 1.0, 4.0)
    found = [flag("hall_skew_t", Sample(own, Tail(users, 1.0, 4.0))) for users in (1000, 4000, 6000)]
    assert found == [("caution", "no_reference")] * 2 + [("ok", None)]
    assert flag("hall_skew_t", Sample(Tail(20_000, 1.0, 4.0))) == ("ok", None)
    assert flag("hall_skew_t", Sample(Tail(2000, 1.0, 1.6))) == ("ok", None)
    assert flag("hall_skew_t", Sample(Tail(900, 0.0, 1.3))) == ("caution", "no_reference")


def test_the_weaker_of_two_groups_decides() -> None:
    light = Sample(Tail(400, 1.0, 2.0), EVERYBODY)
    assert flag("unit_jackknife_t", light, light)[0] == "ok"
    uneven = Sample(Tail(40, 9.0, 10.0), EVERYBODY)
    assert (
        flag("unit_jackknife_t", light, uneven)
        == flag("unit_jackknife_t", uneven, light)
        == ("unreliable", "skewed")
    )


def test_a_tail_is_that_of_the_users() -> None:
    amounts = np.rint(np.random.RandomState(3).lognormal(3, 1, 3000)).astype(int)
    tail, away = tail_of(cells_of(amounts)), np.abs(amounts - amounts.mean())
    assert tail.skewness == pytest.approx(stats.skew(amounts), rel=1e-9)
    assert tail.weight == pytest.approx((away**3).mean() / amounts.std() ** 3, rel=1e-9)
    binned = tail_of(cells_of(amounts, max_distinct=0))
    assert binned.weight == pytest.approx(tail.weight, rel=1e-3)


def test_a_denominator_that_nearly_cancels_is_imprecise() -> None:
    assert precise(0.1, 0.41) == ("caution", "imprecise") and precise(0.1, 0.2)[0] == "ok"


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ((10, 100), (90, 100), (("ok", None), ("ok", None))),
        ((9, 100), (90, 100), (("caution", "few_successes"), ("ok", None))),
        ((95, 100), (96, 100), (("caution", "few_successes"), ("caution", "few_successes"))),
        ((10, 29), (90, 100), (("caution", "few_users"), ("caution", "few_users"))),
    ],
)
def test_rates_need_ten_users_of_either_outcome_and_differences_ten_in_both_groups(
    own: tuple[int, int], other: tuple[int, int], expected: tuple
) -> None:
    assert (rate_flag(*own, CONFIG), rate_difference_flag(own, other, CONFIG)) == expected


def light(n: int, seed: int) -> np.ndarray:
    return np.random.RandomState(seed).poisson(40, n)


def test_every_row_maker_looks_at_the_larger_group() -> None:
    """The same users are ok beside 20,000 alike, and not where those hold amounts that the users lack."""
    own, alike = light(300, 1), light(20_000, 2)
    whales = np.where(np.arange(20_000) % 100 == 0, 400 * alike, alike)

    def flags(rest: np.ndarray) -> dict[str, set[str | None]]:
        mine, others = cells_of(own), cells_of(rest)
        inside, outside = {"a": cells_of(own[:100]), "b": cells_of(own[100:])}, rest[:15_000]
        longer = {"a": cells_of(rest[15_000:]), "b": cells_of(outside)}
        later = {
            "Declining": ratio_cells_of(own, light(300, 3)),
            "Budget-Conscious": ratio_cells_of(light(20_000, 4), rest),
        }
        tiers = {("own", 8, 0.0): mine, ("rest", 8, 0.0): others}
        weeks = {key: units_of(x, np.arange(len(x)) % 20) for key, x in zip(tiers, (own, rest), strict=True)}
        made = {
            "mean": mean_rows("m", mine, CONFIG, reference=others, segment="own"),
            "ltv": lifetime_value(
                tiers, {"own": 300, "rest": 20_000}, CONFIG, units=weeks, horizons=[8], rates=[0.0]
            ),
            "ratio of means": mean_ratio_rows("r", mine, others, CONFIG, segment="own", segment_to="rest"),
            "share": share_rows("s", inside, CONFIG, reference=tails(longer)),
        }
        found = {
            what: {row.trust for row in rows if row.segment in ("own", "a")} for what, rows in made.items()
        }
        segments = {("lifetime_value", "Declining"): mine, ("lifetime_value", "Budget-Conscious"): others}
        found["segment"] = {
            row.trust for row in segment_means(segments, CONFIG) if row.segment == "Declining" and row.trust
        }
        backtest = segment_backtest(later, CONFIG)
        found["backtest"] = {row.trust for row in backtest if row.segment == "Declining"}
        return found

    assert all(found == {"ok"} for found in flags(alike).values()), flags(alike)
    assert all("ok" not in found for found in flags(whales).values()), flags(whales)
