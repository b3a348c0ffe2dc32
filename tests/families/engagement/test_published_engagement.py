"""Engagement as published from the data with known truth: the planted effects are found within their
intervals."""

import duckdb
import pytest

from include.tidemark.demo.synthetic import truth
from tests.demo import consequences


def _holds(row, planted):
    # Several intervals at once: each is widened by half, so that a true one fails once in some thousand data
    # sets.
    margin = (row["ci_high"] - row["ci_low"]) / 2
    return row["ci_low"] - margin <= planted <= row["ci_high"] + margin


def test_the_planted_retention_of_each_day_is_found(synthetic_month):
    for day in (1, 3, 7, 14, 30, 60):
        (row,) = synthetic_month.numbers(
            "engagement", "retention_in_window", segment="All cohorts", horizon=f"{day}d", method="wilson"
        )
        assert _holds(row, consequences.visit_chance(day)), (day, row, consequences.visit_chance(day))
        assert row["n"] > 1_000


def test_the_planted_rates_of_the_journey_are_found(synthetic_month):
    stages = ("first_session", "level_1", "level_2", "level_3", "first_purchase")
    for stage, planted in zip(stages[1:], truth.JOURNEY_RATES, strict=True):
        (row,) = synthetic_month.numbers("engagement", "funnel_conversion", segment="", segment_to=stage)
        assert _holds(row, planted), (stage, row, planted)


def test_the_score_tells_the_planted_tiers_apart(synthetic_month):
    labels = duckdb.read_parquet(str(synthetic_month.landing / "truth" / "users.parquet"))
    tiers = dict(labels.filter("stays and not is_test").project("user_id, tier").fetchall())
    rows = synthetic_month.query(
        "select user_id, engagement_score, behavioral_segment from runs.user_engagement"
        " where behavioral_segment <> 'churned' and observed_days >= 14"
    )
    found = {
        tier: [row for row in rows if tiers.get(row["user_id"]) == tier] for tier in truth.ENGAGEMENT_TIERS
    }
    scores = {tier: [row["engagement_score"] for row in held] for tier, held in found.items()}
    assert min(len(held) for held in scores.values()) > 15
    # Those who are still there rank far above the others, so their scores lie close together: compare pairs
    # of users.
    for better, worse in (("high", "moderate"), ("moderate", "low")):
        above = sum(a > b for a in scores[better] for b in scores[worse])
        assert above / (len(scores[better]) * len(scores[worse])) > 0.8, (better, worse)
    high = [row["behavioral_segment"] == "high_engagement" for row in found["high"]]
    assert sum(high) / len(high) > 0.9


def test_testers_are_nowhere_and_every_other_account_is_somewhere(synthetic_month):
    ((users, testers),) = duckdb.sql(
        f"select count(*) filter (not coalesce(is_test_user, false)), count(*) filter (is_test_user)"
        f" from '{synthetic_month.landing}/users.parquet'"
    ).fetchall()
    assert testers > 0
    for kind in ("behavioral_segment", "revenue_segment"):
        rows = synthetic_month.rows(f"data/{kind}_summary.csv")
        assert int(rows[-1]["users"]) == sum(int(row["users"]) for row in rows[:-1]) == users
    assert len(synthetic_month.rows("data/user_journey_segments.csv")) == users


def test_whales_are_few_and_hold_most_of_the_revenue_of_a_heavy_tail(synthetic_month):
    rows = {row["revenue_segment"]: row for row in synthetic_month.rows("data/revenue_segment_summary.csv")}
    assert float(rows["whale"]["share"]) == pytest.approx(0.05, abs=0.002)
    assert float(rows["dolphin"]["share"]) == pytest.approx(0.15, abs=0.002)
    assert float(rows["whale"]["revenue_share"]) > 0.5
    assert float(rows["minnow"]["highest_revenue"]) < float(rows["dolphin"]["lowest_revenue"])


def test_the_report_has_the_familys_chapter(synthetic_month):
    page = (synthetic_month.folder / "report" / "index.html").read_text(encoding="utf-8")
    for words in ("How engaged users are", "What users are worth", "Who comes back", "How far users come"):
        assert words in page
    definitions = synthetic_month.json("definitions/segment_definitions.json")["families"]["engagement"]
    assert len(definitions["behavioral_segments"]) == len(definitions["revenue_segments"]) == 4
