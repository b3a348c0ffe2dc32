"""Who the users are and what is planned for each: one row per user, on which everything else is built."""

import itertools
import math

from include.tidemark.demo.synthetic import truth
from include.tidemark.demo.synthetic.draws import key, pick
from include.tidemark.demo.synthetic.truth import LAST, day_number

_FEE_START = day_number(truth.FEE_START)


def plan(users: int, seed: int) -> str:
    """SQL of the table `plan`: a user's labels, days and counts."""
    return f"""
        with numbered as (
            select i::integer as i, {key("i", seed)} as k from range({users}) as t(i)
        ), accounts as (
            select
                *,
                draw(k, 1) < {truth.TEST_USER_SHARE} as is_test,
                draw(k, 2) < {truth.ESTABLISHED_SHARE} as is_established,
                {_created_day()} as created_day,
                (21600 + floor(draw(k, 4) * 54000))::integer as created_second,
                {pick("draw(k, 5)", truth.PLATFORM_SHARES)} as platform,
                {pick("draw(k, 6)", truth.COUNTRY_SHARES)} as country
            from numbered
        ), spenders as (
            select
                *,
                case
                    when draw(k, 10) >= {truth.SPENDER_SHARE} and not is_test then null
                    when not is_established then 'new'
                    else {pick("draw(k, 11)", truth.PORTRAIT_SHARES)}
                end as portrait,
                (created_day + floor(pow(draw(k, 12), 2) * 8))::integer as first_spend_day,
                (created_second + 60 + floor(draw(k, 13) * 5940))::integer as first_spend_second
            from accounts
        ), sized as (
            select
                *, case when is_test then 'whale' else {_trade_class()} end as trade_class
            from spenders
        ), placed as (
            select *, {_place_in_class()} as place from sized
        ), volumes as (
            select *, {_log_volume()} as log_volume, {_fee_bps("first_spend_day")} as acquisition_bps
            from placed
        ), visitors as (
            select
                *,
                {_login_days()}::utinyint as login_days,
                {", ".join(f"{_count(driver, 20 + place)} as n_{driver.event_name}" for place, driver in enumerate(truth.DRIVERS))}
            from volumes
        ), stayers as (
            select *, is_test or draw(k, 40) < logistic({_stay_log_odds()}) as stays from visitors
        ), engaged as (
            select
                *,
                case when stays then {_tier()} end as tier,
                case when stays then 35 + floor(-ln(draw(k, 42)) * {truth.LIFETIME_DAYS_BEYOND_35})::integer end as last_offset,
                {_stage()}::utinyint as stage,
                is_test or draw(k, 50) < {truth.PLANNER_SHARE} as is_early_planner,
                {pick("draw(k, 51)", truth.PLANNER_PRIMARY)} as primary_criterion,
                draw(k, 56) as touch
            from stayers
        ), planners as (
            select
                *,
                stays and not is_early_planner and draw(k, 57) < {truth.LATE_PLANNER_SHARE} as is_late_planner,
                is_early_planner or is_late_planner as is_planner
            from engaged
        ), criteria as (
            select
                *,
                {", ".join(f"{_meets(name, 52 + place)} as meets_{name}" for place, name in enumerate(truth.PLANNER_PRIMARY))}
            from planners
        ), kinds as (
            select *, {_planning_kind()} as planning_kind from criteria
        )
        select
            *,
            case when is_late_planner then {_late_day()} else 0 end as planning_offset,
            {_planning_count("prompts", 61)} as n_prompts,
            {_planning_count("swipes", 62)} as n_swipes,
            {_planning_count("saves", 63)} as n_saves,
            {_conversion()} as n_conversions,
            {_is_silent()} as is_silent
        from kinds
    """


def _created_day() -> str:
    campaign = truth.CAMPAIGN_DAYS * truth.CAMPAIGN_WEIGHT
    later = LAST - _FEE_START - truth.CAMPAIGN_DAYS + 1
    position = f"draw(k, 3) * {campaign + later}"
    return f"""
        (case
            when draw(k, 2) < {truth.ESTABLISHED_SHARE} then floor(draw(k, 3) * {truth.ESTABLISHED_DAYS})
            when {position} < {campaign} then {_FEE_START} + floor({position} / {truth.CAMPAIGN_WEIGHT})
            else {_FEE_START + truth.CAMPAIGN_DAYS} + floor({position} - {campaign})
        end)::integer
    """


def _trade_class() -> str:
    general = pick("draw(k, 14)", {name: each.share for name, each in truth.TRADE_CLASSES.items()})
    special = " ".join(
        f"when '{portrait}' then {pick('draw(k, 14)', shares)}"
        for portrait, shares in truth.PORTRAIT_CLASSES.items()
    )
    return f"case portrait {special} else {general} end"


def _log_volume() -> str:
    """Log of the dollars of a usual week at the usual fee."""
    cases = []
    for name, size in truth.TRADE_CLASSES.items():
        bottom, top = (math.log(end) for end in size.usual)
        above = (
            f"place * {top - bottom!r}"
            if math.isfinite(top)
            else f"-ln(1 - place) / {truth.WHALE_PARETO_INDEX}"
        )
        cases.append(f"when '{name}' then {bottom!r} + {above}")
    return f"case trade_class {' '.join(cases)} end"


def _place_in_class() -> str:
    """A number in (0, 1) for the user's place within the trade class, spread evenly over users in the order
    of sign-up.

    Each week's users then have the same usual volumes. With independent draws, the users of the few weeks
    with unusual fees would by chance be a little larger or smaller than those of the other weeks, which a
    regression takes for the fee's effect, and which no error that is clustered by period knows of.
    """
    order = "row_number() over (partition by portrait, trade_class order by created_day, i)"
    return f"(({order} * {_GOLDEN}) - floor({order} * {_GOLDEN}))"


