"""A month of the three families that the real data allow, run from a shell, against a recomputation in
pandas."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from pydantic import SecretStr

from include.tidemark.artifacts.published import PublishedMonth, published_months
from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.families.left_out import NOT_ENABLED
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.rules import load_rules
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse

from .complete_journey_oracle import Oracle

AS_OF = "2018-01-01"
EVENTS = ("purchase", "coupon_redeemed", "campaign_received")
REASONS = {
    "planners": "TIDEMARK_FAMILIES does not name it.",
    "fee_tiers": "the tables fee_periods and market_prices are neither mapped in sources.yml nor landed.",
}


@dataclass(frozen=True)
class Month:
    """A published month, the warehouse that it left, and the log of its run."""

    published: PublishedMonth
    settings: Settings
    log: list[str]

    def users(self, table: str) -> pd.DataFrame:
        """The run's rows of a user table by user id, which published files hash."""
        with open_warehouse(self.settings) as warehouse:
            rows = warehouse.fetch(f"select * from runs.{table}")
        return pd.DataFrame(rows).set_index("user_id").sort_index()

    def by(self, file: str, column: str) -> dict[str, dict[str, str]]:
        """The rows of a published file by one of its columns."""
        return {row[column]: row for row in self.published.rows(file)}


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture(scope="module")
def month(complete_journey: Path, tmp_path_factory: pytest.TempPathFactory) -> Month:
    folder = tmp_path_factory.mktemp("complete_journey_month")
    settings = Settings(
        duckdb_path=folder / "warehouse.duckdb",
        landing_url=complete_journey.as_uri(),
        artifact_root=(folder / "artifacts").as_uri(),
        config_dir=COMPLETE_JOURNEY.config_dir,
        families=COMPLETE_JOURNEY.families,
        id_hash_key=SecretStr("the key of the demo's month"),
    )
    kept, logger = _Kept(), logging.getLogger("include.tidemark")
    level = logger.level
    logger.addHandler(kept)
    logger.setLevel(logging.INFO)
    try:
        run_in_order(
            settings, {"as_of_date": AS_OF, "n_resamples": 1_000}, datetime(2018, 1, 1, 7, tzinfo=UTC)
        )
    finally:
        logger.removeHandler(kept)
        logger.setLevel(level)
    (published,) = published_months(settings)
    return Month(published, settings, kept.lines)


@pytest.fixture(scope="module")
def expected(complete_journey_tables: Path) -> Oracle:
    return Oracle(complete_journey_tables, pd.Timestamp(AS_OF))


def test_the_oracle_s_numbers_are_those_of_the_demo_s_rules():
    rules = load_rules(COMPLETE_JOURNEY.rules_file, environ={})
    assert (rules.churn_days_threshold, rules.early_engagement_return_days) == (14, 7)
    assert (rules.moderate_engagement_percentile, rules.high_engagement_percentile) == (0.3, 0.7)
    assert (rules.dolphin_revenue_percentile, rules.whale_revenue_percentile) == (0.8, 0.95)
    assert (rules.engagement_percentile_users, rules.revenue_segment_basis) == ("active", "lifetime")
    assert [
        rules.engagement_session_frequency_weight,
        rules.engagement_event_frequency_weight,
        rules.engagement_recency_weight,
    ] == [0.3, 0.25, 0.2]
    assert tuple(rules.early_engagement_events) == EVENTS
    assert rules.passive_events == ["campaign_received"]


def test_three_families_are_computed_and_the_gate_lets_the_month_through(month):
    manifest = month.published.manifest()
    computed = {family["name"] for family in manifest["families"] if family["status"] == "computed"}
    assert computed == set(COMPLETE_JOURNEY.families)
    assert manifest["gate"]["critical_failures"] == 0
    assert {row["family"] for row in month.published.rows("data/statistics.csv")} == computed


def test_families_left_out_are_named_with_the_reason_in_the_log(month):
    for family, reason in REASONS.items():
        assert f"The family {family} is left out: {reason}" in month.log


def test_families_left_out_are_named_with_the_reason_in_the_manifest(month):
    left_out = {
        family["name"]: family["reason"]
        for family in month.published.manifest()["families"]
        if family["status"] != "computed"
    }
    assert left_out == REASONS


