"""First week and staying, install retention, engagement tiers, journey and planners, from the raw rows."""

import math
from datetime import date, timedelta

import numpy as np
import pytest
import statsmodels.api as sm

from include.tidemark.demo.synthetic import truth
from tests.demo import consequences

from .conftest import ERRORS

GROWN_UP = (truth.LAST_DAY - timedelta(days=35)).isoformat()
"""Who signed up before is at least five weeks old."""

FIRST_WEEK = f"""
    with days as (
        select user_id, day - created_date as age, event_name
        from happened inner join people using (user_id) where created_date < '{GROWN_UP}'
    )
    select coalesce(platform = 'web', false)::int as web,
        {", ".join(f"(count(*) filter (event_name = '{name}' and age between 0 and 6) > 0)::int as has_{name}" for name in consequences.EARLY_EVENT_NAMES)},
        count(distinct age) filter (event_name = 'login' and age between 0 and 6) as days_login,
        coalesce(bool_or(age between 28 and 34), false)::int as returned_in_week_5,
        coalesce(bool_or(age between 21 and 27), false)::int as returned_in_week_4,
        coalesce(bool_or(age between 7 and 20), false)::int as returned_before
    from people left join days using (user_id) where created_date < '{GROWN_UP}' group by user_id, platform
"""


@pytest.fixture(scope="module")
def first_weeks(data):
    return data.execute(FIRST_WEEK).fetchnumpy()


@pytest.fixture(scope="module")
def fit(first_weeks):
    names = [
        "web",
        "days_login",
        *(f"has_{name}" for name in consequences.EARLY_EVENT_NAMES if name != "login"),
    ]
    design = sm.add_constant(np.column_stack([first_weeks[name] for name in names]).astype(float))
    model = sm.Logit(first_weeks["returned_in_week_5"], design).fit(disp=False)
    return dict(zip(names, zip(model.params[1:], model.bse[1:], strict=True), strict=True))


@pytest.mark.parametrize(
    ("feature", "odds_ratio"),
    [
        ("web", truth.WEB_ODDS_RATIO),
        ("days_login", truth.LOGIN_DAY_ODDS_RATIO),
        ("has_share", 1.0),
        *((f"has_{driver.event_name}", driver.odds_ratio) for driver in truth.DRIVERS),
    ],
)
def test_odds_ratios_of_the_first_week(fit, feature, odds_ratio):
    estimate, error = fit[feature]
    assert abs(estimate - math.log(odds_ratio)) < ERRORS * error
    assert error < 0.2 if feature == "has_share" else error < 0.06


def test_it_does_not_matter_in_which_week_returning_is_looked_for(first_weeks):
    for week in ("returned_in_week_4", "returned_before"):
        agree = (first_weeks[week] == first_weeks["returned_in_week_5"]).mean()
        assert agree == 1 if week == "returned_in_week_4" else agree > 0.99


def test_the_share_that_stays_is_what_the_odds_ratios_add_up_to(first_weeks):
    stayed = first_weeks["returned_in_week_5"]
    share = consequences.stay_share()
    assert abs(stayed.mean() - share) < ERRORS * math.sqrt(share * (1 - share) / len(stayed))


@pytest.mark.parametrize("driver", truth.DRIVERS, ids=lambda driver: driver.event_name)
def test_how_common_each_behaviour_is(first_weeks, driver):
    done = first_weeks[f"has_{driver.event_name}"]
    error = math.sqrt(driver.share * (1 - driver.share) / len(done))
    assert abs(done.mean() - driver.share) < ERRORS * error


@pytest.mark.parametrize("day", [1, 3, 7, 14, 30, 60])
def test_install_retention(holds_share, day):
    holds_share(
        f"""
        with visits as (select distinct user_id, day - created_date as age from happened inner join people using (user_id))
        select count(visits.user_id), count(*) from people left join visits on visits.user_id = people.user_id and age = {day}
        where created_date + {day} <= date '{truth.LAST_DAY}'
        """,
        consequences.visit_chance(day),
    )


LIFE = """
    with visits as (
        select user_id, day, count(distinct session_id) as sessions, any_value(session_seconds) as seconds, count(*) as events
        from happened inner join labels using (user_id) inner join people using (user_id)
        where day - created_date between 36 and last_offset - 7 and not is_late_planner group by all
    )
"""


@pytest.mark.parametrize("tier", truth.ENGAGEMENT_TIERS)
def test_engagement_tiers_come_as_often_and_as_long_as_planted(data, tier):
    planted = truth.ENGAGEMENT_TIERS[tier]
    sessions, events, seconds = data.execute(
        f"{LIFE} select avg(sessions), avg(events), median(seconds) from visits inner join labels using (user_id) where tier = ?",
        [tier],
    ).fetchone()
    assert (sessions, events) == (planted.sessions, planted.sessions * planted.events)
    assert seconds == pytest.approx(planted.median_session_seconds, rel=0.05)
    ((shortest, longest),) = data.execute(
        f"""
        {LIFE}, gaps as (
            select day - lag(day) over (partition by user_id order by day) as gap
            from visits inner join labels using (user_id) where tier = ?
        )
        select min(gap), max(gap) from gaps
        """,
        [tier],
    ).fetchall()
    assert (shortest, longest) == (1, 2 * planted.days_per_visit - 1)


@pytest.mark.parametrize("tier", truth.ENGAGEMENT_TIERS)
def test_shares_of_the_tiers(holds_share, tier):
    holds_share(
        f"select count(*) filter (tier = '{tier}'), count(*) from labels where stays",
        truth.ENGAGEMENT_TIERS[tier].share,
    )


