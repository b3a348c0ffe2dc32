import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.ratios import ratio_tail, standard_error
from include.tidemark.statistics.resampling import totals
from include.tidemark.statistics.results import result_schema, to_records
from include.tidemark.statistics.shares import _Share, share_rows, tails
from include.tidemark.statistics.streams import stream
from tests.statistics.oracles import logit_delta_interval
from tests.statistics.users import cells_of, ratio_cells_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)


def population(seed: int, users: int = 900) -> tuple[np.ndarray, np.ndarray]:
    """Amounts and segments; one user in five belongs to the first."""
    random = np.random.RandomState(seed)
    amounts = np.rint(np.exp(random.standard_normal(users) + 4)).astype(np.int64)
    return amounts * (random.uniform(size=users) < 0.7), (random.uniform(size=users) < 0.2).astype(int)


def by_segment(amounts: np.ndarray, segments: np.ndarray) -> dict[str, Cells]:
    # A cell a distinct amount, so that users can be compared one by one.
    return {str(k): cells_of(amounts[segments == k]) for k in np.unique(segments)}


def test_shares_are_ratios_of_sums_over_users_on_the_logit_scale() -> None:
    amounts, segments = population(1)
    rows = share_rows("volume_share", by_segment(amounts, segments), CONFIG)
    assert sum(row.estimate for row in rows if row.method == "logit_delta") == pytest.approx(1)
    for row in rows:
        pairs = ratio_cells_of(amounts, amounts * (segments == int(row.segment)))
        assert row.estimate == pytest.approx(pairs.ratio, rel=1e-11) and row.n == 900
        if row.method == "logit_delta":
            assert (row.ci_low, row.ci_high) == pytest.approx(logit_delta_interval(pairs, 0.95), rel=1e-9)


def test_the_influence_is_that_of_the_users() -> None:
    amounts, segments = population(2)
    inside = amounts * (segments == 1)
    share = inside.sum() / amounts.sum()
    u = (inside - share * amounts) / amounts.mean()
    found = _Share.of("1", by_segment(amounts, segments))
    error, skewness = found.error, found.tail.skewness
    assert found.value == pytest.approx(share, rel=1e-12)
    assert error == pytest.approx(np.sqrt((u**2).mean() / 899), rel=1e-12)
    assert skewness == pytest.approx((u**3).mean() / (u**2).mean() ** 1.5, rel=1e-9)
    pairs = ratio_cells_of(amounts, inside)
    assert error == pytest.approx(standard_error(pairs), rel=1e-9)
    assert skewness == pytest.approx(ratio_tail(pairs).skewness, rel=2e-2)


def test_replicates_of_the_shares_sum_to_one_and_scatter_by_the_standard_error() -> None:
    amounts, segments = population(3)
    cells = by_segment(amounts, segments)
    drawn = [
        totals(held, stream("2026-11-01", "s", name), 20_000, poisson=True)[:, 1]
        for name, held in cells.items()
    ]
    shares = np.array(drawn) / np.sum(drawn, axis=0)
    assert shares.sum(axis=0) == pytest.approx(1)
    assert shares[0].std() / _Share.of("0", cells).error == pytest.approx(1, abs=0.03)


def test_both_intervals_cover_the_share_of_the_population() -> None:
    # 300 samples; the error of a coverage of 94 % is 1.4 points, and four of them are the tolerance.
    held = np.zeros((300, 2))
    everybody = np.exp(np.random.RandomState(0).standard_normal(400_000) + 4)
    truth = 0.2
    for seed in range(300):
        random = np.random.RandomState(seed + 10)
        amounts = np.rint(random.choice(everybody, 800) * 100).astype(np.int64)
        rows = share_rows(
            "volume_share", by_segment(amounts, (random.uniform(size=800) < truth).astype(int)), CONFIG
        )
        held[seed] = [row.ci_low <= truth <= row.ci_high for row in rows if row.segment == "1"]
    assert held.mean(axis=0) == pytest.approx([0.95, 0.94], abs=0.055)


@pytest.mark.parametrize(
    ("groups", "reasons"),
    [
        ({}, []),
        ({"a": [], "b": []}, ["empty_segment"] * 4),
        ({"a": [0] * 50, "b": [0] * 50}, ["too_few_nonzero_users"] * 4),
        ({"a": [1] * 50, "b": []}, ["no_variation"] * 2 + ["empty_segment"] * 2),
        ({"a": [1] * 50, "b": [2] * 29}, ["no_reference"] * 2 + ["too_few_users"] * 2),
        ({"a": [-1, 2] * 20, "b": [-2, 1] * 20}, ["zero_denominator"] * 4),
        ({"a": [3] * 60, "b": [-1, 0.5] * 30}, [None, "unbounded", None, "unbounded"]),
        ({"a": [10**6], "b": [1] * 99}, ["low_effective_n"] * 4),
    ],
)
def test_degenerate_shares_give_reasons(groups: dict, reasons: list) -> None:
    rows = share_rows("volume_share", {name: cells_of(part) for name, part in groups.items()}, CONFIG)
    if "unbounded" in reasons:
        assert [row.reason for row in rows if row.method == "logit_delta"] == ["not_positive", "not_positive"]
        assert all(row.estimate is not None for row in rows)
    else:
        assert [row.reason for row in rows] == reasons


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(-(10**9), 10**12), max_size=60), max_size=3),
)
def test_any_amounts_give_rows_that_keep_the_schema(groups: dict) -> None:
    cells = {name: cells_of(values) for name, values in groups.items()}
    rows = share_rows(
        "volume_share", cells, StatisticsConfig("2026-11-01", n_resamples=1000, minimum_sample_size=2)
    )
    for record in to_records(rows, as_of_date="2026-11-01", run_key="r", family="f"):
        jsonschema.validate(record, result_schema())
    assert len(rows) == 2 * len(groups)


@pytest.mark.parametrize("amounts", [[], [0, 0], [-3, 2]])
def test_a_sum_that_is_not_above_zero_has_no_tail_to_compare_with(amounts: list) -> None:
    assert tails({"a": cells_of(amounts), "b": cells_of([])}) == {"a": None, "b": None}
