"""Changes of what became of a segmentation's members, against every member's own rows in four months of three
dates."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime

import duckdb
import numpy as np
import pandas as pd
import pytest

from include.tidemark.demo.synthetic.writing import write_landing_files
from tests.segmentations.conftest import World
from tests.segmentations.files import write_files
from tests.stages import shown

pytestmark = pytest.mark.timeout(900)

DAYS = (date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1))
FAMILIES = {
    "customer_segments": """
        select customer_id as person, customer_segment as segment, cast(spend_last_90_days as double) as prior
        from marts.customer_segments where as_of_date = ?""",
    "loyalty": """
        select user_id as person, segment, cast(features.spend_last_90_days as double) as prior
        from marts.segment_members as members
        join runs.user_features as features using (run_key, user_id)
        where members.segmentation = 'loyalty' and members.as_of_date = ?""",
}
OUTCOMES = {
    "movement_stayed": lambda before, now: now == before,
    "movement_moved": lambda before, now: now.notna() & (now != before),
    "movement_left": lambda before, now: now.isna(),
}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("outcomes"))
    write_landing_files(made.folder / "landing", 700)
    write_files(made.folder / "config")
    for day in DAYS:
        started = datetime(day.year, day.month, day.day, 7, tzinfo=UTC)
        made.runs[day] = shown(made.settings, {"as_of_date": str(day), "n_resamples": 1000}, started)
    return made


def members(world: World, family: str, day: date) -> pd.DataFrame:
    """Segment and spend of each member, by plain id."""
    return pd.DataFrame(world.query(FAMILIES[family], day)).set_index("person").fillna({"prior": 0})


def table(world: World, name: str, day: date) -> pd.DataFrame:
    """What the views show of a month."""
    return pd.DataFrame(world.query(f"select * from marts.{name} where as_of_date = ?", day))


def spend(world: World, day: date) -> pd.Series:
    """What each user spent in the 90 days from a day on, by one query over the landing files."""
    rows = duckdb.sql(
        f"""
        select user_id, sum(amount_usd) as later from '{world.folder}/landing/transactions.parquet'
        where coalesce(lower(trim(status)), 'posted') = 'posted'
            and cast(timezone('America/New_York', timezone('UTC', transaction_at)) as date)
                between date '{day}' and date '{day}' + 89
        group by user_id
        """
    ).df()
    return rows.set_index("user_id")["later"].astype(float)


def rows_of(world: World, family: str, metric: str) -> Iterator[dict]:
    changes = table(world, "changes", DAYS[2])
    mine = changes[(changes["family"] == family) & (changes["comparison"] == "previous")]
    yield from mine[mine["metric"] == metric].to_dict("records")


def error_of(y0: pd.Series, x0: pd.Series, y1: pd.Series, x1: pd.Series) -> tuple[float, float]:
    """The change of sum y / sum x and the root of the squared influences of each person."""
    r0, r1 = y0.sum() / x0.sum(), y1.sum() / x1.sum()
    influence = (y1 - r1 * x1) / x1.sum() - (y0 - r0 * x0) / x0.sum()
    return r1 - r0, math.sqrt((influence**2).sum())


def shown_error(row: dict) -> float:
    half = (row["ci_high"] - row["ci_low"]) / 2
    return abs(row["detectable_change"] - half) / 0.8416212335729143


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("metric", OUTCOMES)
def test_changes_of_movement_are_those_of_each_member(three, family, metric):
    first, second, third = (members(three, family, day)["segment"] for day in DAYS)
    everybody = first.index.union(second.index).union(third.index)
    first, second, third = (months.reindex(everybody) for months in (first, second, third))
    judged = 0
    for row in rows_of(three, family, metric):
        x0, x1 = ((months == row["segment"]).astype(float) for months in (first, second))
        if np.isnan(row["change"]):
            assert row["reason"]
            continue
        y0 = x0 * OUTCOMES[metric](first, second).astype(float)
        y1 = x1 * OUTCOMES[metric](second, third).astype(float)
        change, error = error_of(y0, x0, y1, x1)
        assert row["change"] == pytest.approx(change, abs=1e-9)
        assert (row["n_earlier"], row["n"]) == (x0.sum(), x1.sum())
        assert row["n_both"] == ((x0 == 1) & (x1 == 1)).sum()
        if not np.isnan(row["ci_low"]):
            users = ((x0 + x1) > 0).sum()
            assert shown_error(row) == pytest.approx(error * math.sqrt(users / (users - 1)), rel=1e-6)
            judged += 1
    # A customer stays one, so nobody left.
    assert judged >= (0 if metric == "movement_left" else 2)


@pytest.mark.parametrize("family", FAMILIES)
def test_changes_of_the_backtest_are_those_of_each_member(three, family):
    (then, now), (later0, later1) = (
        [read(day) for day in DAYS[:2]]
        for read in (lambda day: members(three, family, day), lambda day: spend(three, day))
    )
    everybody = then.index.union(now.index)
    later0, later1 = (
        later.reindex(everybody).fillna(0).where(month.reindex(everybody)["segment"].notna(), 0)
        for later, month in ((later0, then), (later1, now))
    )
    then, now = then.reindex(everybody), now.reindex(everybody)
    judged = 0
    for metric in ("backtest_spend_ratio", "backtest_retained_share"):
        for row in rows_of(three, family, metric):
            assert row["horizon"] == "90d"
            in0, in1 = (
                (m["segment"].notna() if pd.isna(row["segment"]) else m["segment"] == row["segment"]).astype(
                    float
                )
                for m in (then, now)
            )
            if np.isnan(row["change"]):
                assert row["reason"]
                continue
            if metric == "backtest_spend_ratio":
                amounts = (
                    in0 * later0,
                    in0 * then["prior"].fillna(0),
                    in1 * later1,
                    in1 * now["prior"].fillna(0),
                )
            else:
                amounts = (in0 * (later0 > 0), in0, in1 * (later1 > 0), in1)
            change, error = error_of(*amounts)
            assert row["change"] == pytest.approx(change, rel=1e-6, abs=1e-9)
            assert (row["n_earlier"], row["n"]) == (in0.sum(), in1.sum())
            if not np.isnan(row["ci_low"]):
                users = ((in0 + in1) > 0).sum() if metric != "backtest_spend_ratio" else math.inf
                factor = 1 if users == math.inf else math.sqrt(users / (users - 1))
                assert shown_error(row) == pytest.approx(error * factor, rel=1e-5)
                judged += 1
    assert judged >= 4


def test_every_outcome_starts_from_the_number_that_is_published(three):
    changes, statistics = (table(three, name, DAYS[2]) for name in ("changes", "statistics"))
    stayed = statistics[
        (statistics["metric"] == "movement") & (statistics["segment"] == statistics["segment_to"])
    ]
    for family in FAMILIES:
        published = stayed[stayed["family"] == family].set_index("segment")["estimate"]
        mine = changes[(changes["family"] == family) & (changes["metric"] == "movement_stayed")]
        found = mine[mine["comparison"] == "previous"].set_index("segment")["estimate"]
        assert found.dropna().to_dict() == pytest.approx(published.dropna().to_dict())


def test_what_has_no_month_before_it_or_no_formula_says_so(three):
    second = table(three, "changes", DAYS[1])
    previous = second[second["comparison"] == "previous"]
    moved = previous[previous["metric"].isin(OUTCOMES)]
    assert set(moved["reason"]) <= {"no_earlier_publication"}
    assert moved["estimate"].notna().any()
    third = table(three, "changes", DAYS[2])
    alike = third[third["metric"].str.endswith("_vs_alike")]
    assert set(alike[alike["comparison"] == "previous"]["reason"]) == {"not_paired"}
    assert set(alike[alike["comparison"] == "year_before"]["reason"]) == {"no_earlier_publication"}
