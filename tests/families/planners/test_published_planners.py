"""Planners as published: the files, their numbers, and the planted truth within the intervals."""

import json

import duckdb
import pytest

from include.tidemark.demo.synthetic import truth
from include.tidemark.families.planners import FAMILY
from include.tidemark.families.planners.definitions import CRITERIA
from include.tidemark.families.planners.questions import UNITS
from include.tidemark.run import PublishedRun
from include.tidemark.validation.suite_part import SUITE
from tests.demo import consequences

suite = FAMILY.part(SUITE)

CRITERION_OF_TRUTH = {
    "prompted_and_swiped": "prompt_and_swipe", "created_deck": "created_deck", "shared_content": "shared",
    "created_multiplayer_session": "multiplayer",
}  # fmt: skip


def test_the_planted_criteria_are_found_within_their_intervals(synthetic_month):
    found = {row["segment"]: row for row in synthetic_month.numbers("planners", "planner_criterion_share")}
    for criterion in CRITERIA:
        planted = consequences.criterion_share(CRITERION_OF_TRUTH[criterion])
        # Four intervals at once: each is widened by half, so that a true one fails once in some thousand data
        # sets.
        low, high = found[criterion]["ci_low"], found[criterion]["ci_high"]
        margin = (high - low) / 2
        assert low - margin <= planted <= high + margin, criterion


def test_the_planted_share_of_planners_is_found(synthetic_month):
    (row,) = synthetic_month.numbers("planners", "planner_share")
    # Those who become one late do so only when they stay, and not before day 10: the share lies between the
    # two.
    assert row["ci_high"] > truth.PLANNER_SHARE
    assert row["ci_low"] < truth.PLANNER_SHARE + (1 - truth.PLANNER_SHARE) * truth.LATE_PLANNER_SHARE
    assert row["ci_low"] < row["estimate"] < row["ci_high"]


def test_planners_prompt_more_than_passengers_and_the_test_says_so(synthetic_month):
    for metric in UNITS:
        rows = synthetic_month.numbers("planners", f"ratio_{metric}")
        assert {row["method"] for row in rows} == {"percentile_bootstrap", "log_delta"}
    prompts = synthetic_month.numbers("planners", "ratio_prompts_per_active_day", method="log_delta")[0]
    assert prompts["ci_low"] > 2
    assert prompts["p_adjusted"] < 0.001
    assert prompts["family_size"] == str(len(UNITS))


def test_the_ratio_of_the_summary_is_the_estimate_of_the_statistics(synthetic_month):
    (summary,) = synthetic_month.rows("data/user_segmentation_summary.csv")
    for metric, name in (
        ("prompts_per_active_day", "prompts_per_active_day"),
        ("conversion_rate", "conversion"),
        ("days_active", "days_active"),
    ):
        (row,) = synthetic_month.numbers("planners", f"ratio_{metric}", method="percentile_bootstrap")
        assert row["estimate"] == pytest.approx(
            float(summary[f"planner_vs_passenger_{name}_ratio"]), rel=1e-5
        )


def test_the_user_file_holds_every_user_without_a_name_an_address_or_a_plain_id(synthetic_month):
    rows = synthetic_month.rows("data/user_segmentation.csv")
    (summary,) = synthetic_month.rows("data/user_segmentation_summary.csv")
    assert len(rows) == int(summary["total_users"])
    assert len({row["user_id"] for row in rows}) == len(rows)
    plain = {
        row[0]
        for row in duckdb.sql(
            f"select user_id from '{synthetic_month.landing / 'users.parquet'}' union select username from '{synthetic_month.landing / 'users.parquet'}'"
            f" union select email from '{synthetic_month.landing / 'users.parquet'}'"
        ).fetchall()
    }
    assert not plain & {cell for row in rows for cell in row.values()}
    for row in rows:
        assert (row["user_type"] == "Planner") == bool(json.loads(row["planner_criteria_met"]))


def test_audiences_are_the_users_that_their_names_say(synthetic_month):
    users = {row["user_id"]: row for row in synthetic_month.rows("data/user_segmentation.csv")}
    almost = synthetic_month.rows("audiences/almost_planners.csv")
    at_risk = synthetic_month.rows("audiences/at_risk_planners.csv")
    assert {row["user_id"] for row in almost} == {
        user for user, row in users.items() if row["is_almost_planner"] == "true"
    }
    assert {row["user_id"] for row in at_risk} == {
        user for user, row in users.items() if row["detailed_segment"] == "At-Risk Planner"
    }
    assert [int(row["days_active"]) for row in at_risk] == sorted(
        (int(row["days_active"]) for row in at_risk), reverse=True
    )


def test_the_verification_answers_every_query_with_numbers_that_agree(synthetic_month):
    rows = synthetic_month.rows("data/planner_verification.csv")
    value = {(row["query"], row["group"], row["measure"]): row["value"] for row in rows}
    (summary,) = synthetic_month.rows("data/user_segmentation_summary.csv")
    assert {row["query"] for row in rows} == {
        "breakdown",
        "criteria",
        "criteria_combinations",
        "edge_cases",
        "engagement",
        "signup_weeks",
    }
    assert value["breakdown", "Planner", "users"] == summary["total_planners"]
    assert int(value["edge_cases", "Test users", "test_users_left_out"]) > 0
    assert sum(
        int(v) for (q, _, m), v in value.items() if q == "criteria_combinations" and m == "planners"
    ) == int(summary["total_planners"])
    assert sum(int(v) for (q, _, m), v in value.items() if q == "signup_weeks" and m == "users") == int(
        summary["total_users"]
    )


