"""The gate: sound rows pass, and each thing that can be wrong is caught by the check that is meant for it."""

import math

import pytest

from include.tidemark.run import PublishedRun
from tests.families.engagement.world import RUN_KEY, USERS, World
from tests.validation.world import failures_of

ONE = "where user_id = 'secret-user-1'"
T = "update runs.user_engagement set"
PREVIOUS = PublishedRun(as_of_date="2026-10-01", run_key="20261001_20261001T060000_0123abcd")

CANDIDATE_DEFECTS = {
    "no rows": ("delete from runs.user_engagement", "row_count"),
    "a user twice": (f"insert into runs.user_engagement select * from runs.user_engagement {ONE}", "duplicate_user_id"),
    "a null id": (f"{T} user_id = null {ONE}", "null_user_id"),
    "a null score": (f"{T} engagement_score = null {ONE}", "null_engagement_score"),
    "another as-of date": (f"{T} as_of_date = date '2026-10-01' {ONE}", "other_as_of_date"),
    "a fifth behavioural segment": (f"{T} behavioral_segment = 'asleep' {ONE}", "unknown_behavioral_segment"),
    "a fifth revenue segment": (f"{T} revenue_segment = 'shark' {ONE}", "unknown_revenue_segment"),
    "a stage of another number": (f"{T} furthest_stage = 'level_9' {ONE}", "unknown_stage"),
    "a score above 1": (f"{T} engagement_score = 1.2 {ONE}", "rank_outside_0_1"),
    "a score that does not follow": (
        f"{T} engagement_score = engagement_score / 2 where behavioral_segment = 'high_engagement'", "score_identity"),
    "ranks of other users": (f"{T} recency_rank = recency_rank / 2", "mean_recency_rank_off"),
    "a churned user who is active": (
        f"{T} behavioral_segment = 'churned' where days_since_last_activity = 13", "churn_identity"),
    "an active user who is churned": (
        f"{T} days_since_last_activity = 14 where behavioral_segment = 'high_engagement'", "churn_identity"),
    "a free user with revenue": (f"{T} revenue_segment = 'free_user' where revenue_segment = 'minnow'", "free_user_identity"),
    "a minnow as rich as a dolphin": (
        f"{T} lifetime_revenue = 99999999 where revenue_segment = 'minnow'", "minnow_below_dolphin"),
    "a low score above a moderate one": (
        f"{T} behavioral_segment = 'low_engagement' where behavioral_segment = 'high_engagement'",
        "low_engagement_below_moderate_engagement"),
    "91 observed days": (f"{T} observed_days = 91 {ONE}", "observed_days_outside"),
    "a sign-up on the as-of date": (f"{T} created_date = date '2026-11-01' {ONE}", "signed_up_later"),
    "activity on the as-of date": (f"{T} last_activity_date = date '2026-11-01' {ONE}", "activity_out_of_order"),
    "a frequency that does not follow": (f"{T} session_frequency = session_frequency + 1 {ONE}", "frequency_identity"),
    "a negative count": (f"{T} events_last_90_days = -1 {ONE}", "negative_count"),
    "more stages than there are": (f"{T} stages_in_order = 9 {ONE}", "journey_identity"),
    "lost users": ("delete from runs.user_engagement where user_id like '%7'", "user_difference_pct"),
    "lost revenue": (f"{T} lifetime_revenue = lifetime_revenue * 0.99", "revenue_difference_pct"),
    "a cohort that lost a user": (
        "update runs.install_cohort_retention set user_count = user_count - 1 where day_number = 1", "cohort_size"),
    "more users back than there were": (
        "update runs.install_cohort_retention set active_on_day = user_count + 1", "retained_beyond_matured"),
    "an open window that counts": (
        "update runs.install_cohort_retention set matured_users = user_count where day_number = 60", "open_window_counted"),
    "an open follow-up that counts": (
        "update runs.install_cohort_retention set followed_users = user_count where day_number = 14", "open_follow_up_counted"),
    "a day that nobody asked for": (
        "update runs.install_cohort_retention set day_number = 2 where day_number = 1", "unknown_day"),
    "squares that are too small": (
        "update runs.install_cohort_retention set revenue_s2 = 1 where revenue_s1 <> 0", "impossible_revenue"),
    "a funnel that grows": (
        "update runs.journey_times set user_count = user_count * 100 where stage_number = 3", "more_users_than_before"),
    "a time beyond the window": ("update runs.journey_times set days_taken = 31 where stage_number = 3", "times_outside_the_window"),
}  # fmt: skip

STATISTICS_DEFECTS = {
    "a missing mean": ("delete from runs.statistics where metric = 'mean_revenue_90d' and segment = 'whale'", "missing_numbers"),
    "a share that is off": (
        "update runs.statistics set estimate = estimate + 0.001 where metric = 'segment_share' and segment = 'whale'",
        "share_sum_off"),
    "users that were not counted": ("update runs.statistics set n = n - 1 where metric = 'mean_engagement_score'"
                                    " and segment = 'churned'", "users_not_counted"),
    "a cohort without its rate": (
        "delete from runs.statistics where metric = 'retention_in_window' and horizon = '7d' and segment <> 'All cohorts'",
        "missing_cohorts"),
    "a stage without its share": (
        "delete from runs.statistics where metric = 'funnel_reached' and segment is null and segment_to = 'level_1'",
        "missing_stages"),
    "a rate above 1": ("update runs.statistics set ci_high = 1.1 where metric = 'funnel_conversion' and segment_to = 'level_1'",
                       "share_outside_0_1"),
}  # fmt: skip


