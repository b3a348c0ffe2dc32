"""When a number is withheld."""

from __future__ import annotations

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.ratio_cells import RatioCells


def withheld(cells: Cells | RatioCells, config: StatisticsConfig) -> str | None:
    """The reason for publishing no number for these users, or None.

    Checked in this order: nobody, too few users, too few with an amount other than zero, too small an
    effective n.

    >>> withheld(Cells.from_rows([{"bin": 5, "n": 29, "s1": 145, "s2": 725, "s3": 3625}]), StatisticsConfig("2026-11-01"))
    'too_few_users'
    """  # noqa: W505
    if cells.size == 0:
        return "empty_segment"
    if cells.size < config.minimum_sample_size:
        return "too_few_users"
    if cells.nonzero < config.minimum_nonzero_users:
        return "too_few_nonzero_users"
    if isinstance(cells, RatioCells) and sum(cells.x1) <= 0:
        return "zero_denominator"
    if _concentrated(cells, config):
        return "low_effective_n"
    return None


def _concentrated(cells: Cells | RatioCells, config: StatisticsConfig) -> bool:
    # Amounts of both signs can sum to nothing while many users carry them: then (sum x)^2 / sum x^2 measures
    # the cancellation, not the concentration.
    lowest = cells.s1 if isinstance(cells, Cells) else cells.x1
    both_signs = min(lowest) < 0 < max(lowest)
    return not both_signs and cells.effective_n < config.minimum_effective_users