_GOLDEN = 0.6180339887498949
"""Multiples of the golden ratio, without their whole part, leave no gap and no cluster (Weyl's sequence)."""


def _fee_bps(day: str) -> str:
    runs = [f"when {day} <= {day_number(period.end)} then {period.fee_bps}" for period in truth.fee_periods()]
    return f"case when {day} < {_FEE_START} then null {' '.join(runs)} end"


def _login_days() -> str:
    return "(" + " + ".join(f"logs_in(k, {day})::integer" for day in range(truth.FIRST_WEEK_DAYS)) + ")"


def _count(driver: truth.Driver, stream: int) -> str:
    """How often a driver is done in the first week: 0, or 1 to 3."""
    return f"(case when draw(k, {stream}) < {driver.share} then 1 + floor(draw(k, {stream + 10}) * 3) else 0 end)::utinyint"


def _stay_log_odds() -> str:
    effects = [f"ln({driver.odds_ratio}) * (n_{driver.event_name} > 0)::integer" for driver in truth.DRIVERS]
    return " + ".join(
        [
            repr(truth.STAY_INTERCEPT),
            f"ln({truth.LOGIN_DAY_ODDS_RATIO}) * login_days",
            f"ln({truth.WEB_ODDS_RATIO}) * (platform is not distinct from 'web')::integer",
            *effects,
        ]
    )


def _tier() -> str:
    shares = pick("draw(k, 41)", {name: tier.share for name, tier in truth.ENGAGEMENT_TIERS.items()})
    return f"case when is_test then 'high' else {shares} end"


def _stage() -> str:
    """How many stages after the first are reached."""
    chances = [f"draw(k, {43 + place}) < {rate}" for place, rate in enumerate(truth.JOURNEY_RATES)]
    cases = [f"when not ({chance}) then {place}" for place, chance in enumerate(chances)]
    return f"case {' '.join(cases)} else {len(chances)} end"


def _meets(criterion: str, stream: int) -> str:
    return (
        f"(is_planner and (primary_criterion = '{criterion}'"
        f" or draw(k, {stream}) < {truth.PLANNER_EXTRA[criterion]}))"
    )


def _late_day() -> str:
    days = truth.LATE_PLANNER_DAYS
    return f"list_extract({list(days)}, 1 + floor(draw(k, 58) * {len(days)})::integer)"


_PLANNING_KINDS = (
    truth.PROMPT_AND_SWIPE_PLANNER,
    truth.OTHER_PLANNER,
    *(kind for _, kind in truth.PASSENGER_KINDS),
)


def _planning_kind() -> str:
    """Place in _PLANNING_KINDS; null for who does nothing of it."""
    ends = itertools.accumulate(share for share, _ in truth.PASSENGER_KINDS)
    passengers = " ".join(f"when touch < {end!r} then {place}" for place, end in enumerate(ends, start=2))
    return f"case when meets_prompt_and_swipe then 0 when is_planner then 1 {passengers} end"


def _planning_count(what: str, stream: int) -> str:
    cases = []
    for place, kind in enumerate(_PLANNING_KINDS):
        low, high = getattr(kind, what)
        cases.append(f"when {place} then {low} + floor(draw(k, {stream}) * {high - low + 1})")
    return f"(case planning_kind {' '.join(cases)} else 0 end)::utinyint"


def _conversion() -> str:
    cases = [f"when {place} then {kind.conversion_share}" for place, kind in enumerate(_PLANNING_KINDS)]
    return f"(draw(k, 73) < case planning_kind {' '.join(cases)} else 0 end)::utinyint"


def _is_silent() -> str:
    """Users without any event: only such as did nothing that another planted effect counts."""
    nothing = " and ".join(f"n_{driver.event_name} = 0" for driver in truth.DRIVERS)
    no_visit = " and ".join(f"not visits(k, {day})" for day in range(1, truth.FIRST_WEEK_DAYS))
    return (
        f"(not is_test and not stays and planning_kind is null and login_days = 0"
        f" and {nothing} and {no_visit} and draw(k, 70) < {truth.SILENT_SHARE})"
    )


MACROS = (
    f"create macro visits(k, day) as (day = 0 or draw(sub_key(k, 100, day), 1) < {truth.FIRST_WEEK_ACTIVE_SHARE})",
    f"create macro logs_in(k, day) as (visits(k, day) and draw(sub_key(k, 101, day), 1) < {truth.LOGIN_SHARE})",
)
"""`visits(key, day)` and `logs_in(key, day)`: of a user, on a day of the first week."""

USERS = """
    select
        'u' || i as user_id, utc(created_day, created_second) as created_at, platform, country,
        case when is_test then true when draw(k, 7) < 0.01 then null else false end as is_test_user,
        'user' || i as username, 'user' || i || '@example.com' as email,
        utc(created_day, created_second) as delivered_at
    from plan order by created_at, user_id
"""

LABELS = """
    select
        'u' || i as user_id, is_test, is_established, portrait, trade_class, acquisition_bps,
        date '2025-01-01' + first_spend_day as first_spend_date, stays, tier, last_offset, stage, is_planner,
        is_late_planner,
        meets_prompt_and_swipe, meets_created_deck, meets_multiplayer, meets_shared, is_silent,
        date '2025-01-01' + created_day + planning_offset as planning_date
    from plan order by i
"""
"""What was planted for each user, for tests and for a look behind the data; never a landing file."""
