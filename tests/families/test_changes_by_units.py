"""Changes of fee tiers, first weeks, cohorts and the journey since a published month, against users one by
one."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.unit_changes import unit_change_rows
from include.tidemark.statistics.unit_months import UnitNumber
from include.tidemark.warehouse import open_warehouse
from tests.families.conftest import synthetic_deployment
from tests.stages import estimated, shown

pytestmark = pytest.mark.timeout(900)

DAYS = (date(2026, 6, 1), date(2026, 7, 1))
COMPARED_OTHERWISE = ("_spells", "_autocorrelation", "_skewness", "_kurtosis", "_outlier_share")
"""Endings of what is no rate, share, mean, count or ratio of users: what is said of a model's data."""
OF_A_MODEL = {"variance_inflation", "smallest_cell", "odds_ratio_impactful", "segment_confidence"}
Months = tuple[Settings, list[Run]]


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Months:
    families = ("engagement", "early_engagement", "fee_tiers")
    settings = synthetic_deployment(tmp_path_factory.mktemp("months"), 1_500)
    settings = settings.model_copy(update={"families": families})
    first, second = (
        (
            settings,
            {"as_of_date": day.isoformat(), "n_resamples": 1_000},
            datetime(day.year, day.month, day.day, 7, tzinfo=UTC),
        )
        for day in DAYS
    )
    return settings, [shown(*first), estimated(*second)]


def table(months: Months, sql: str) -> pd.DataFrame:
    with open_warehouse(months[0]) as warehouse:
        return pd.DataFrame(warehouse.fetch(sql))


def changes(months: Months, family: str) -> pd.DataFrame:
    key = months[1][1].run_key
    return table(
        months,
        f"select * from runs.changes where run_key = '{key}' and family = '{family}' and comparison = 'previous'",
    )


def row_of(months: Months, family: str, metric: str, segment: str | None, horizon: str) -> pd.Series:
    found = changes(months, family)
    held = found["segment"].isna() if segment is None else found["segment"] == segment
    (row,) = found[(found["metric"] == metric) & (found["horizon"] == horizon) & held].to_dict("records")
    return pd.Series(row)


def by_hand(then: pd.DataFrame, now: pd.DataFrame) -> pd.Series:
    """The row of two tables of users, each with the unit that the user came in and whether there is an
    outcome."""
    key = ("m", None, None)
    months = [
        {
            key: UnitNumber(
                "share", {str(u): (len(held), held["outcome"].sum()) for u, held in users.groupby("unit")}
            )
        }
        for users in (then, now)
    ]
    (row,) = unit_change_rows(months, "previous", StatisticsConfig("2026-07-01"), 2)
    return pd.Series(vars(row))


SAME = (
    "estimate",
    "earlier_estimate",
    "change",
    "ci_low",
    "ci_high",
    "p_value",
    "n",
    "n_earlier",
    "trust",
    "reason",
)


def assert_same(row: pd.Series, expected: pd.Series) -> None:
    for name in SAME:
        mine, theirs = row[name], expected[name]
        if theirs is None:
            assert pd.isna(mine), name
        else:
            assert mine == (theirs if isinstance(theirs, str) else pytest.approx(theirs, rel=1e-9)), name


@pytest.mark.parametrize(("tier", "k"), [("5 bps", 1), ("5 bps", 4), (None, 2)])
def test_retention_of_tiers_changed_as_their_users_did(months: Months, tier: str | None, k: int) -> None:
    users = table(
        months,
        "select run_key, user_id, first_seen_period_id as unit, first_seen_fee_bps as fee, retained_flag as outcome"
        f" from runs.fct_user_cohorts where k = {k} and is_mature",
    )
    if tier:
        users = users[users["fee"] == float(tier.split()[0])]
    then, now = (users[users["run_key"] == run.run_key] for run in months[1])
    metric = "retention_in_window" if tier else "retention_all_tiers"
    row = row_of(months, "fee_tiers", metric, tier, f"week {k}")
    assert_same(row, by_hand(then, now))
    assert row["n_both"] == len({*then["user_id"]} & {*now["user_id"]})
    assert row["n_joined"] == len({*now["user_id"]} - {*then["user_id"]}) > 0
    assert row["method"] == "paired_units"


