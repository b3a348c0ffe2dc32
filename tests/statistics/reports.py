"""Reports of many families of comparisons, drawn with a known truth, and what three ways of adjusting
discover in them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import stats

from include.tidemark.statistics.multiplicity import select_families

RATE = 0.05
SIZES = (4, 4, 5, 5, 5, 9, 9, 12, 12, 40, 180, 180)
"""Comparisons of the twelve families of a report: fee effects, ratios and tiers are few, retention by day and
cohort are many."""


class Truth(NamedTuple):
    """Where there is something to find: the effects in standard errors, one entry a family."""

    name: str
    share: tuple[float, ...]
    """Share of the family's comparisons that have an effect."""
    effect: float = 3.5


TRUTHS = (
    Truth("no effect", (0.0,) * 12),
    Truth("two small families", (0.5, 0.5, *(0.0,) * 10)),
    Truth("one large family", (*(0.0,) * 11, 0.3)),
    Truth("a third everywhere", (0.34,) * 12),
)


class Found(NamedTuple):
    """What one report says, by one way of adjusting."""

    false: int
    true: int
    true_in_small: int
    false_share: float
    """Of the discoveries; 0 without any."""
    false_share_of_families: float
    """The same within each family that holds a discovery, averaged over these."""


def draw(random: np.random.RandomState, truth: Truth) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The p-values of each family and which of them have an effect; tests of a family share half of their
    variance, as nested days do."""
    for size, share in zip(SIZES, truth.share, strict=True):
        there = np.arange(size) < round(size * share)
        seen = (random.standard_normal() + random.standard_normal(size)) / np.sqrt(2) + there * truth.effect
        yield 2 * stats.norm.sf(np.abs(seen)), there


def discoveries(families: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, Found]:
    """By way of adjusting."""
    within = [stats.false_discovery_control(p_values) for p_values, _ in families]
    level = select_families([adjusted.min() for adjusted in within], RATE).level
    pooled = stats.false_discovery_control(np.concatenate([p_values for p_values, _ in families]))
    parts = np.split(pooled, np.cumsum(SIZES)[:-1])
    chosen = {
        "each family alone": [adjusted <= RATE for adjusted in within],
        "selected families": [adjusted <= level for adjusted in within],
        "one family": [adjusted <= RATE for adjusted in parts],
    }
    return {name: _found(found, [there for _, there in families]) for name, found in chosen.items()}


def _found(chosen: list[np.ndarray], there: list[np.ndarray]) -> Found:
    false = [int((c & ~t).sum()) for c, t in zip(chosen, there, strict=True)]
    true = [int((c & t).sum()) for c, t in zip(chosen, there, strict=True)]
    shares = [f / (f + t) for f, t in zip(false, true, strict=True) if f + t]
    small = sum(t for t, size in zip(true, SIZES, strict=True) if size < 10)
    total = sum(false) + sum(true)
    return Found(sum(false), sum(true), small, sum(false) / max(total, 1), float(np.mean(shares or [0.0])))


def simulate(truth: Truth, reports: int, seed: int = 13) -> dict[str, np.ndarray]:
    """By way of adjusting: one row per report, with the columns of `Found`."""
    random = np.random.RandomState(seed)
    found = [discoveries(list(draw(random, truth))) for _ in range(reports)]
    return {name: np.array([report[name] for report in found], dtype=float) for name in found[0]}
