"""What every statistic of one run has in common: its date, its confidence level, its resamples, its minimum
sizes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

MINIMUM_RESAMPLES = 1_000


@dataclass(frozen=True)
class StatisticsConfig:
    """The settings of one run's statistics. Two runs with equal settings and equal data give equal bytes.

    Attributes:
        as_of_date: the run's as-of date, ``YYYY-MM-DD``. It is part of every seed.
        confidence_level: coverage of each interval, strictly between 0 and 1.
        n_resamples: bootstrap replicates of each interval, at least 1,000. At 1,000 an end point still moves
            by 0.084 standard errors from seed to seed, at 10,000 by 0.027.
        minimum_sample_size: fewer users than this give a null with reason ``too_few_users``.
        minimum_nonzero_users: fewer users with a non-zero amount give ``too_few_nonzero_users``.
        minimum_effective_users: a smaller effective sample size (sum x)^2 / sum x^2 gives
            ``low_effective_n``.

    Raises:
        ValueError: for a value outside its range, with the argument's name in the sentence.

    >>> StatisticsConfig("2026-11-01").confidence_level
    0.95
    >>> StatisticsConfig("2026-11-01", n_resamples=200)
    Traceback (most recent call last):
    ...
    ValueError: n_resamples must be at least 1000, got 200: percentile intervals from fewer resamples are noise.
    """  # noqa: W505

    as_of_date: str
    confidence_level: float = 0.95
    n_resamples: int = 10_000
    minimum_sample_size: int = 30
    minimum_nonzero_users: int = 10
    minimum_effective_users: float = 10.0

    def __post_init__(self) -> None:
        check_date("as_of_date", self.as_of_date)
        check_level(self.confidence_level)
        check_resamples(self.n_resamples)
        for name in ("minimum_sample_size", "minimum_nonzero_users", "minimum_effective_users"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)!r}.")


def check_date(name: str, text: str) -> str:
    """Return ``text`` if it is an ISO date ``YYYY-MM-DD``, else raise ValueError naming the argument."""
    try:
        parsed = dt.date.fromisoformat(text)
    except (TypeError, ValueError):
        parsed = None
    if parsed is None or parsed.isoformat() != text:
        raise ValueError(f"{name} must be a date written YYYY-MM-DD, got {text!r}.")
    return text


def check_level(confidence_level: float) -> float:
    """Return ``confidence_level`` if it lies strictly between 0 and 1, else raise ValueError."""
    if not 0.0 < confidence_level < 1.0:
        raise ValueError(f"confidence_level must lie strictly between 0 and 1, got {confidence_level!r}.")
    return confidence_level


def check_resamples(n_resamples: int) -> int:
    """Return ``n_resamples`` if it is a whole number of at least 1,000, else raise ValueError."""
    if int(n_resamples) != n_resamples or n_resamples < MINIMUM_RESAMPLES:
        raise ValueError(
            f"n_resamples must be at least {MINIMUM_RESAMPLES}, got {n_resamples!r}: "
            "percentile intervals from fewer resamples are noise."
        )
    return n_resamples
