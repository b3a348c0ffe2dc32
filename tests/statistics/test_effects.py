"""A small version of the simulations of planted effects: `benchmarks/bench_statistics_coverage.py` has the
whole."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest

from tests.statistics import effects, paired_means
from tests.statistics.effects import Judged, Random


def ok_by_method(samples: Iterable[Iterable[Judged]]) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = defaultdict(list)
    for each in samples:
        for method, flag, hit in each:
            if flag == "ok":
                found[method].append(hit)
    return found


def drawn(
    maker: Callable[[Random, str], Iterator[Judged]], design: str, samples: int
) -> dict[str, list[bool]]:
    random = Random(8)
    return ok_by_method(maker(random, design) for _ in range(samples))


def assert_held(found: dict[str, list[bool]], fewest: int) -> None:
    """93 to 97 % within three standard errors."""
    assert found
    for method, hits in found.items():
        assert len(hits) >= fewest, method
        error = math.sqrt(0.05 * 0.95 / len(hits))
        assert 0.93 - 3 * error <= np.mean(hits) <= 0.97 + 3 * error, (method, np.mean(hits), len(hits))


def test_the_elasticity_of_many_weeks_is_ok_and_holds() -> None:
    found = drawn(effects.of_volume, "16 weeks of unlike size", 150)
    assert "effect_5bps_log_volume_usd, cr3_t" in found
    assert_held({method: hits for method, hits in found.items() if "cr3" in method}, 150)


def test_the_elasticity_of_few_weeks_is_not_ok() -> None:
    found = [flag for _ in range(3) for _, flag, _ in effects.of_volume(Random(1), "8 weeks")]
    assert set(found) == {"caution"}


def test_the_odds_ratio_and_the_change_of_the_probability_hold_where_they_are_ok() -> None:
    found = drawn(effects.of_staying, "12 weeks of unlike size", 100)
    assert sorted(found) == [f"{name}_5bps, logit_jackknife" for name in ("odds_ratio", "retention_change")]
    assert_held(found, 80)


def test_odds_ratios_of_features_hold_together_and_alone() -> None:
    found = drawn(effects.of_features, "1,000 users, one in eight is back", 80)
    assert sorted(found) == ["odds_ratio, logit_robust", "odds_ratio_univariate, logit_robust"]
    assert_held(found, 150)


@pytest.mark.parametrize(("name", "n"), [("gamma", 1_000), ("lognormal", 5_000), ("counts", 1_000)])
def test_the_change_of_a_mean_holds_on_pairs_and_given_the_earlier_amounts(name: str, n: int) -> None:
    on_pairs = list(paired_means.verdicts(Random(5), name, (0.8, 0.15), n, 250))
    given = list(paired_means.verdicts_given_earlier(Random(5), name, 0.3, n, 250))
    for verdicts in (on_pairs, given):
        assert_held({name: [hit for flag, hit in verdicts if flag == "ok"]}, 200)


def test_the_change_of_a_mean_of_heavy_tails_is_not_ok() -> None:
    for verdicts in (
        paired_means.verdicts(Random(5), "whales", (0.8, 0.15), 1_000, 50),
        paired_means.verdicts_given_earlier(Random(5), "whales", 0.3, 1_000, 50),
    ):
        assert "ok" not in {flag for flag, _ in verdicts}
