"""The files keep the names and the order of the columns that their readers were promised; what was added
stands at the end."""

from pathlib import Path

import pytest

from tests.families.conftest import PublishedRun

PROMISED = dict(
    line.split(":")
    for line in Path(__file__).with_name("promised_columns.txt").read_text("utf-8").split("\n")
    if line
)
ENDS = {
    **dict.fromkeys(
        ("retention_by_fee", "acquisition_by_period", "segment_metrics", "ltv_by_fee", "retention_drivers"),
        "n,trust,reason,as_of_date,run_key",
    ),
    "user_cohorts": "as_of_date,run_key",
    "user_segmentation_summary": "n,trust,reason",
    **dict.fromkeys(
        ("behavioral_segment_summary", "revenue_segment_summary", "journey_funnel_analysis", "planner_ratios"), "n"
    ),
    "retention_cohorts": "n,followed_users,is_burn_in",
}  # fmt: skip
NUMBERS = {
    # File: the metric that n, trust and reason speak of; the columns that its segment and horizon are named
    # by.
    "retention_by_fee": ("retention_in_window", "{acquisition_fee_bps} bps", "week {k}"),
    "ltv_by_fee": ("ltv_mean", "{acquisition_fee_bps} bps", None),
    "segment_metrics": ("volume_share", "{segment}", "{period_id}"),
    "acquisition_by_period": ("new_share", "", "{period_id}"),
    "retention_drivers": ("odds_ratio", "{Feature}", "4w"),
    "user_segmentation_summary": ("planner_share", "", ""),
    "retention_cohorts": ("retention_in_window", "{cohort_date}", "{day}d"),
    "behavioral_segment_summary": ("mean_lifetime_revenue", "{behavioral_segment}", ""),
    "revenue_segment_summary": ("mean_lifetime_revenue", "{revenue_segment}", ""),
    "planner_ratios": ("ratio_{metric}", "Planner", ""),
}


@pytest.mark.parametrize("file", PROMISED)
def test_promised_columns_come_first_and_what_a_reader_needs_beside_them_last(
    synthetic_month: PublishedRun, file: str
) -> None:
    header = (synthetic_month.folder / file).read_text(encoding="utf-8").split("\n", 1)[0].split(",")
    promised = PROMISED[file].split(",")
    assert header[: len(promised)] == promised
    assert ",".join(header[len(promised) :]) == ENDS.get(Path(file).stem, "")


@pytest.mark.parametrize("name", NUMBERS)
def test_the_columns_at_the_end_are_those_of_the_row_s_primary_number(
    synthetic_month: PublishedRun, name: str
) -> None:
    metric, segment, horizon = NUMBERS[name]
    primary = [row for row in synthetic_month.rows("data/statistics.csv") if row["is_primary"] == "true"]
    found = {(row["metric"], row["segment"], row["horizon"]): row for row in primary}
    rows = synthetic_month.rows(f"data/{name}.csv")
    assert rows
    for row in rows:
        told = (
            f"{int(row['horizon_weeks'])}w at {100 * float(row['discount_rate']):.10g}%"
            if horizon is None
            else horizon.format(**row)
        )
        group = segment.format(**row)
        statistic = found[metric.format(**row), "" if group == "All users" else group, told]
        assert [row[end] for end in ("n", "trust", "reason")] == [
            statistic[end] for end in ("n", "trust", "reason")
        ]
        assert (row["as_of_date"], row["run_key"]) == (statistic["as_of_date"], statistic["run_key"])
