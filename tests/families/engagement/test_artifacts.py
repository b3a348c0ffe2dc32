"""The files: their columns, their numbers, hashed users, and the findings in one document."""

import csv
import itertools
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from include.tidemark.artifacts.dictionary import describe
from include.tidemark.artifacts.results import read_statistics
from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.families.engagement import artifacts, definitions
from include.tidemark.pipeline.discoveries import mark_discoveries
from include.tidemark.rules import load_rules
from include.tidemark.run import Run
from tests.families.engagement.world import USERS, World, users

FILES = {
    "data/retention_cohorts.csv",
    "data/retention_cohorts.parquet",
    "data/behavioral_segment_summary.csv",
    "data/revenue_segment_summary.csv",
    "data/user_journey_segments.csv",
    "data/user_journey_segments.parquet",
    "data/journey_funnel_analysis.csv",
    "data/segment_analysis_report.json",
}


@pytest.fixture
def exported(world: World) -> Path:
    target = world.folder / "out"
    with world.open() as warehouse:
        written = artifacts.export(
            world.run, warehouse, world.results(warehouse), user_ids(world.settings), target
        )
    assert {file.path for file in written} == FILES
    assert {str(f.relative_to(target)) for f in target.rglob("*") if f.is_file()} == FILES
    return target


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "data" / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_table_has_its_columns_in_order_and_every_column_is_described(exported: Path) -> None:
    for table in artifacts.TABLES.tables.values():
        header = (exported / f"{table.path}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
        assert header == ",".join(table.names)
        assert table.names[:2] == ("as_of_date", "run_key")
        assert [c.name for c in table.columns if not describe(table, c)] == []


def test_user_ids_are_hashed_and_names_stay_in_the_warehouse(exported: Path) -> None:
    rows = read(exported, "user_journey_segments.csv")
    assert len(rows) == USERS == len({row["user_id"] for row in rows})
    assert all(re.fullmatch("[0-9a-f]{32}", row["user_id"]) for row in rows)
    for file in exported.rglob("*.*"):
        content = file.read_bytes()
        assert (
            b"secret-user" not in content and b"example.org" not in content and "Zoë".encode() not in content
        )
    parquet = pq.read_table(exported / "data" / "user_journey_segments.parquet").to_pylist()
    assert [row["user_id"] for row in parquet] == [row["user_id"] for row in rows]


def test_the_users_file_holds_segments_and_journeys(exported: Path) -> None:
    rows = read(exported, "user_journey_segments.csv")
    made = users()
    for name in ("behavioral_segment", "revenue_segment", "furthest_stage"):
        assert sorted(row[name] for row in rows) == sorted(made[name])
    assert sum(int(row["days_to_furthest_stage"]) for row in rows) == sum(made["days_to_furthest_stage"])
    assert sum(float(row["lifetime_revenue"]) for row in rows) == pytest.approx(sum(made["lifetime_revenue"]))


def test_summaries_hold_every_segment_then_all_users(exported: Path, world: World) -> None:
    for kind, names in (
        ("behavioral_segment", definitions.BEHAVIORAL_SEGMENTS),
        ("revenue_segment", definitions.REVENUE_SEGMENTS),
    ):
        rows = read(exported, f"{kind}_summary.csv")
        assert [row[kind] for row in rows] == [*names, "All users"]
        assert sum(int(row["users"]) for row in rows[:-1]) == int(rows[-1]["users"]) == USERS
        assert sum(float(row["share"]) for row in rows[:-1]) == pytest.approx(1)
        for row in rows[:-1]:
            assert float(row["share_ci_low"]) < float(row["share"]) < float(row["share_ci_high"])
            assert (row["is_confident"] == "true") is (float(row["confidence"]) >= 0.85)
        assert rows[-1]["confidence"] == rows[-1]["share"] == ""
    whale, dolphin, minnow, free, everybody = read(exported, "revenue_segment_summary.csv")
    assert float(minnow["highest_revenue"]) < float(dolphin["lowest_revenue"])
    assert float(dolphin["highest_revenue"]) < float(whale["lowest_revenue"])
    assert float(free["highest_revenue"]) == 0 and free["mean_lifetime_revenue"] == ""
    assert float(whale["revenue_share"]) == pytest.approx(
        float(whale["revenue"]) / float(everybody["revenue"])
    )
    ((duration,),) = world.rows(
        "select avg(session_duration) from runs.user_engagement where behavioral_segment = 'churned'"
    )
    churned = read(exported, "behavioral_segment_summary.csv")[3]
    assert float(churned["mean_session_duration"]) == pytest.approx(duration)


def test_cohorts_hold_rates_revenue_and_significance_and_open_windows_are_empty(
    exported: Path, world: World
) -> None:
    rows = read(exported, "retention_cohorts.csv")
    counts = world.rows(
        "select cohort_date, day_number, user_count, matured_users, active_on_day, revenue_s1 from runs.install_cohort_retention"
        " order by all"
    )
    assert len(rows) == len(counts) == 48
    with world.open() as warehouse:
        level = mark_discoveries(world.run, warehouse).level
    for row, (cohort, day, n, matured, active, cents) in zip(rows, counts, strict=True):
        assert (row["cohort_date"], int(row["day"]), int(row["users"])) == (cohort.isoformat(), day, n)
        if not matured:
            assert (row["retention_rate"], row["retained_users"], row["revenue"]) == ("", "", "")
            assert row["reason"] == row["revenue_per_user_reason"] == "window_not_complete"
            continue
        assert float(row["retention_rate"]) == pytest.approx(active / matured)
        assert float(row["revenue"]) == pytest.approx(float(cents) / 100)
        assert float(row["revenue_per_user"]) == pytest.approx(float(cents) / 100 / matured, abs=0.005)
        if row["p_adjusted"]:
            assert (row["is_significant"] == "true") is (float(row["p_adjusted"]) <= level)
            assert float(row["p_adjusted"]) >= float(row["p_value"])
    assert {row["family_size"] for row in rows if row["p_value"] and row["day"] == "1"} == {"8"}


def test_significance_is_judged_by_the_threshold_of_the_rule(world: World) -> None:
    def judged(run: Run) -> tuple[float, dict[float, set[bool]]]:
        with world.open() as warehouse:
            level = mark_discoveries(run, warehouse).level
            rows = artifacts.funnel_rows(run, read_statistics(run, warehouse))
        found: dict[float, set[bool]] = {}
        for row in rows:
            if row["p_adjusted"] is not None:
                found.setdefault(row["p_adjusted"], set()).add(row["is_significant"])
        return level, found

    # Between the two thresholds. So few months have no p-value of their own.
    world.sql(
        "update runs.statistics set p_value = 0.06, p_adjusted = 0.06, family_size = 1, comparison_family = metric"
        " where metric = 'funnel_conversion_vs_rest'"
    )
    usual_level, usual = judged(world.run)
    rules = load_rules(environ={"SEGMENTATION_SIGNIFICANCE_THRESHOLD": "0.9"})
    level, other = judged(world.run.model_copy(update={"rules": rules}))

    assert usual == {p: {p <= usual_level} for p in usual}
    assert other == {p: {p <= level} for p in usual}
    assert usual != other, "the rule moves something"


def test_the_funnel_starts_with_all_users_and_lists_every_stage_of_every_group(
    exported: Path, world: World
) -> None:
    rows = read(exported, "journey_funnel_analysis.csv")
    stages = list(definitions.stage_names(world.run.rules))
    groups = [row["group"] for row in rows[:: len(stages)]]
    assert groups == ["All users", *sorted(groups[1:])] and len(groups) > 2
    assert [row["stage"] for row in rows] == stages * len(groups)
    ((start,),) = world.rows("select sum(user_count) from runs.journey_times where stage_number = 0")
    assert int(rows[0]["users"]) == start
    for before, row in itertools.pairwise(rows):
        if int(row["stage_number"]):
            assert int(row["users"]) <= int(before["users"])
            assert float(row["conversion_rate"]) == pytest.approx(int(row["users"]) / int(before["users"]))
            assert float(row["drop_off_rate"]) == pytest.approx(1 - float(row["conversion_rate"]))
    # Six other months are needed to say how months differ.
    assert len(groups) < 8 and not any(row["p_value"] for row in rows)


def test_the_report_document_says_what_the_files_say(exported: Path, world: World) -> None:
    text = (exported / "data" / "segment_analysis_report.json").read_text(encoding="utf-8")
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the document"))
    assert document["run_hash"] == "label_1" and document["run_key"] == world.run.run_key
    assert document["parameters"] == definitions.parameters(world.run.rules)
    assert document["users"] == USERS
    summary = read(exported, "behavioral_segment_summary.csv")
    for found, row in zip(document["behavioral_segments"], summary, strict=True):
        assert found["behavioral_segment"] == row["behavioral_segment"] and found["users"] == int(
            row["users"]
        )
        assert row["mean_engagement_score"] == "" or found["mean_engagement_score"] == pytest.approx(
            float(row["mean_engagement_score"])
        )
    cohorts = read(exported, "retention_cohorts.csv")
    significant = [
        (row["cohort_date"], int(row["day"])) for row in cohorts if row["is_significant"] == "true"
    ]
    retention = document["retention"]
    assert [(c["cohort_date"], c["day"]) for c in retention["significant_cohorts"]] == significant
    assert retention["cohorts"] == 8 and len(retention["overall"]) == 6
    assert retention["withheld"] == sum(row["retention_rate"] == "" for row in cohorts) > 0
    assert len(document["journey_funnel"]) == len(read(exported, "journey_funnel_analysis.csv"))


def test_definitions_say_the_criteria_with_the_runs_numbers(world: World) -> None:
    rules = world.run.rules.model_copy(update={"churn_days_threshold": 21, "whale_revenue_percentile": 0.9})
    said = definitions.definitions(world.run.model_copy(update={"rules": rules}))
    json.dumps(said)
    churned = next(s for s in said["behavioral_segments"] if s["segment"] == "churned")
    whale = next(s for s in said["revenue_segments"] if s["segment"] == "whale")
    assert "21 days" in churned["criteria"] and "90th percentile" in whale["criteria"]
    assert next(s["stage"] for s in said["journey"]["stages"]) == "first_session"
    assert said["parameters"]["CHURN_DAYS_THRESHOLD"] == 21


def test_the_same_run_gives_the_same_bytes(world: World, exported: Path) -> None:
    again = world.folder / "again"
    with world.open() as warehouse:
        artifacts.export(world.run, warehouse, world.results(warehouse), user_ids(world.settings), again)
    for file in FILES:
        assert (again / file).read_bytes() == (exported / file).read_bytes(), file
