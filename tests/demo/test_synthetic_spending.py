"""Fees, trade sizes, elasticity, retention by acquisition fee, and the segments of the portraits, from the
raw rows."""

import math
from datetime import date, timedelta
from itertools import pairwise

import pytest

from include.tidemark.demo.synthetic import truth
from include.tidemark.demo.synthetic.dataset import synthetic
from tests.demo import consequences

from .conftest import ERRORS

PERIODS = "raw.fee_periods on day between period_start_date and period_end_date"


def test_the_fee_follows_the_schedule():
    periods = truth.fee_periods()
    assert [(p.start.isoformat(), p.fee_bps) for p in periods[:11]] == [
        ("2025-08-15", 5),
        ("2025-08-19", 5),
        ("2025-08-26", 5),
        ("2025-09-02", 10),
        ("2025-09-09", 25),
        ("2025-09-16", 10),
        ("2025-09-23", 1),
        ("2025-09-30", 15),
        ("2025-10-07", 10),
        ("2025-10-14", 5),
        ("2025-10-21", 5),
    ]
    assert {p.fee_bps for p in periods[9:]} == {5}
    assert all(b.start == a.end + timedelta(days=1) for a, b in pairwise(periods))
    assert periods[-1].start <= truth.LAST_DAY < periods[-1].end, "the last period is not over"
    assert all((p.end - p.start).days == 6 for p in periods[1:])


def test_fees_are_the_amount_times_the_fee_of_its_day_and_none_before_the_first_period(data):
    wrong = data.execute(
        f"""
        select count(*) from posted left join {PERIODS}
        where amount > 0 and fee_usd is distinct from
            case when period_id is not null then round(amount_usd * final_fee_bps::decimal(6, 2) / 10000, 4) end
        """
    ).fetchall()
    assert wrong == [(0,)]
    assert data.execute("select count(fee_usd) from posted where day < '2025-08-15'").fetchall() == [(0,)]


def test_usual_volumes_keep_their_distance_to_the_thresholds():
    strongest = (
        max(consequences.FEE_TIERS_BPS) - truth.USUAL_FEE_BPS,
        min(consequences.FEE_TIERS_BPS) - truth.USUAL_FEE_BPS,
    )
    for size in truth.TRADE_CLASSES.values():
        moves = [size.log_response_per_bps * bps for bps in strongest]
        assert size.usual[0] * math.exp(min(moves) - truth.WEEKLY_NOISE) > size.low
        if math.isfinite(size.high):
            assert size.usual[1] * math.exp(max(moves) + truth.WEEKLY_NOISE) < size.high


WEEKLY = f"""
    with weekly as (
        select user_id, period_id, final_fee_bps as bps, sum(amount) filter (amount > 0) as volume
        from posted inner join people using (user_id) inner join {PERIODS} group by all
    ), sized as (
        select *, case when volume < 100 then 'micro' when volume < 1000 then 'small' when volume < 10000 then 'medium'
            when volume <= 100000 then 'large' else 'whale' end as segment
        from weekly where volume > 0
    )
"""


def test_every_week_of_a_user_is_in_the_user_s_trade_class(data):
    strays = data.execute(
        f"{WEEKLY} select count(*) from sized inner join labels using (user_id) where segment <> trade_class"
    ).fetchall()
    assert strays == [(0,)]


@pytest.mark.parametrize("segment", truth.TRADE_CLASSES)
def test_elasticity_within_users(data, segment):
    """Each user against their own mean: what a user usually spends cancels, the noise is known, and so is the
    error."""
    slope, spread = data.execute(
        f"""
        {WEEKLY}, centred as (
            select bps - avg(bps) over (partition by user_id) as x, ln(volume) - avg(ln(volume)) over (partition by user_id) as y
            from sized where segment = ?
        )
        select sum(x * y) / sum(x * x), sum(x * x) from centred
        """,
        [segment],
    ).fetchone()
    error = truth.WEEKLY_NOISE / math.sqrt(3) / math.sqrt(spread)
    planted = truth.TRADE_CLASSES[segment].log_response_per_bps
    assert error < 0.15 * abs(planted), "precise enough to tell the segments apart"
    assert abs(slope - planted) < ERRORS * error


