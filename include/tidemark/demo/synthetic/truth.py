"""The planted effects: every true value of the synthetic data set.

Days are local days of the business time zone, counted from FIRST_DAY as day 0.
"""

import math
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_DAY = date(2025, 1, 1)
LAST_DAY = date(2026, 6, 30)
LAST = (LAST_DAY - FIRST_DAY).days
"""18 months; the last day, as a number."""


def day_number(day: date) -> int:
    """The number of a local day."""
    return (day - FIRST_DAY).days


# --- who there is
# -----------------------------------------------------------------------------------------------------

TEST_USER_SHARE = 0.01
"""Testers plan, stay, and spend as whales: a number that does not leave them out is visibly wrong."""

ESTABLISHED_SHARE = 0.40
"""Users who signed up before the fee experiment, evenly over ESTABLISHED_DAYS; the others after its start."""
ESTABLISHED_DAYS = 196
CAMPAIGN_DAYS = 60
CAMPAIGN_WEIGHT = 2.0
"""Days of the fee experiment bring twice as many sign-ups as later days, so that each week's cohort can be
read."""

PLATFORM_SHARES = {"web": 0.30, "ios": 0.40, "android": 0.29}
"""The rest has none."""
COUNTRY_SHARES = {"US": 0.60, "CA": 0.15, "GB": 0.12, "DE": 0.11}
"""The rest has none."""

# --- fees
# ------------------------------------------------------------------------------------------------------------

FEE_START = date(2025, 8, 15)
"""A Friday. Before it nothing was charged: no fee period, and the fee of a transaction is null."""
FEE_WEEKDAY_START = date(2025, 9, 2)
"""A Tuesday: from here on the weekly periods are known, so weeks run from Tuesday to Monday throughout."""
WEEKLY_FEES_BPS = (10.0, 25.0, 10.0, 1.0, 15.0, 10.0)
"""One week each, from FEE_WEEKDAY_START."""
USUAL_FEE_BPS = 5.0
"""From FEE_START, and again from 2025-10-14 to the end."""


@dataclass(frozen=True)
class FeePeriod:
    """Days with one fee; both ends are inclusive."""

    number: int
    start: date
    end: date
    fee_bps: float


