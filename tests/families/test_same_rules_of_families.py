"""Engagement and planners in a month whose rules have changed, against the earlier month computed anew under
the new rules."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from include.tidemark.families.comparison_part import COMPARISON
from include.tidemark.families.engagement import FAMILY as ENGAGEMENT
from include.tidemark.families.planners import FAMILY as PLANNERS
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from tests.families.conftest import synthetic_deployment
from tests.stages import built, shown

pytestmark = pytest.mark.timeout(1_800)

FIRST, SECOND = date(2026, 6, 1), date(2026, 7, 1)
RULES = """
churn_days_threshold: 8
high_engagement_percentile: 0.8
engagement_session_frequency_weight: 0.1
engagement_recency_weight: 0.4
revenue_segment_basis: window
whale_revenue_percentile: 0.97
planner_min_prompts: 3
planner_active_max_days: 4
almost_planner_min_swipes: 1
"""
SEGMENTS = {
    ("engagement", "behavioral"): ("runs.user_engagement", "behavioral_segment"),
    ("engagement", "revenue"): ("runs.user_engagement", "revenue_segment"),
    ("planners", "types"): ("runs.user_segmentation", "user_type"),
}


@dataclass(frozen=True)
class Months:
    """The earlier month as published, the later one under other rules, and the models of the earlier one
    anew under these."""

    settings: Settings
    published: Run
    changed: Run
    anew: Run

    def query(self, sql: str, *parameters: object) -> pd.DataFrame:
        with open_warehouse(self.settings) as warehouse:
            return pd.DataFrame(warehouse.fetch(sql, parameters))

    def people(self, run: Run, table: str) -> pd.DataFrame:
        return self.query(f"select * from {table} where run_key = ?", run.run_key).set_index("user_id")

    def changes(self, family: str, comparison: str) -> pd.DataFrame:
        sql = "select * from runs.changes where run_key = ? and family = ? and comparison = ?"
        return self.query(sql, self.changed.run_key, family, comparison)


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Months:
    root = tmp_path_factory.mktemp("rules")
    settings = synthetic_deployment(root, 700).model_copy(update={"families": ("engagement", "planners")})
    folder = root / "changed"
    folder.mkdir()
    rules = (settings.config_dir / "rules.yml").read_text(encoding="utf-8")
    (folder / "rules.yml").write_text(rules + RULES, encoding="utf-8")

    def parameters(as_of: date, **options: object) -> dict[str, object]:
        return {"as_of_date": as_of.isoformat(), "n_resamples": 1_000, **options}

    def at(as_of: date, hour: int) -> datetime:
        return datetime(as_of.year, as_of.month, as_of.day, hour, tzinfo=UTC)

    published = shown(settings, parameters(FIRST), at(FIRST, 7))
    others = settings.model_copy(update={"config_dir": folder})
    changed, _ = run_in_order(others, parameters(SECOND, publish=False), at(SECOND, 9))
    return Months(settings, published, changed, built(others, parameters(FIRST, publish=False), at(FIRST, 9)))


@pytest.mark.parametrize(("family", "kind"), SEGMENTS)
def test_the_earlier_month_is_as_if_it_had_been_computed_under_the_rules_of_now(
    months: Months, family: str, kind: str
) -> None:
    table, column = SEGMENTS[family, kind]
    then, was, now = (
        months.people(run, table)[column] for run in (months.anew, months.published, months.changed)
    )
    assert not then.equals(was), "the rules change nobody's segment, so nothing is tested"
    rows = months.changes(family, "previous_same_rules")
    of_kind = rows[(rows["metric"] == "members") & rows["segment"].isin(then.unique())]
    assert len(of_kind) == then.nunique()
    for row in of_kind.to_dict("records"):
        counts = ((then == row["segment"]).sum(), (now == row["segment"]).sum())
        assert (row["earlier_estimate"], row["estimate"]) == counts, row["segment"]
        assert row["rules_effect"] == counts[0] - (was == row["segment"]).sum()
    assert set(rows["is_comparable"]) == {True}
    assert set(months.changes(family, "previous")["is_comparable"]) == {False}


def test_means_and_criteria_are_those_of_the_month_computed_anew(months: Months) -> None:
    engagement, planners = (
        months.changes(family, "previous_same_rules").set_index(["metric", "segment"])["earlier_estimate"]
        for family in ("engagement", "planners")
    )
    users, types = (
        months.people(months.anew, table) for table in ("runs.user_engagement", "runs.user_segmentation")
    )
    for name, held in users.groupby("behavioral_segment"):
        assert engagement["mean_engagement_score", name] == pytest.approx(
            held["engagement_score"].mean(), abs=1e-6
        )
    of_planners = types[types["user_type"] == "Planner"]
    met = of_planners["has_prompted_and_swiped"].mean()
    assert planners["planner_criterion_share", "prompted_and_swiped"] == pytest.approx(met)
    active = (of_planners["detailed_segment"] == "Active Planner").mean()
    assert active in [pytest.approx(each) for each in planners.loc["planner_recency_share"]]
    almost = types[types["user_type"] == "Passenger"]["is_almost_planner"].mean()
    assert planners["almost_planner_share", "Passenger"] == pytest.approx(almost)
    assert "mean_days_to_become_planner" not in planners.index.get_level_values("metric")


def test_a_month_whose_rows_are_gone_is_said_to_be_not_comparable(months: Months, tmp_path: object) -> None:
    gone = months.published.run_key[:-4] + "dead"
    earlier = months.changed.previous_of("planners")
    assert earlier is not None
    elsewhere = dict.fromkeys(("engagement", "planners"), earlier.model_copy(update={"run_key": gone}))
    run = months.changed.model_copy(update={"previous_by_family": elsewhere})
    with open_warehouse(months.settings) as warehouse:
        for family in (ENGAGEMENT, PLANNERS):
            rows = family.part(COMPARISON).changes(run, warehouse)
            previous = [row for row in rows if row.comparison.startswith("previous")]
            assert {row.reason for row in previous} == {"rows_missing"}
            assert {row.change for row in previous} == {None}
            assert "rows_missing" not in {row.reason for row in rows if row.comparison == "year_before"}


def test_a_journey_without_days_of_sign_up_is_not_called_empty(months: Months) -> None:
    key = months.published.run_key
    with open_warehouse(months.settings) as warehouse:
        warehouse.execute(f"create table kept as select * from runs.journey_times where run_key = '{key}'")
        warehouse.execute(f"update runs.journey_times set cohort_date = null where run_key = '{key}'")
        rows = ENGAGEMENT.part(COMPARISON).changes(months.changed, warehouse)
        warehouse.execute(f"delete from runs.journey_times where run_key = '{key}'")
        warehouse.execute("insert into runs.journey_times select * from kept")
    journey = [row for row in rows if row.comparison == "previous" and row.metric == "funnel_reached"]
    assert journey and {row.reason for row in journey} == {"rows_missing"}
