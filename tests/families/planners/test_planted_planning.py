"""How much planners and passengers plan, as published, against what was planted for them."""

import itertools
import math
from statistics import fmean, variance

import pytest

from include.tidemark.demo.synthetic import truth
from tests.demo import consequences

ERRORS = 4.0
"""Standard errors that a ratio of the planted counts may be off."""
SHARE = consequences.criterion_share("prompt_and_swipe")
KINDS = {
    "Planner": ((SHARE, truth.PROMPT_AND_SWIPE_PLANNER), (1 - SHARE, truth.OTHER_PLANNER)),
    "Passenger": truth.PASSENGER_KINDS,
}


def planted_mean(metric, user_type):
    """The mean of a quotient over all users of a type. Counts are uniform and independent; a user converts
    once or never."""
    total = 0.0
    for share, kind in KINDS[user_type]:
        prompts, swipes = (range(low, high + 1) for low, high in (kind.prompts, kind.swipes))
        quotients = {
            "swipes_per_prompt": [s / max(p, 1) for p, s in itertools.product(prompts, swipes)],
            "conversion_rate": [100 * kind.conversion_share / max(s, 1) for s in swipes],
        }
        total += share * fmean(quotients[metric])
    return total


def close(row, planted):
    """Several intervals are looked at together: each is widened by half, so that a true one fails once in
    thousands."""
    margin = (row["ci_high"] - row["ci_low"]) / 2
    return row["ci_low"] - margin <= planted <= row["ci_high"] + margin


@pytest.mark.parametrize("user_type", KINDS)
@pytest.mark.parametrize("metric", ["swipes_per_prompt", "conversion_rate"])
def test_the_planted_mean_is_in_the_published_interval(synthetic_month, metric, user_type):
    rows = synthetic_month.numbers("planners", f"mean_{metric}", segment=user_type)
    assert rows
    for row in rows:
        assert close(row, planted_mean(metric, user_type)), row


@pytest.mark.parametrize("metric", ["swipes_per_prompt", "conversion_rate"])
def test_the_planted_ratio_is_in_the_published_interval(synthetic_month, metric):
    rows = synthetic_month.numbers("planners", f"ratio_{metric}")
    assert len(rows) == 2
    for row in rows:
        assert close(row, planted_mean(metric, "Planner") / planted_mean(metric, "Passenger")), row


@pytest.mark.parametrize(("event", "ratio"), [("prompts", 9.0), ("swipes", 7.8), ("saves", 8.8)])
def test_the_published_users_plan_as_many_times_more_as_was_planted(synthetic_month, event, ratio):
    """The ratio of the mean counts has no row of its own: its error follows from the users of the published
    file."""
    users = synthetic_month.rows("data/user_segmentation.csv")
    counts = {
        user_type: [int(row[f"total_{event}"]) for row in users if row["user_type"] == user_type]
        for user_type in KINDS
    }
    planners, passengers = (fmean(values) for values in counts.values())
    error = math.sqrt(sum(variance(values) / len(values) / fmean(values) ** 2 for values in counts.values()))
    planted = consequences.mean_planning(event, planner=True) / consequences.mean_planning(
        event, planner=False
    )
    assert planted == pytest.approx(ratio, abs=0.05), "docs/synthetic.md says so"
    assert abs(math.log(planners / passengers) - math.log(planted)) < ERRORS * error < 0.5