def test_families_left_out_are_named_with_the_reason_in_the_report(month):
    page = month.published.read("report/index.html").decode()
    for family, reason in REASONS.items():
        title = family.replace("_", " ").capitalize()
        shown = reason.replace(NOT_ENABLED, "this deployment does not enable it")
        assert f"<strong>{title}</strong>, because {shown.rstrip('.')}" in page
        assert f"<dt>Not computed</dt><dd>{title}: {shown}</dd>" in page


def test_every_household_has_the_behavioural_segment_of_the_recomputation(month, expected):
    segments = expected.behavioral_segments()
    assert segments.nunique() == 4
    found = month.users("user_engagement")["behavioral_segment"]
    pd.testing.assert_series_equal(
        found, segments.sort_index(), check_names=False, check_index_type=False, check_dtype=False
    )
    published = month.by("data/behavioral_segment_summary.csv", "behavioral_segment")
    for segment, users in segments.value_counts().items():
        assert int(published[segment]["users"]) == users
        assert float(published[segment]["share"]) == pytest.approx(users / len(segments), abs=1e-6)


def test_revenue_and_users_by_revenue_segment_are_those_of_the_recomputation(month, expected):
    revenue = expected.revenue()
    published = month.by("data/revenue_segment_summary.csv", "revenue_segment")
    everybody = published.pop("All users")
    assert int(everybody["users"]) == len(revenue) == 2_469
    assert round(float(everybody["revenue"]) * 100) == revenue["cents"].sum()
    for segment, row in published.items():
        own = revenue.loc[revenue["segment"] == segment, "cents"]
        assert (int(row["users"]), round(float(row["revenue"] or 0) * 100)) == (len(own), own.sum()), segment
    assert published["free_user"]["users"] == "0", "every household has bought something"


@pytest.mark.parametrize("day", [1, 3, 7, 14, 30, 60])
def test_install_cohorts_together_have_the_retention_of_the_recomputation(month, expected, day):
    rows = [row for row in month.published.rows("data/retention_cohorts.csv") if row["day"] == str(day)]
    matured, retained = (
        sum(int(row[name] or 0) for row in rows) for name in ("matured_users", "retained_users")
    )
    assert (matured, retained) == expected.retained(day)
    assert 0 < retained < matured


def test_every_household_s_first_week_and_return_are_those_of_the_recomputation(month, expected):
    weeks = expected.first_weeks().sort_index()
    found = month.users("dim_user_early_engagement")
    assert list(found.index) == list(weeks.index)
    for column in weeks.columns:
        assert found[column].tolist() == weeks[column].tolist(), column
    assert 0 < weeks["is_retained_4_weeks"].mean() < 1
    assert all(weeks[f"cnt_{event}_events_f7d"].sum() > 0 for event in EVENTS)


@pytest.mark.parametrize("event", EVENTS)
def test_first_week_usage_and_what_share_of_its_users_stays_are_those_of_the_recomputation(
    month, expected, event
):
    weeks = expected.first_weeks()
    used, stayed = weeks[f"cnt_{event}_events_f7d"] > 0, weeks["is_retained_4_weeks"]
    row = month.by("data/first_week_usage.csv", "event_name")[event]
    assert int(row["users"]) == len(weeks)
    assert float(row["usage_pct"]) == pytest.approx(100 * used.mean(), abs=1e-3)
    for name, share in (("used", stayed[used].mean()), ("not_used", stayed[~used].mean())):
        published = row[f"retained_if_{name}_pct"]
        assert not published or float(published) == pytest.approx(100 * share, abs=1e-3)


def test_the_published_share_that_stays_is_that_of_the_recomputation(month, expected):
    stayed = expected.first_weeks()["is_retained_4_weeks"]
    (row,) = [
        row
        for row in month.published.rows("data/statistics.csv")
        if row["metric"] == "retained_4_weeks" and not row["segment"]
    ]
    assert int(row["n"]) == len(stayed)
    assert float(row["estimate"]) == pytest.approx(stayed.mean(), abs=1e-6)
    assert float(row["ci_low"]) < stayed.mean() < float(row["ci_high"])