COHORTS = """
    with weeks as (
        select distinct user_id, (day - date '2024-12-31') // 7 as week from posted inner join people using (user_id)
        where amount > 0
    ), first_seen as (
        select user_id, min(day) as first_day, (min(day) - date '2024-12-31') // 7 as first_week
        from posted inner join people using (user_id) where amount > 0 group by user_id
    ), cohorts as (
        select user_id, first_week, final_fee_bps as bps
        from first_seen inner join raw.fee_periods on first_day between period_start_date and period_end_date
    )
"""


@pytest.mark.parametrize("week", [1, 2, 4, 8, 12])
@pytest.mark.parametrize("bps", consequences.FEE_TIERS_BPS)
def test_retention_by_acquisition_fee(holds_share, bps, week):
    holds_share(
        f"""
        {COHORTS} select count(weeks.user_id), count(*)
        from cohorts left join weeks on weeks.user_id = cohorts.user_id and weeks.week = first_week + {week}
        where bps = {bps} and first_week + {week} < 78
        """,
        consequences.weekly_retention(bps, week),
    )


def test_nobody_who_came_before_the_experiment_is_in_a_cohort(data):
    inside = data.execute(
        f"{COHORTS} select count(*) from cohorts inner join labels using (user_id) where is_established"
    )
    assert inside.fetchall() == [(0,)]


@pytest.mark.parametrize("as_of", synthetic().as_of_dates)
def test_portraits_are_in_their_segments_by_the_default_rules(data, as_of: date):
    """Spend, shares and tenure by plain SQL; but for one user in a thousand, whose weeks fell badly."""
    rows = data.execute(
        """
        with spend as (
            select user_id, min(day) filter (amount > 0) as first_day,
                coalesce(sum(amount) filter (day >= $d::date - 90), 0) as now,
                coalesce(sum(amount) filter (day >= $d::date - 180 and day < $d::date - 90), 0) as before,
                sum(amount) filter (amount > 0) as gross,
                coalesce(sum(amount) filter (amount > 0 and category in ('Travel', 'Airlines', 'Hotels')), 0) as travel,
                coalesce(sum(amount) filter (amount > 0 and category in ('Grocery', 'Gas', 'Utilities')), 0) as necessities
            from posted where day < $d group by user_id having first_day is not null
        ), segments as (
            select *, case
                when now >= 15000 and travel >= 0.25 * gross then 'High-Value Travelers'
                when before >= 2000 and now <= 0.7 * before then 'Declining'
                when first_day > $d::date - interval 7 month and now > 0 and (before = 0 or now >= 1.5 * before) then 'New & Growing'
                when now < 4500 and necessities >= 0.6 * gross then 'Budget-Conscious'
                else 'Stable Mid-Spenders' end as segment
            from spend
        )
        select case when portrait <> 'new' then portrait when first_day >= $d::date - 90 then 'new' end as who,
            segment, count(*)
        from segments inner join labels using (user_id) group by all having who is not null
        """,
        {"d": as_of},
    ).fetchall()
    planted = consequences.PORTRAIT_SEGMENTS | {"new": consequences.NEW_SEGMENT}
    for who, segment in planted.items():
        members = sum(n for name, _, n in rows if name == who)
        held = sum(n for name, found, n in rows if name == who and found == segment)
        assert members > 400 and held >= 0.998 * members, (who, held, members)


def test_prices_are_there_every_day_and_move(data):
    days, least, moves = data.execute(
        "select count(*), min(least(btc_usd, eth_usd)), count(distinct btc_usd) from raw.market_prices"
    ).fetchone()
    assert (days, moves) == (truth.LAST + 1, truth.LAST + 1) and least > 0
