"""What follows from the planted effects of the synthetic data: segments, shares and chances that a run has to
find again."""

import itertools
import math
from typing import Literal

from include.tidemark.demo.synthetic import truth

FEE_TIERS_BPS = (1.0, 5.0, 10.0, 15.0, 25.0)
PORTRAIT_SEGMENTS = {
    "traveler": "High-Value Travelers",
    "declining": "Declining",
    "budget": "Budget-Conscious",
    "stable": "Stable Mid-Spenders",
}
"""The segment of each portrait at every as-of date from 2026-04-01 to 2026-07-01, by the default rules."""
NEW_SEGMENT = "New & Growing"
"""The segment of a new spender whose first purchase is in the 90 days before the as-of date: nothing was
spent before."""
EARLY_EVENT_NAMES = ("login", *(driver.event_name for driver in truth.DRIVERS), "share")
"""Configured list of early engagement; `share` is a planner's event and has no effect."""


def weekly_retention(fee_bps: float, week: int) -> float:
    """Chance that a spender first seen at this fee buys in week k (1 in week 0); weeks are independent of
    each other."""
    if week == 0:
        return 1.0
    odds = (
        truth.RETENTION_INTERCEPT
        + truth.RETENTION_PER_BPS * fee_bps
        + truth.RETENTION_PER_LOG_WEEK * math.log(week)
    )
    return 1 / (1 + math.exp(-odds))


def stay_share() -> float:
    """Share of users who stay, over all that a first week can be."""
    later_login = truth.FIRST_WEEK_ACTIVE_SHARE * truth.LOGIN_SHARE
    total = 0.0
    for days in range(truth.FIRST_WEEK_DAYS + 1):
        logins = sum(
            (truth.LOGIN_SHARE if first else 1 - truth.LOGIN_SHARE)
            * _binomial(truth.FIRST_WEEK_DAYS - 1, days - first, later_login)
            for first in (0, 1)
        )
        for done in itertools.product((0, 1), repeat=len(truth.DRIVERS) + 1):
            odds, chance = truth.STAY_INTERCEPT + days * math.log(truth.LOGIN_DAY_ODDS_RATIO), logins
            effects = [
                *((d.share, d.odds_ratio) for d in truth.DRIVERS),
                (truth.PLATFORM_SHARES["web"], truth.WEB_ODDS_RATIO),
            ]
            for is_done, (share, odds_ratio) in zip(done, effects, strict=True):
                odds += is_done * math.log(odds_ratio)
                chance *= share if is_done else 1 - share
            total += chance / (1 + math.exp(-odds))
    return total


def _binomial(n: int, k: int, p: float) -> float:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k) if 0 <= k <= n else 0.0


def visit_chance(day: int) -> float:
    """Chance that a user visits on this day after sign-up (1 to 5, or 7 and later): retention by install
    day."""
    if day < truth.FIRST_WEEK_DAYS:
        return truth.FIRST_WEEK_ACTIVE_SHARE
    alive = math.exp(-max(day - 35, 0) / truth.LIFETIME_DAYS_BEYOND_35)
    away = 1.0
    for first, last in truth.RETURN_DAYS:
        if first <= day <= last:
            away *= 1 - 1 / (last - first + 1)
    chances = (
        tier.share * (1 - (1 - 1 / tier.days_per_visit) * away) for tier in truth.ENGAGEMENT_TIERS.values()
    )
    return stay_share() * alive * sum(chances)


def criterion_share(criterion: str) -> float:
    """Share of planners who meet a criterion."""
    primary = truth.PLANNER_PRIMARY[criterion]
    return primary + (1 - primary) * truth.PLANNER_EXTRA[criterion]


def mean_planning(event: Literal["prompts", "swipes", "saves"], planner: bool) -> float:
    """Mean count of an event a planner, or a passenger, over all of their time."""
    share = criterion_share("prompt_and_swipe")
    planners = ((share, truth.PROMPT_AND_SWIPE_PLANNER), (1 - share, truth.OTHER_PLANNER))
    total = 0.0
    for weight, kind in planners if planner else truth.PASSENGER_KINDS:
        low, high = {"prompts": kind.prompts, "swipes": kind.swipes, "saves": kind.saves}[event]
        total += weight * (low + high) / 2
    return total
