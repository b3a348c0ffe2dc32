"""The questions: every number that is promised, from sufficient statistics, with its reason where it is
null."""

import numpy as np
import pytest
from scipy import stats

from include.tidemark.families.engagement import questions
from include.tidemark.families.engagement.cohorts import ALL_COHORTS, REVENUE_PER_USER
from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    REVENUE_SEGMENTS,
    stage_names,
)
from include.tidemark.statistics.results import ResultRow
from tests.families.engagement.world import USERS, World, users


@pytest.fixture(scope="module")
def made() -> dict[str, list]:
    return users()


@pytest.fixture
def rows(world: World):
    def answer(question: str) -> dict[tuple, ResultRow]:
        with world.open() as warehouse:
            found = getattr(questions, question)(world.run, warehouse)
        keyed = {(r.metric, r.method, r.segment, r.segment_to, r.horizon): r for r in found}
        assert len(keyed) == len(found), "a number is there twice"
        return keyed

    return answer


def test_shares_and_means_are_those_of_the_users(rows, made) -> None:
    found = rows("segments")
    for kind, names in (("behavioral_segment", BEHAVIORAL_SEGMENTS), ("revenue_segment", REVENUE_SEGMENTS)):
        labels = np.array(made[kind])
        for name in names:
            share = found["segment_share", "wilson", name, None, None]
            assert (share.estimate, share.n) == (pytest.approx((labels == name).mean()), USERS)
            score = found["mean_engagement_score", "percentile_bootstrap", name, None, None]
            own = np.array(made["engagement_score"])[labels == name]
            assert score.estimate == pytest.approx(own.mean(), abs=1e-6) and score.n == len(own)
            assert score.ci_low < score.estimate < score.ci_high
            revenue = found["mean_lifetime_revenue", "hall_skew_t", name, None, None]
            if name == "free_user":
                assert (revenue.estimate, revenue.reason) == (None, "too_few_nonzero_users")
            else:
                assert revenue.estimate == pytest.approx(
                    np.array(made["lifetime_revenue"])[labels == name].mean()
                )
    everybody = found["mean_revenue_90d", "percentile_bootstrap", None, None, None]
    assert everybody.estimate == pytest.approx(np.mean(made["revenue_last_90_days"])) and everybody.n == USERS


def test_the_shares_of_revenue_sum_to_one_and_follow_the_rules_basis(rows, made, world) -> None:
    for basis, column in (("lifetime", "lifetime_revenue"), ("window", "revenue_last_90_days")):
        rules = world.run.rules.model_copy(update={"revenue_segment_basis": basis})
        world.run = world.run.model_copy(update={"rules": rules})
        found, amounts = rows("segments"), np.array(made[column])
        for name in ("whale", "dolphin", "minnow"):
            own = amounts[np.array(made["revenue_segment"]) == name].sum() / amounts.sum()
            assert found["revenue_share", "logit_delta", name, None, None].estimate == pytest.approx(own)


def test_confidence_grows_with_users_and_completeness_and_flags_what_is_below_the_threshold(
    rows, world, made
) -> None:
    before = rows("segments")["segment_confidence", "weighted", "churned", None, None]
    # A third has no platform; those without sessions have no duration, those without activity no recency.
    churned = np.array(made["behavioral_segment"]) == "churned"
    fields = [made["platform"], made["session_duration"], made["days_since_last_activity"]]
    missing = sum(value is None for field in fields for value in np.array(field, dtype=object)[churned])
    n, scores = churned.sum(), np.array(made["engagement_score"])[churned]
    error = np.std(scores) / np.sqrt(n - 1) / scores.mean()
    expected = 0.4 * n / (n + 30) + 0.3 * (1 - missing / (6 * n)) + 0.3 / (1 + (error / 0.1) ** 2)
    assert before.estimate == pytest.approx(expected, abs=1e-6)
    assert before.reason == "descriptive" and before.ci_low is None and before.trust == "ok"
    world.sql("update runs.user_engagement set platform = 'web'")
    assert (
        rows("segments")["segment_confidence", "weighted", "churned", None, None].estimate > before.estimate
    )
    rules = world.run.rules.model_copy(update={"segmentation_confidence_threshold": 0.999})
    world.run = world.run.model_copy(update={"rules": rules})
    assert rows("segments")["segment_confidence", "weighted", "churned", None, None].trust == "caution"


def test_a_segment_without_users_has_every_row_with_a_reason(rows, world) -> None:
    for table in ("engagement_cells", "user_engagement"):
        world.sql(f"delete from runs.{table} where revenue_segment = 'whale'")
    found = rows("segments")
    assert found["segment_share", "wilson", "whale", None, None].estimate == 0
    for metric in ("mean_engagement_score", "mean_lifetime_revenue", "mean_revenue_90d"):
        assert found[metric, "percentile_bootstrap", "whale", None, None].reason == "empty_segment"
    assert found["segment_confidence", "weighted", "whale", None, None].reason == "empty_segment"


