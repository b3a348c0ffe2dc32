import pytest

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.minimums import withheld
from tests.statistics.users import cells_of, ratio_cells_of

CONFIG = StatisticsConfig("2026-11-01")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "empty_segment"),
        ([5] * 29, "too_few_users"),
        ([5] * 30, None),
        ([0] * 100 + [5] * 9, "too_few_nonzero_users"),
        ([0] * 100 + [5] * 10, None),
        ([1] * 100 + [1_000_000] * 3, "low_effective_n"),
        ([-100] * 50 + [100] * 50, None),
    ],
)
def test_numbers_are_withheld_below_each_minimum(values: list[int], reason: str | None) -> None:
    assert withheld(cells_of(values), CONFIG) == reason


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        ([], "empty_segment"),
        ([5] * 29, "too_few_users"),
        ([0] * 30, "too_few_nonzero_users"),
        ([-5] * 30, "zero_denominator"),
        ([5, -5] * 30, "zero_denominator"),
        ([1] * 100 + [1_000_000] * 3, "low_effective_n"),
        ([5] * 30, None),
    ],
)
def test_ratios_are_judged_by_their_denominator(x: list[int], reason: str | None) -> None:
    assert withheld(ratio_cells_of(x, [1] * len(x)), CONFIG) == reason


def test_minimums_are_settings() -> None:
    loose = StatisticsConfig(
        "2026-11-01", minimum_sample_size=1, minimum_nonzero_users=0, minimum_effective_users=0.0
    )
    assert withheld(cells_of([5]), loose) is None