@pytest.mark.parametrize("as_of", [date(2026, 4, 1), date(2026, 7, 1)])
def test_who_is_still_there_is_never_14_days_away_and_who_does_not_stay_is(data, as_of):
    active, churned = data.execute(
        """
        with last_seen as (select user_id, max(day) as last_day from happened where day < $d group by user_id)
        select
            count(*) filter (created_date + last_offset >= $d and $d - created_date > 28 and $d::date - last_day > 14),
            count(*) filter (not stays and $d - created_date > 20 and $d::date - last_day <= 14)
        from last_seen inner join labels using (user_id) inner join people using (user_id)
        """,
        {"d": as_of},
    ).fetchone()
    assert (active, churned) == (0, 0)


@pytest.mark.parametrize(("place", "rate"), list(enumerate(truth.JOURNEY_RATES)))
def test_rates_between_the_stages_of_the_journey(holds_share, place, rate):
    before, after = truth.JOURNEY_STAGES[place : place + 2]
    holds_share(
        f"""
        with stages as (
            select user_id, event_name from happened inner join people using (user_id)
            where event_name in ('{before}', '{after}') and day >= created_date and created_date + 6 <= date '{truth.LAST_DAY}'
        )
        select count(distinct user_id) filter (event_name = '{after}'), count(distinct user_id) filter (event_name = '{before}')
        from stages
        """,
        rate,
    )


def test_stages_follow_each_other(data):
    columns = ", ".join(
        f"min(event_at) filter (event_name = '{stage}' and event_at >= created_at) as s{place}"
        for place, stage in enumerate(truth.JOURNEY_STAGES)
    )
    order = " and ".join(f"(s{place + 1} is null or s{place + 1} >= s{place})" for place in range(4))
    wrong = data.execute(
        f"select count(*) from (select {columns} from happened inner join raw.users using (user_id) group by user_id)"
        f" where not ({order})"
    ).fetchall()
    assert wrong == [(0,)]


PLANNING = """
    with counts as (
        select user_id,
            count(*) filter (event_name = 'prompt') as prompts, count(*) filter (event_name = 'swipe') as swipes,
            count(*) filter (event_name = 'save') as saves,
            count(*) filter (event_name = 'deck_created') > 0 as created_deck,
            count(*) filter (event_name = 'multiplayer_session_created') > 0 as multiplayer,
            count(*) filter (event_name = 'share') > 0 as shared,
            count(*) filter (event_name = 'conversion') as conversions,
            min(day) filter (event_name in ('prompt', 'swipe', 'share', 'deck_created', 'multiplayer_session_created')) as since
        from happened group by user_id
    ), users as (
        select people.user_id, created_date, since, coalesce(prompts, 0) as prompts, coalesce(swipes, 0) as swipes,
            coalesce(saves, 0) as saves, coalesce(conversions, 0) as conversions,
            coalesce(prompts >= 2 and swipes >= 3, false) as prompt_and_swipe, coalesce(created_deck, false) as created_deck,
            coalesce(multiplayer, false) as multiplayer, coalesce(shared, false) as shared,
            prompt_and_swipe or created_deck or multiplayer or shared as is_planner
        from people left join counts using (user_id)
    )
"""


def test_share_of_planners_in_the_first_week(holds_share):
    holds_share(
        f"{PLANNING} select count(*) filter (is_planner and since <= created_date + 6), count(*) from users",
        truth.PLANNER_SHARE,
    )


def test_share_of_late_planners_among_those_who_stay(holds_share):
    holds_share(
        f"{PLANNING} select count(*) filter (users.is_planner), count(*) from users inner join labels using (user_id)"
        f" where stays and not (users.is_planner and since <= created_date + 6) and created_date < '{GROWN_UP}'",
        truth.LATE_PLANNER_SHARE,
    )


def test_planners_are_the_planted_ones(data):
    odd = data.execute(
        f"{PLANNING} select count(*) from users inner join labels using (user_id)"
        f" where users.is_planner <> labels.is_planner and created_date < '{GROWN_UP}'"
    ).fetchall()
    assert odd == [(0,)]


@pytest.mark.parametrize("criterion", truth.PLANNER_PRIMARY)
def test_share_of_each_criterion_among_planners(holds_share, criterion):
    holds_share(
        f"{PLANNING} select count(*) filter ({criterion}), count(*) from users where is_planner",
        consequences.criterion_share(criterion),
    )


@pytest.mark.parametrize("event", ["prompts", "swipes", "saves"])
def test_planners_and_passengers_do_as_much_as_planted(data, event):
    for planner in (True, False):
        mean, error = data.execute(
            f"{PLANNING} select avg({event}), stddev({event}) / sqrt(count(*)) from users where is_planner = ?",
            [planner],
        ).fetchone()
        assert abs(mean - consequences.mean_planning(event, planner)) < ERRORS * error


def test_default_decks_make_no_planner(data, holds_share):
    holds_share(
        "select count(distinct user_id) filter (event_name = 'default_deck_created'), count(distinct user_id) from happened",
        truth.DEFAULT_DECK_SHARE,
    )
    kinds = data.execute(
        "select distinct event_name, properties::json ->> 'is_default' from happened where properties is not null order by 1"
    ).fetchall()
    assert kinds == [("deck_created", "false"), ("default_deck_created", "true")]