def test_retention_counts_finished_windows_only_and_compares_each_cohort_with_the_rest(rows, world) -> None:
    found = rows("retention")
    counts = world.rows(
        "select cohort_date, day_number, matured_users, active_on_day from runs.install_cohort_retention order by all"
    )
    assert len(counts) == 8 * 6
    p_values: dict[int, list[float]] = {}
    for cohort, day, matured, active in counts:
        rate = found["retention_in_window", "wilson", cohort.isoformat(), None, f"{day}d"]
        rest = found["retention_in_window_vs_rest", "between_units_t", cohort.isoformat(), None, f"{day}d"]
        if not matured:
            assert (rate.estimate, rate.is_mature, rate.reason) == (None, False, "window_not_complete")
            assert rest.reason == "window_not_complete"
            continue
        assert rate.estimate == pytest.approx(active / matured) and rate.n == matured
        others = [(m, a) for c, d, m, a in counts if d == day and c != cohort]
        total = sum(m for m, _ in others)
        if total:
            assert rest.estimate == pytest.approx(active / matured - sum(a for _, a in others) / total)
            # Five other days are too few for a p-value.
            assert (rest.p_value is None) == (sum(m > 0 for m, _ in others) < 6)
            if rest.p_value is not None:
                p_values.setdefault(day, []).append(rest.p_value)
        else:
            assert rest.reason == "too_few_users"
    assert set(p_values) >= {1, 3}
    for day, values in p_values.items():
        adjusted = sorted(
            r.p_adjusted
            for key, r in found.items()
            if key[0] == "retention_in_window_vs_rest" and key[4] == f"{day}d" and r.p_adjusted is not None
        )
        assert adjusted == pytest.approx(sorted(stats.false_discovery_control(values)), abs=1e-12)


def test_cohorts_of_the_first_days_of_the_data_are_compared_with_no_others(rows, world) -> None:
    world.sql(
        "update runs.install_cohort_retention set is_burn_in = true where cohort_date = date '2026-08-05'"
    )
    found = rows("retention")
    ((active, matured),) = world.rows(
        "select sum(active_on_day), sum(matured_users) from runs.install_cohort_retention where day_number = 1"
        " and cohort_date not in (date '2026-08-05', date '2026-08-07')"
    )
    ((own, users),) = world.rows(
        "select active_on_day, matured_users from runs.install_cohort_retention where day_number = 1"
        " and cohort_date = date '2026-08-07'"
    )
    row = found["retention_in_window_vs_rest", "between_units_t", "2026-08-05", None, "1d"]
    assert (row.estimate, row.reason) == (None, "burn_in")
    assert found["retention_in_window", "wilson", "2026-08-05", None, "1d"].estimate is not None
    other = found["retention_in_window_vs_rest", "between_units_t", "2026-08-07", None, "1d"]
    assert other.estimate == pytest.approx(own / users - int(active) / int(matured))


def test_all_cohorts_together_have_their_rates_and_their_revenue(rows, world) -> None:
    found = rows("retention")
    ((matured, active, cents),) = world.rows(
        "select sum(matured_users), sum(active_on_day), sum(revenue_s1)::double from runs.install_cohort_retention"
        " where day_number = 7"
    )
    rate = found["retention_in_window", "wilson", ALL_COHORTS, None, "7d"]
    assert (rate.estimate, rate.n) == (pytest.approx(active / matured), matured)
    revenue = found[REVENUE_PER_USER, "hall_skew_t", ALL_COHORTS, None, "7d"]
    assert (revenue.estimate, revenue.n) == (pytest.approx(cents / 100 / matured), matured)
    assert revenue.ci_low < revenue.estimate < revenue.ci_high
    assert not any(key[2] == ALL_COHORTS and key[0].endswith("_vs_rest") for key in found)


def test_a_cohort_below_the_minimum_sample_size_is_null_with_the_reason(rows, world) -> None:
    rules = world.run.rules.model_copy(update={"segmentation_minimum_sample_size": 5000})
    world.run = world.run.model_copy(update={"rules": rules})
    found = rows("retention")
    reasons = {r.reason for r in found.values()}
    assert all(r.estimate is None for r in found.values()) and reasons == {
        "too_few_users",
        "window_not_complete",
    }


def test_the_funnel_gives_reached_conversion_drop_off_and_median_days(rows, world) -> None:
    found = rows("funnel")
    names = stage_names(world.run.rules)
    counts = dict(
        world.rows(
            "select stage_number, sum(user_count)::bigint from runs.journey_times group by stage_number"
        )
    )
    for number, name in enumerate(names):
        reached = found["funnel_reached", "wilson", None, name, None]
        assert reached.estimate == pytest.approx(counts[number] / counts[0])
        before = counts[max(number - 1, 0)]
        assert found["funnel_conversion", "wilson", None, name, None].estimate == pytest.approx(
            counts[number] / before
        )
        assert found["funnel_drop_off", "wilson", None, name, None].estimate == pytest.approx(
            1 - counts[number] / before
        )
        times = world.rows(
            f"select days_taken, user_count from runs.journey_times where stage_number = {number}"
        )
        spread = np.repeat([days for days, _ in times], [int(users) for _, users in times])
        assert found["funnel_median_time", "order_statistics", None, name, None].estimate == np.median(spread)
    groups = {key[2] for key in found if key[0] == "funnel_conversion_vs_rest"}
    assert len(groups) > 1 and None not in groups


def test_a_stage_that_nobody_reached_is_there_with_zero(rows, world) -> None:
    world.sql("delete from runs.journey_times where stage_number >= 4")
    last = stage_names(world.run.rules)[-1]
    found = rows("funnel")
    assert found["funnel_reached", "wilson", None, last, None].estimate == 0
    assert found["funnel_median_time", "order_statistics", None, last, None].reason == "empty_segment"
    assert found["funnel_conversion", "wilson", None, last, None].reason == "empty_segment"


def test_without_any_user_every_question_still_answers(rows, world) -> None:
    for table in ("user_engagement", "engagement_cells", "install_cohort_retention", "journey_times"):
        world.sql(f"delete from runs.{table}")
    segments = rows("segments")
    assert segments and all(r.estimate is None and r.reason for r in segments.values())
    assert rows("retention") == {}
    funnel = rows("funnel")
    assert funnel and all(r.estimate is None for r in funnel.values())