@pytest.mark.parametrize("used", [None, True, False])
def test_who_stays_changed_as_the_users_of_a_first_week_did(months: Months, used: bool | None) -> None:
    users = table(months, "select * from runs.dim_user_early_engagement")
    feature = next(name for name in users.columns if name.startswith("has_"))
    users = users.assign(unit=users["created_date"], outcome=users["is_retained_4_weeks"])
    if used is not None:
        users = users[users[feature] == used]
    then, now = (users[users["run_key"] == run.run_key] for run in months[1])
    metric = {None: "retained_4_weeks", True: "retained_if_used", False: "retained_if_not_used"}[used]
    row = row_of(months, "early_engagement", metric, None if used is None else feature, "4w")
    assert_same(row, by_hand(then, now))
    assert row["n_both"] == len({*then["user_id"]} & {*now["user_id"]})


def test_every_change_is_between_the_numbers_that_both_months_published(months: Months) -> None:
    statistics = table(months, "select * from runs.statistics where is_primary and estimate is not null")
    keys = ["family", "metric", "segment", "horizon"]
    # A stage of the journey is the second segment of its number.
    statistics["horizon"] = statistics["horizon"].fillna(statistics["segment_to"])
    then, now = (
        statistics[statistics["run_key"] == run.run_key]
        .fillna({"segment": "", "horizon": ""})
        .set_index(keys)["estimate"]
        for run in months[1]
    )
    seen = 0
    for family in ("engagement", "early_engagement", "fee_tiers"):
        found = changes(months, family).fillna({"segment": "", "horizon": ""})
        for row in found[found["method"] == "paired_units"].to_dict("records"):
            place = tuple(row[key] for key in keys)
            for number, published in ((row["estimate"], now), (row["earlier_estimate"], then)):
                if place in published.index and not pd.isna(number):
                    assert number == pytest.approx(published[place], rel=1e-9, abs=1e-12), place
                    seen += 1
    assert seen > 300


def test_every_rate_share_mean_and_ratio_has_its_change_or_says_why_not(months: Months) -> None:
    statistics = table(
        months,
        f"select distinct family, metric from runs.statistics where run_key = '{months[1][1].run_key}'",
    )
    for family in ("engagement", "early_engagement", "fee_tiers"):
        published = {
            metric
            for metric in statistics[statistics["family"] == family]["metric"]
            if not metric.endswith(COMPARED_OTHERWISE) and metric not in OF_A_MODEL
        }
        found = changes(months, family)
        assert published <= set(found["metric"])
        assert found[found["change"].isna() | found["ci_low"].isna()]["reason"].notna().all()


def test_a_day_and_a_week_that_are_over_do_not_change_and_a_model_is_not_judged(months: Months) -> None:
    fees, cohorts = changes(months, "fee_tiers"), changes(months, "engagement")
    assert set(fees[fees["horizon"] == "each fee week"]["reason"]) == {"same_users"}
    each = cohorts[cohorts["segment"] == "Each cohort"]
    against = each["metric"].str.endswith("_vs_rest")
    assert set(each[~against]["reason"]) == {"same_users"}
    assert set(each[against]["reason"]) == {"moved_by_others"}
    assert set(fees[fees["metric"] == "odds_ratio_5bps"]["reason"]) == {"not_paired"}
    # Who signed up in a month whose windows were over in June is who had signed up then.
    spring = cohorts[(cohorts["segment"] == "2026-03") & (cohorts["metric"] == "funnel_reached")]
    assert set(spring["reason"]) == {"same_users"}
    assert set(spring["change"]) == {0}


def test_the_pooled_retention_of_cohorts_is_judged_by_the_days_that_came(months: Months) -> None:
    found = changes(months, "engagement")
    pooled = found[(found["segment"] == "All cohorts") & (found["metric"] == "retention_in_window")]
    assert set(pooled["trust"]) == {"ok"}
    assert (pooled["n_joined"] > 0).all()
    assert (pooled["detectable_change"] > 0).all()
    assert set(found[found["metric"] == "cohort_revenue_per_user"]["kind"]) == {"mean"}


def test_the_first_month_has_the_same_rows_and_nothing_to_compare_with(months: Months) -> None:
    first = table(
        months,
        f"select * from runs.changes where comparison <> 'trend' and run_key = '{months[1][0].run_key}'",
    )
    assert set(first["reason"]) == {"no_earlier_publication"}
    assert {*first["metric"]} == {
        metric
        for family in ("engagement", "early_engagement", "fee_tiers")
        for metric in changes(months, family)["metric"]
        if not metric.endswith("_given_earlier")  # a row only where it says more
    }
