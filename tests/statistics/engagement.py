"""Engagement score of each user, and the segments that its percentiles and those of revenue define."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EngagementWeights:
    """Weights of the four parts of the score; only their proportions matter.

    Raises:
        ValueError: for a negative weight, or when all are zero.
    """

    session_frequency: float = 0.3
    session_duration: float = 0.25
    event_frequency: float = 0.25
    recency: float = 0.2

    def __post_init__(self) -> None:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in values.items():
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"weight {name} must be finite and 0 or more, got {value!r}.")
        if sum(values.values()) == 0:
            raise ValueError("at least one weight must be above 0.")


def percentile_rank(values: ArrayLike) -> Floats:
    """Share of the other users that a user is above, ties half: 0 for the lowest, 1 for the highest; null
    counts lowest.

    >>> percentile_rank([10, 30, 20, 30, None]).tolist()
    [0.25, 0.875, 0.5, 0.875, 0.0]
    """
    array = _floats(values)
    array = np.where(np.isnan(array), -math.inf, array)
    if len(array) < 2:
        return np.full(len(array), 0.5)
    return np.asarray((rankdata(array) - 1) / (len(array) - 1))


def engagement_score(
    session_frequency: ArrayLike,
    session_duration: ArrayLike,
    event_frequency: ArrayLike,
    days_since_last: ArrayLike,
    weights: EngagementWeights | None = None,
) -> Floats:
    """Score between 0 and 1: the weighted mean of the users' percentile ranks in four metrics.

    Ranks, not amounts, so that one extreme user moves no other's score. Few days since the last activity rank
    high; a null (never active) ranks lowest.

    Args:
        session_frequency: sessions a day of each user.
        session_duration: seconds a session.
        event_frequency: events a day.
        days_since_last: days since the last activity before the as-of date.
        weights: the default is 0.3, 0.25, 0.25 and 0.2.

    >>> engagement_score([1, 2, 3], [60, 30, 90], [5, 6, 9], [30, 3, 1]).round(3).tolist()
    [0.125, 0.375, 1.0]
    """
    chosen = weights or EngagementWeights()
    parts = [
        *(_floats(part) for part in (session_frequency, session_duration, event_frequency)),
        -_floats(days_since_last),
    ]
    shares = np.array([getattr(chosen, field.name) for field in fields(chosen)])
    if len({len(part) for part in parts}) > 1:
        raise ValueError("the four metrics must have one entry per user.")
    ranks = np.array([percentile_rank(part) for part in parts])
    return np.asarray(np.clip((shares / shares.sum() * ranks.T).sum(axis=1), 0.0, 1.0))


def behavioral_segments(
    score: ArrayLike,
    days_since_last: ArrayLike,
    *,
    high: float = 0.7,
    moderate: float = 0.3,
    churn_days: float = 14,
) -> list[str]:
    """``churned`` after ``churn_days`` without activity, else by percentile of the score among all users.

    >>> behavioral_segments([0.9, 0.5, 0.1, 0.8], [1, 2, 3, 14])
    ['high_engagement', 'moderate_engagement', 'low_engagement', 'churned']
    """
    if not 0 <= moderate <= high <= 1:
        raise ValueError(f"0 <= moderate <= high <= 1 is broken by {moderate!r} and {high!r}.")
    values = np.asarray(score, dtype=np.float64)
    if len(values) == 0:
        return []
    low_cut, high_cut = np.quantile(values, [moderate, high])
    labels = []
    for value, days in zip(values, _floats(days_since_last), strict=True):
        if math.isnan(days) or days >= churn_days:
            labels.append("churned")
        else:
            level = "high" if value >= high_cut else "moderate" if value >= low_cut else "low"
            labels.append(f"{level}_engagement")
    return labels


def revenue_segments(revenue: ArrayLike, *, whale: float = 0.95, dolphin: float = 0.8) -> list[str]:
    """``free_user`` without revenue, else ``whale``, ``dolphin`` or ``minnow`` by percentile among all users,
    free ones too.

    >>> revenue_segments([0, 0, 1, 2, 3, 4, 5, 6, 70, 800])[-3:]
    ['minnow', 'dolphin', 'whale']
    """
    if not 0 <= dolphin <= whale <= 1:
        raise ValueError(f"0 <= dolphin <= whale <= 1 is broken by {dolphin!r} and {whale!r}.")
    values = np.asarray(revenue, dtype=np.float64)
    if len(values) == 0:
        return []
    dolphin_cut, whale_cut = np.quantile(values, [dolphin, whale])
    return [
        "free_user"
        if value <= 0
        else "whale"
        if value >= whale_cut
        else "dolphin"
        if value >= dolphin_cut
        else "minnow"
        for value in values.tolist()
    ]


def _floats(values: ArrayLike) -> Floats:
    """As floats, null as NaN."""
    return np.array(
        [math.nan if v is None else float(v) for v in np.asarray(values, dtype=object).tolist()],
        dtype=np.float64,
    )
