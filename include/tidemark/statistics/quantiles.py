"""Quantiles of an amount with intervals that hold for any distribution: which ranks they are, and their
rows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from include.tidemark.statistics.config import StatisticsConfig, check_level
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.trust import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METHOD = "order_statistics"
PUBLISHED = (25, 50, 75, 90)
"""Per cent."""
_AT_MOST_BEYOND = 0.02
"""By how much ranks may hold the truth more often than they say."""


@dataclass(frozen=True)
class Ranks:
    """Which of n sorted values make a quantile and its interval; 1 is the smallest.

    Attributes:
        middle: the quantile is the mean of the values of these two, which are mostly one.
        ends: the ends of the interval; None where n is too small to bound the quantile on either side.
    """

    middle: tuple[int, int]
    ends: tuple[int, int] | None

    @property
    def all(self) -> tuple[int, ...]:
        """Every rank whose value is needed."""
        return tuple(sorted({*self.middle, *(self.ends or ())}))


def quantile_ranks(n: int, percent: int, confidence_level: float) -> Ranks:
    """The ranks of a quantile: how many values are below the true one is binomial(n, p), whatever the
    distribution.

    The ends l and u are the closest with P(fewer than l below) and P(u and more below) at most half of alpha
    each, so the interval holds the true quantile at least at the level. The estimate is the inverse of the
    empirical distribution, averaged where it is flat.

    >>> quantile_ranks(30, 50, 0.95)
    Ranks(middle=(15, 16), ends=(10, 21))
    >>> quantile_ranks(20, 90, 0.95).ends is None
    True
    """
    if n < 1 or not 0 < percent < 100:
        raise ValueError(f"a quantile needs a value and a per cent between 0 and 100, got {n} and {percent}.")
    exact = Fraction(n * percent, 100)
    rank = -(-exact.numerator // exact.denominator)
    middle = (rank, rank + 1 if exact.denominator == 1 else rank)
    # scipy.stats takes half a second to import, which only the tasks that count should pay.
    from scipy.stats import binom

    p, half = percent / 100, (1 - check_level(confidence_level)) / 2
    low = int(binom.ppf(half, n, p))
    low -= low > 0 and float(binom.cdf(low - 1, n, p)) > half
    high = int(binom.isf(half, n, p)) + 1
    return Ranks(middle, (low, high) if low >= 1 and high <= n else None)


def ranks_flag(n: int, percent: int, confidence_level: float) -> Flag:
    """The trust of the interval between a quantile's ranks: ``ok`` unless few users make it hold the truth
    much more often than it says.

    Its coverage is exact for amounts without ties, so nothing is estimated; of a median it is above 97 % for
    13 sizes up to 85.

    >>> ranks_flag(30, 50, 0.95), ranks_flag(32, 50, 0.95)
    (('ok', None), ('caution', 'few_users'))
    """
    from scipy.stats import binom

    low, high = quantile_ranks(n, percent, confidence_level).ends or (0, n + 1)
    coverage = float(binom.cdf(high - 1, n, percent / 100) - binom.cdf(low - 1, n, percent / 100))
    return ("ok", None) if coverage <= confidence_level + _AT_MOST_BEYOND else ("caution", "few_users")


def quantile_rows(
    metric: str,
    sizes: Mapping[str | None, int],
    values: Mapping[tuple[str | None, int], float],
    config: StatisticsConfig,
    *,
    unit: float = 1,
) -> list[ResultRow]:
    """The quantiles of an amount, by segment.

    Args:
        metric: of the rows.
        sizes: segment (null for all) -> users with a value, in the order of the rows.
        values: segment and rank -> the value, of every rank of `needed_ranks`.
        config: the run's settings.
        unit: units of the values in one published unit.

    Returns:
        An ``order_statistics`` row for each segment and of each of `PUBLISHED`, horizon ``p25`` and so on.

    >>> values = {(None, rank): rank * 100.0 for rank in range(1, 101)}
    >>> rows = quantile_rows("spend", {None: 100}, values, StatisticsConfig("2026-11-01"), unit=100)
    >>> [(row.horizon, row.estimate, row.ci_low, row.ci_high) for row in rows][1]
    ('p50', 50.5, 40.0, 61.0)
    """
    rows = []
    for segment, n in sizes.items():
        for percent in PUBLISHED:
            known: dict[str, Any] = {
                "segment": segment,
                "horizon": f"p{percent}",
                "n": n,
                "confidence_level": config.confidence_level,
            }
            if n < max(config.minimum_sample_size, 1):
                rows.append(null_row(metric, METHOD, "too_few_users" if n else "empty_segment", **known))
                continue
            ranks = quantile_ranks(n, percent, config.confidence_level)
            low, high = (values[segment, rank] / unit for rank in ranks.middle)
            estimate = (low + high) / 2
            if ranks.ends is None:
                rows.append(ResultRow(metric, estimate, METHOD, reason="too_few_users", **known))
                continue
            ends = [values[segment, rank] / unit for rank in ranks.ends]
            trust, reason = ranks_flag(n, percent, config.confidence_level)
            rows.append(
                ResultRow(
                    metric,
                    estimate,
                    METHOD,
                    ci_low=ends[0],
                    ci_high=ends[1],
                    trust=trust,
                    reason=reason,
                    **known,
                )
            )
    return rows


def needed_ranks(n: int, config: StatisticsConfig, percents: Sequence[int] = PUBLISHED) -> tuple[int, ...]:
    """The ranks among n users whose values `quantile_rows` needs: none where it gives no number.

    >>> needed_ranks(29, StatisticsConfig("2026-11-01"))
    ()
    """
    if n < max(config.minimum_sample_size, 1):
        return ()
    found = (quantile_ranks(n, percent, config.confidence_level).all for percent in percents)
    return tuple(sorted({rank for ranks in found for rank in ranks}))
