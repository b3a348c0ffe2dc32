from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics.change_rows import ChangeRow, change_records, change_row, rows_of
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.measured import ACTIVE, DORMANT, MEMBERS, Numbers, segment_numbers
from include.tidemark.statistics.pairs import SUMS, PairCells, mean_change, share_change
from tests.statistics.pairs import TwoMonths, customers

CONFIG = StatisticsConfig("2026-11-01")
NUMBERS = Numbers(["A", "B"], {"spend": "mean_spend"}, {"spend": "total_spend"}, {"spend": 100})


def changes(world: TwoMonths | None, numbers: Numbers = NUMBERS) -> list[ChangeRow]:
    cells = None
    if world is not None:
        people = TwoMonths(world.earlier, world.now, [1] * len(world.then), [1] * len(world.then)).cells()
        nobody = PairCells((), (), ())
        cells = {MEMBERS: people, ACTIVE: people, DORMANT: nobody, "spend": world.cells()}
    measured = segment_numbers(cells or {}, numbers)
    return rows_of(measured, CONFIG, "previous", 2, has_earlier=cells is not None)


def test_interval_p_value_and_detectable_change_follow_from_the_t_distribution() -> None:
    world = customers(np.random.default_rng(1), 2_500)
    rows = {(row.metric, row.segment): row for row in changes(world)}
    row, found = rows["segment_share", "A"], share_change(world.cells(), "A")
    assert found.value is not None
    assert found.standard_error is not None
    degrees = sum(found.behind) - 1
    low, high = stats.t(degrees, found.value, found.standard_error).interval(0.95)
    assert (row.ci_low, row.ci_high) == pytest.approx((low, high), rel=1e-9)
    p_value = 2 * stats.t(degrees).sf(abs(found.value) / found.standard_error)
    assert row.p_value == pytest.approx(p_value, rel=1e-9)
    seen = (stats.t(degrees).ppf(0.975) + stats.norm.ppf(0.8)) * found.standard_error
    assert row.detectable_change == pytest.approx(seen, rel=1e-9)
    assert (row.n, row.n_earlier) == (found.now.n, found.earlier.n)
    assert (row.n_both, row.n_joined, row.n_left) == found.behind
    mean = rows["mean_spend", "A"]
    assert mean.change == pytest.approx(mean_change(world.cells(), "A", 100).value, rel=1e-9)


def test_without_an_earlier_month_every_row_says_so_and_the_rows_are_the_same() -> None:
    rows, with_month = changes(None), changes(customers(np.random.default_rng(2), 400))
    assert {row.reason for row in rows} == {"no_earlier_publication"}
    assert [(r.metric, r.segment) for r in rows] == [(r.metric, r.segment) for r in with_month]


def test_a_segment_that_is_no_longer_declared_has_its_rows() -> None:
    world = customers(np.random.default_rng(3), 400)
    old = replace(world, earlier=["Gone" if name == "B" else name for name in world.earlier])
    gone = {row.metric: row for row in changes(old) if row.segment == "Gone"}
    assert gone["segment_share"].estimate == 0
    assert gone["segment_share"].change == pytest.approx(-(gone["segment_share"].earlier_estimate or 0))
    assert gone["mean_spend"].reason == "empty_segment"


def test_what_a_month_would_not_publish_has_no_change() -> None:
    def mean(earlier: list[str | None], then: list[int]) -> ChangeRow:
        now, today = ["A"] * 100, list(range(100, 200))
        world = TwoMonths(earlier, now, then, today)
        (row,) = [row for row in changes(world) if (row.metric, row.segment) == ("mean_spend", "A")]
        return row

    users = list(range(100))
    assert mean(["A"] * 100, users).reason != "too_few_users"
    assert mean(["A"] * 29 + [None] * 71, users).reason == "too_few_users"
    assert mean(["A"] * 100, [0] * 91 + [5] * 9).reason == "too_few_nonzero_users"
    assert mean(["A"] * 100, [10**9, *range(99)]).reason == "low_effective_n"
    assert mean(["B"] * 100, users).reason == "empty_segment"


def test_equal_months_are_no_change_without_an_interval() -> None:
    world = customers(np.random.default_rng(4), 200)
    rows = changes(TwoMonths(world.earlier, world.earlier, world.then, world.then))
    assert {row.change for row in rows if row.metric != DORMANT} == {0}
    assert {row.reason for row in rows if row.reason != "too_few_users"} == {"no_variation"}


def test_no_change_is_said_only_where_the_whole_interval_lies_within_the_margin() -> None:
    rows = changes(customers(np.random.default_rng(5), 20_000))
    shares = [row for row in rows if row.metric == "segment_share"]
    assert all(row.margin == 0.02 and row.no_change for row in shares)
    for row in rows:
        if row.kind != "share" and row.margin is not None and row.segment_to is None:
            assert row.margin == pytest.approx(0.02 * abs(row.earlier_estimate or 0), rel=1e-9)
    # Of a difference, which may be nothing, it is a part of the larger mean.
    means = {
        row.segment: max(row.earlier_estimate or 0, row.estimate or 0)
        for row in rows
        if row.metric == "mean_spend"
    }
    pairs = [row for row in rows if row.segment_to and row.kind == "mean" and row.margin is not None]
    assert pairs
    for row in pairs:
        assert row.margin == pytest.approx(0.02 * max(means[row.segment], means[row.segment_to]), rel=1e-9)
        if row.no_change is not None and row.ci_low is not None and row.ci_high is not None:
            assert row.no_change == (max(-row.ci_low, row.ci_high) <= (row.margin or 0))
    moved = changes(customers(np.random.default_rng(5), 20_000, shift=0.05))
    assert [row.no_change for row in moved if row.metric == "segment_share"] == [False, False]