def fee_periods() -> tuple[FeePeriod, ...]:
    """Every fee period, the last one still running after LAST_DAY.

    The 18 days at 5 bps before the first known week are cut from its Tuesday backwards, so the remainder of
    four days (Friday to Monday) comes first, where no retention is measured in it.
    """
    starts = [FEE_START]
    start = FEE_WEEKDAY_START - timedelta(weeks=(FEE_WEEKDAY_START - FEE_START).days // 7)
    while start <= LAST_DAY:
        starts.append(start)
        start += timedelta(weeks=1)
    ends = [following - timedelta(days=1) for following in [*starts[1:], start]]
    return tuple(
        FeePeriod(number, first, last, _fee_of_week(first))
        for number, (first, last) in enumerate(zip(starts, ends, strict=True), start=1)
    )


def _fee_of_week(start: date) -> float:
    week = (start - FEE_WEEKDAY_START).days // 7
    return WEEKLY_FEES_BPS[week] if 0 <= week < len(WEEKLY_FEES_BPS) else USUAL_FEE_BPS


# --- spending: portraits, trade sizes, elasticity
# ---------------------------------------------------------------------

SPENDER_SHARE = 0.75
"""Of all users; the others never spend."""

PORTRAIT_SHARES = {"traveler": 0.14, "declining": 0.10, "budget": 0.28, "stable": 0.48}
"""Of the spenders among the established users. Those of later sign-up are `new`."""


@dataclass(frozen=True)
class TradeClass:
    """A trade-size segment: what its users spend in an active week, and how they answer to the fee."""

    low: float
    high: float
    """The segment's thresholds, in dollars a week."""
    usual: tuple[float, float]
    """What its users spend in a usual week at the usual fee: log-uniform between these, a user keeps to one
    value."""
    share: float
    """Of stable and new spenders."""
    log_response_per_bps: float
    """Change of log weekly volume for each basis point: the elasticity that is to be recovered."""


TRADE_CLASSES = {
    "micro": TradeClass(0, 100, (50, 75), 0.25, -0.004),
    "small": TradeClass(100, 1_000, (155, 330), 0.35, -0.008),
    "medium": TradeClass(1_000, 10_000, (2_800, 7_200), 0.25, -0.012),
    "large": TradeClass(10_000, 100_000, (18_000, 70_000), 0.12, -0.016),
    "whale": TradeClass(100_000, math.inf, (190_000, math.inf), 0.03, -0.020),
}
"""The usual volumes keep their distance to the thresholds, so that neither noise nor fee moves a week into
another segment: cutting a noisy volume into segments would bias every slope towards 0. They are the same for
every portrait, because the mix of portraits changes over the months."""
WEEKLY_NOISE = 0.20
"""The log of a week's volume is off by at most this (uniform)."""
WHALE_PARETO_INDEX = 1.8
"""Whales' usual volume has a Pareto tail above its lower bound."""

PORTRAIT_CLASSES: dict[str, dict[str, float]] = {
    "traveler": {"medium": 0.50, "large": 0.40, "whale": 0.10},
    "declining": {"medium": 0.60, "large": 0.35, "whale": 0.05},
    "budget": {"micro": 0.50, "small": 0.50},
}
"""Trade classes of a portrait with their shares."""

CATEGORY_SHARES = {
    "traveler": (0.60, 0.15),
    "declining": (0.03, 0.25),
    "budget": (0.00, 0.88),
    "stable": (0.03, 0.25),
    "new": (0.00, 0.35),
}
"""Chance of travel and of necessities for each purchase of a portrait; the rest is other."""
CATEGORIES = {
    "travel": ("Travel", "Airlines", "Hotels"),
    "necessities": ("Grocery", "Gas", "Utilities"),
    "other": ("Dining", "Shopping", "Health", "Entertainment"),
}
NULL_CATEGORY_SHARE = 0.02
BLANK_CATEGORY_SHARE = 0.003

PURCHASES_PER_WEEK = (0.83, 0.14, 0.03)
"""Chance of one, two and three purchases in an active week."""
DECLINE_STARTS = date(2026, 1, 1)
DECLINE_ENDS = date(2026, 4, 1)
"""Established users buy in two of three weeks. A declining user buys in one of four from the first of these
days, and not at all from the second; what they spend in a week in which they buy stays as it was."""

REFUND_SHARE, DECLINED_SHARE, PENDING_SHARE, UNKNOWN_STATUS_SHARE = 0.015, 0.03, 0.02, 0.001
"""Of the weeks in which a user buys: a refund of 5 to 20 % of the week, a declined, a pending, a disputed row
(a status that nobody knows)."""
NULL_STATUS_SHARE, SPELLED_STATUS_SHARE = 0.01, 0.01
"""Of the purchases: status null (posted), or posted in another spelling."""

# --- retention by acquisition fee
# -------------------------------------------------------------------------------------

RETENTION_INTERCEPT, RETENTION_PER_BPS, RETENTION_PER_LOG_WEEK = 0.60, -0.05, -0.25
"""Log odds that a new spender buys in week k after the first: intercept + per_bps * fee + per_log_week *
ln(k)."""


# --- the first week, and who stays
# ------------------------------------------------------------------------------------

FIRST_WEEK_DAYS = 6
"""First-week behaviour is on days 0 to 5 after sign-up: inside seven days, however they are counted."""
FIRST_WEEK_ACTIVE_SHARE = 0.35
"""Chance of a visit on each of days 1 to 5; day 0 always has one."""
LOGIN_SHARE = 0.60
"""Chance of a login in each of these visits."""


@dataclass(frozen=True)
class Driver:
    """A first-week behaviour."""

    event_name: str
    share: float
    """Of all users do it in the first week."""
    odds_ratio: float
    """Of staying four weeks, for having done it at all; how often does not matter."""


DRIVERS = (
    Driver("add_item", 0.40, 1.9),
    Driver("add_payment_method", 0.20, 1.5),
    Driver("add_document", 0.15, 1.3),
    Driver("autofill", 0.30, 1.0),
)
LOGIN_DAY_ODDS_RATIO = 1.5
"""For each day of the first week with a login."""
WEB_ODDS_RATIO = 2.0
"""Of sign-up on the web against any other platform."""
STAY_INTERCEPT = -2.1
"""Log odds of staying without any of these."""

RETURN_DAYS = ((23, 26), (29, 34))
"""Who stays has a visit in each of these ranges of days after sign-up; who does not stay never returns after
day 5."""


# --- engagement tiers of those who stay
# -------------------------------------------------------------------------------


@dataclass(frozen=True)
class EngagementTier:
    """How often and how long users of a tier are there, while they are there."""

    share: float
    """Of those who stay."""
    days_per_visit: int
    """From day 7 on there is one visit in each block of this many days, so nobody who is still there is away
    for 14 days."""
    sessions: int
    """In a visit."""
    median_session_seconds: float
    events: int
    """In a session."""


ENGAGEMENT_TIERS = {
    "high": EngagementTier(0.15, 3, 2, 900.0, 2),
    "moderate": EngagementTier(0.40, 4, 1, 300.0, 2),
    "low": EngagementTier(0.45, 7, 1, 120.0, 1),
}
SESSION_LOG_SD = 0.6
FIRST_WEEK_SESSION_SECONDS = 180.0
LIFETIME_DAYS_BEYOND_35 = 60.0
"""Mean of the exponential time that a staying user goes on after day 35."""


# --- journey
# ----------------------------------------------------------------------------------------------------------

JOURNEY_STAGES = ("session_start", "level_reached_1", "level_reached_2", "level_reached_3", "purchase")
JOURNEY_RATES = (0.80, 0.65, 0.50, 0.40)
"""Of the users at a stage, the share that reaches the next; all of it in the first six days."""

# --- planners
# ---------------------------------------------------------------------------------------------------------

PLANNER_SHARE = 0.09
"""Of all users; they are planners in the first week, whether they stay or not."""
LATE_PLANNER_SHARE = 0.05
"""Of the others, among those who stay: they become planners on a day from 10 to 20 after sign-up."""
LATE_PLANNER_DAYS = (10, 11, 12, 13, 15, 16, 17, 18, 19, 20)
PLANNER_PRIMARY = {"prompt_and_swipe": 0.70, "created_deck": 0.18, "multiplayer": 0.07, "shared": 0.05}
"""Each planner meets one criterion for certain ..."""
PLANNER_EXTRA = {"prompt_and_swipe": 0.30, "created_deck": 0.20, "multiplayer": 0.08, "shared": 0.06}
"""... and each of the others with this chance."""


@dataclass(frozen=True)
class PlanningKind:
    """How much somebody plans: counts are uniform between two bounds, both inclusive."""

    prompts: tuple[int, int]
    swipes: tuple[int, int]
    saves: tuple[int, int]
    conversion_share: float


PROMPT_AND_SWIPE_PLANNER = PlanningKind((2, 5), (3, 10), (0, 3), 0.15)
OTHER_PLANNER = PlanningKind((0, 1), (0, 6), (0, 3), 0.15)
PASSENGER_KINDS = (
    (0.12, PlanningKind((1, 1), (0, 4), (0, 1), 0.01)),
    (0.08, PlanningKind((2, 3), (0, 2), (0, 1), 0.01)),
    (0.14, PlanningKind((0, 0), (1, 5), (0, 1), 0.01)),
)
"""Shares of passengers who try planning, and miss each criterion; the others do nothing of it."""


DEFAULT_DECK_SHARE = 0.50
"""Users who get a default deck at sign-up; it makes no planner."""


# --- dirt
# ------------------------------------------------------------------------------------------------------------

REDELIVERED_SHARE = 0.01
"""Events that arrive twice with the same event_id."""
LATE_SHARE, LATE_DAYS = 0.005, (4, 40)
"""Events and transactions that are delivered that many days after they happened."""
BEFORE_SIGN_UP_SHARE = 0.005
"""Users with a login one to three days before their account was created."""
SILENT_SHARE = 0.90
"""Of those who did nothing at all beyond a first look: users without any event."""