def test_the_weekly_series_ends_at_the_last_whole_week_and_leaves_the_open_one_empty(synthetic_month):
    weeks = synthetic_month.rows("data/planner_share_by_week.csv")
    assert [row["is_complete"] for row in weeks[-2:]] == ["true", "false"]
    assert weeks[-1]["share_to_date_pct"] == ""
    for row in weeks[:-1]:
        share = 100 * int(row["planners_to_date"]) / int(row["users_to_date"])
        assert float(row["share_to_date_pct"]) == pytest.approx(share)


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("user_type = 'Passenger' where user_type = 'Planner'", "planner_criteria"),
        ("became_planner_at = null where user_type = 'Planner'", "became_planner"),
        ("detailed_segment = 'Active Planner' where detailed_segment = 'Churned Planner'", "recency"),
        ("has_prompted_and_swiped = false where has_prompted_and_swiped", "prompts_and_swipes"),
        ("last_activity_date = date '2026-07-01' where days_active > 0", "dates_out_of_order"),
        ("is_almost_planner = true where user_type = 'Planner'", "planner_almost"),
        ("user_id = 'same'", "duplicate_user_id"),
        ("days_active = null", "null_days_active"),
        ("user_type = 'Pilot'", "unknown_user_type"),
    ],
)
def test_the_gate_finds_damaged_rows(synthetic_month, damage, check):
    assets = suite.candidate(synthetic_month.run)
    sound = _measures(synthetic_month, assets, None)
    broken = _measures(synthetic_month, assets, f"update runs.user_segmentation set {damage}")
    assert sound[check] == 0
    assert broken[check] > 0


ONE = "rowid = (select min(rowid) from runs.user_segmentation)"


@pytest.mark.parametrize(
    "damage",
    [
        f"delete from runs.user_segmentation where {ONE}",
        f"insert into runs.user_segmentation select * replace ('another' as user_id) from runs.user_segmentation where {ONE}",
    ],
    ids=["lost", "added"],
)
def test_the_gate_sees_that_one_user_is_missing_or_too_many(synthetic_month, damage):
    assets = suite.candidate(synthetic_month.run)
    assert _measures(synthetic_month, assets, None)["users_missing"] == 0
    assert _measures(synthetic_month, assets, damage)["users_missing"] == 1


@pytest.mark.parametrize(
    ("user_type", "copies", "moved", "dropped"),
    [
        ("user_type", 1, False, False),
        ("user_type", 3, False, True),
        ("case user_type when 'Planner' then 'Passenger' else 'Planner' end", 1, True, False),
    ],
    ids=["as before", "two thirds of the users are gone", "the types have changed places"],
)
def test_the_gate_compares_users_and_their_types_with_the_month_before(
    synthetic_month, user_type, copies, moved, dropped
):
    previous = PublishedRun(as_of_date="2026-06-01", run_key="20260601_20260601T070000_0123abcd")
    run = synthetic_month.run.model_copy(update={"previous_by_family": {"planners": previous}})
    before = (
        f"insert into runs.user_segmentation select rows.* replace ('{previous.run_key}' as run_key, {user_type} as user_type)"
        f" from runs.user_segmentation as rows cross join range({copies})"
    )
    assets = suite.candidate(run)
    measured = _measures(synthetic_month, assets, before)
    failed = {
        check.name
        for asset in assets
        for check in asset.checks
        if check.maximum is not None and measured[check.name] > check.maximum
    }
    levels = ("warning", "critical")
    expected = {f"user_type_drift_psi_{level}" for level in levels if moved}
    assert failed == expected | {f"volume_drop_pct_{level}" for level in levels if dropped}


def test_users_of_one_type_alone_are_below_what_is_expected(synthetic_month):
    (asset,) = [a for a in suite.candidate(synthetic_month.run) if a.name == "models.planners_distribution"]
    (check,) = [check for check in asset.checks if check.name == "user_types"]
    damage = "update runs.user_segmentation set user_type = 'Passenger'"
    assert _measures(synthetic_month, [asset], damage)["user_types"] == 1 < check.minimum
    assert check.severity == "warning"


def test_the_gate_misses_nobody_and_no_number(synthetic_month):
    assets = [*suite.candidate(synthetic_month.run), *suite.statistics(synthetic_month.run)]
    for asset in assets:
        found = synthetic_month.query(asset.query)[0]
        for check in asset.checks:
            assert found[check.name] is not None
            assert check.maximum is None or found[check.name] <= check.maximum, check.name
            assert check.minimum is None or found[check.name] >= check.minimum, check.name


def _measures(month, assets, damage):
    """The suite's measures, after a damage that is rolled back."""
    with duckdb.connect(str(month.settings.duckdb_path)) as connection:
        connection.begin()
        if damage:
            connection.execute(damage)
        found = {}
        for asset in assets:
            cursor = connection.execute(asset.query)
            found |= dict(zip([c[0] for c in cursor.description], cursor.fetchone(), strict=True))
        connection.rollback()
    return found