def test_p_values_are_adjusted_over_all_numbers_of_the_comparison_and_differences_by_themselves() -> None:
    found = [row for row in changes(customers(np.random.default_rng(6), 2_500)) if row.p_value is not None]
    for is_difference in (False, True):
        rows = [row for row in found if (row.segment_to is not None) == is_difference]
        expected = stats.false_discovery_control([row.p_value for row in rows])
        assert [row.p_adjusted for row in rows] == pytest.approx(list(expected), rel=1e-9)
        assert {row.family_size for row in rows} == {len(rows)}


@pytest.mark.parametrize(
    ("into", "out_of", "flag"),
    [
        (40, 40, "ok"),
        (30, 0, "ok"),
        (12, 12, "ok"),
        (7, 7, "caution"),
        (20, 0, "caution"),
        (3, 3, "unreliable"),
    ],
)
def test_the_flag_of_a_share_counts_who_moved_and_whether_both_ways(
    into: int, out_of: int, flag: str
) -> None:
    earlier = ["A"] * 2_000 + ["B"] * 2_000
    now = ["B"] * out_of + ["A"] * (2_000 - out_of) + ["A"] * into + ["B"] * (2_000 - into)
    rows = changes(TwoMonths(earlier, now, [0] * 4_000, [0] * 4_000), Numbers(["A", "B"], {}, {}, {}))
    (row,) = [row for row in rows if (row.metric, row.segment) == ("segment_share", "A")]
    assert (row.trust, row.reason) == (flag, None if flag == "ok" else "few_movers")


def test_a_share_that_only_who_joined_dilutes_is_not_ok() -> None:
    earlier = ["A"] * 60 + ["B"] * 600 + [None] * 20
    world = TwoMonths(earlier, ["A"] * 60 + ["B"] * 620, [0] * 680, [0] * 680)
    rows = changes(world, Numbers(["A", "B"], {}, {}, {}))
    assert {(row.trust, row.reason) for row in rows if row.metric == "segment_share"} == {
        ("unreliable", "few_movers")
    }


def test_a_mean_that_a_few_large_amounts_decide_is_not_ok() -> None:
    rng = np.random.default_rng(7)
    then = rng.lognormal(8, 0.5, 400).astype(int)
    today = then + np.where(np.arange(400) < 2, 60_000, rng.integers(-50, 50, 400))
    world = TwoMonths(["A"] * 400, ["A"] * 400, then.tolist(), today.tolist())
    (row,) = [row for row in changes(world) if (row.metric, row.segment) == ("mean_spend", "A")]
    assert (row.trust, row.reason) == ("unreliable", "skewed")


MOVES = (("A", "A"), ("A", "B"), ("B", "A"), ("B", "B"), ("A", None), ("B", None), (None, "A"), (None, "B"))


def drawn_month(rng: np.random.Generator, shift: float) -> PairCells:
    """A portfolio of some 2,500, a third in A: 4 % of them leave A and as many come, 2 % join and 2 % leave;
    A grows by `shift`."""
    a, stay, join = 1 / 3, 0.98, 0.02
    out_of, into = 0.04 * a, 0.04 * a + shift
    chances = [
        *(stay * move for move in (a - out_of, out_of, into, 1 - a - into)),
        *((1 - stay) * a, (1 - stay) * (1 - a), join * (a + shift), join * (1 - a - shift)),
    ]
    counts = rng.multinomial(2_550, np.array(chances) / sum(chances))
    return PairCells.from_rows(
        {"from_segment": then, "to_segment": now} | dict.fromkeys(SUMS, 0) | {"n": n}
        for (then, now), n in zip(MOVES, counts.tolist(), strict=True)
    )


def test_pairs_keep_their_false_alarms_and_find_what_independent_intervals_miss() -> None:
    rng = np.random.default_rng(8)
    known = ChangeRow("segment_share", "share", "previous", "A", reason="no_variation")
    seen: dict[float, list[tuple[bool, bool]]] = {0.0: [], 0.015: []}
    for shift, found in seen.items():
        for _ in range(1_000):
            row = change_row(known, share_change(drawn_month(rng, shift), "A"), CONFIG, 2, None)
            assert row.p_value is not None
            shares = np.array([row.earlier_estimate, row.estimate], dtype=float)
            error = np.sqrt((shares * (1 - shares) / np.array([row.n_earlier, row.n])).sum())
            found.append((row.p_value < 0.05, abs(row.change or 0) > 1.96 * error))
    alarms, found_of = np.mean(seen[0.0], axis=0), np.mean(seen[0.015], axis=0)
    # A rate of 1,000 has a standard error of 0.7 points at 5 %, of 1.2 points at 20 %.
    print(alarms, found_of)
    assert alarms[0] == pytest.approx(0.05, abs=0.022)
    assert alarms[1] < 0.01
    assert found_of[0] > 0.85
    assert found_of[1] < 0.3


def test_records_have_every_column_and_what_is_known_of_all() -> None:
    (record,) = change_records(
        [ChangeRow("m", "share", "previous", reason="no_earlier_publication")], {"family": "f"}
    )
    assert record["family"] == "f"
    assert record["metric"] == "m"
    assert record["change"] is None


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "a reason is missing"),
        ({"ci_low": 1.0, "ci_high": 0.0, "trust": "ok"}, "above"),
        ({"ci_low": 0.0, "ci_high": 1.0}, "stand together"),
        ({"ci_low": 0.0, "ci_high": 1.0, "trust": "caution"}, "a reason is missing"),
        ({"reason": "bored"}, "unknown"),
    ],
)
def test_a_row_that_says_less_than_it_must_is_refused(said: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ChangeRow("m", "share", "previous", **said)  # type: ignore[arg-type]