def failures(world: World, stage: str) -> dict[str, tuple[str, str]]:
    return failures_of(stage, world.run, world.settings, world.rows)


@pytest.mark.parametrize("stage", ["models", "statistics"])
def test_sound_rows_pass_without_a_warning(world: World, stage: str) -> None:
    assert failures(world, stage) == {}


@pytest.mark.parametrize("defect", CANDIDATE_DEFECTS)
def test_a_defect_of_the_candidate_is_critical(world: World, defect: str) -> None:
    statement, expectation = CANDIDATE_DEFECTS[defect]
    world.sql(statement)
    found = failures(world, "models")
    assert found[expectation][0] == "critical", found
    assert "runs." in found[expectation][1]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("select 1", set()),
        (f"delete from runs.user_engagement {ONE}", {"user", "revenue"}),
        (f"insert into runs.user_engagement select * from runs.user_engagement {ONE}", {"user", "revenue"}),
        (f"{T} lifetime_revenue = lifetime_revenue + 0.01 {ONE}", {"revenue"}),
    ],
    ids=["nothing", "a lost user", "a doubled user", "a cent"],
)  # fmt: skip
def test_without_a_tolerance_users_and_revenue_agree_with_staging_to_the_row_and_the_cent(
    world: World, statement: str, expected: set[str]
) -> None:
    rules = world.run.rules.model_copy(update={"reconciliation_tolerance_pct": 0})
    world.run = world.run.model_copy(update={"rules": rules})
    world.sql(statement)
    differ = {name for name in failures(world, "models") if name.endswith("_difference_pct")}
    assert differ == {f"{name}_difference_pct" for name in expected}


@pytest.mark.parametrize("defect", STATISTICS_DEFECTS)
def test_a_defect_of_the_statistics_is_critical(world: World, defect: str) -> None:
    statement, expectation = STATISTICS_DEFECTS[defect]
    world.sql(statement)
    found = failures(world, "statistics")
    assert found[expectation][0] == "critical", found


def test_users_who_all_churned_are_a_warning(world: World) -> None:
    world.sql(
        f"{T} behavioral_segment = 'churned', days_since_last_activity = null, last_activity_date = null"
    )
    assert failures(world, "models")["largest_share_pct"][0] == "warning"


@pytest.mark.parametrize(
    ("moved", "severities"), [(0, set()), (100, {"warning"}), (220, {"warning", "critical"})]
)
def test_drift_since_the_previous_month_warns_and_then_stops(
    world: World, moved: int, severities: set[str]
) -> None:
    world.run = world.run.model_copy(update={"previous_by_family": {"engagement": PREVIOUS}})
    world.sql(
        "insert into runs.user_engagement select * replace (date '2026-10-01' as as_of_date,"
        f" '{PREVIOUS.run_key}' as run_key) from runs.user_engagement",
        f"{T} behavioral_segment = 'low_engagement' where run_key = '{PREVIOUS.run_key}' and user_id in (select user_id from"
        f" runs.user_engagement where run_key = '{PREVIOUS.run_key}' and behavioral_segment = 'high_engagement'"
        f" order by user_id limit {moved})",
    )
    shares: dict[str, dict[str, float]] = {}
    for key, segment, n in world.rows(
        "select run_key, behavioral_segment, count(*) from runs.user_engagement group by all"
    ):
        shares.setdefault(segment, {})[key] = max(n / USERS, 1e-4)
    psi = sum(
        (held.get(RUN_KEY, 1e-4) - held.get(PREVIOUS.run_key, 1e-4))
        * math.log(held.get(RUN_KEY, 1e-4) / held.get(PREVIOUS.run_key, 1e-4))
        for held in shares.values()
    )
    expected = {level for level, bound in (("warning", 0.1), ("critical", 0.25)) if psi > bound}
    assert expected == severities, psi
    found = {name: severity for name, (severity, _) in failures(world, "models").items() if "psi" in name}
    assert found == {f"behavioral_drift_psi_{level}": level for level in severities}


def test_fewer_users_than_the_previous_month_saw_stop_the_run(world: World) -> None:
    world.run = world.run.model_copy(update={"previous_by_family": {"engagement": PREVIOUS}})
    for copy in range(3):
        world.sql(
            "insert into runs.user_engagement select * replace (date '2026-10-01' as as_of_date,"
            f" '{PREVIOUS.run_key}' as run_key, user_id || '-{copy}' as user_id) from runs.user_engagement"
            f" where run_key = '{RUN_KEY}'"
        )
    found = failures(world, "models")
    assert {"volume_drop_pct_warning", "volume_drop_pct_critical"} <= set(found)
