"""A deployment that enables more families later: their first month has nothing to compare with, and goes
through."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.tidemark.demo.synthetic.dataset import FAMILIES
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse

from .conftest import synthetic_deployment

USERS = 1_500
FROM_THE_START = "planners"
STARTED = datetime(2026, 7, 1, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[Path]]:
    """Two published months: one with a single family, then one with all of them."""
    root = tmp_path_factory.mktemp("enabled_later")
    settings = synthetic_deployment(root, USERS)
    folders = []
    for as_of, families in (("2026-06-01", (FROM_THE_START,)), ("2026-07-01", FAMILIES)):
        enabled = settings.model_copy(update={"families": families})
        run, _ = run_in_order(enabled, {"as_of_date": as_of, "n_resamples": 1_000}, STARTED)
        folders.append(root / "artifacts" / f"as_of={as_of}" / f"run={run.run_key}")
    return settings, folders


def test_a_family_s_first_month_is_published_beside_one_that_was_there_before(months):
    settings, folders = months
    with open_warehouse(settings) as warehouse:
        dates = warehouse.fetch("select as_of_date from control.publications order by publication_id")
    assert [str(row["as_of_date"]) for row in dates] == ["2026-06-01", "2026-07-01"]
    earlier, manifest = (json.loads((folder / "manifest.json").read_text()) for folder in folders)
    assert manifest["compared_with"]["previous"]["run_key"] == earlier["run_key"]
    previous = {family["name"]: family["previous"] for family in manifest["families"]}
    assert previous == dict.fromkeys(FAMILIES) | {FROM_THE_START: manifest["compared_with"]["previous"]}


@pytest.mark.parametrize(
    ("suite", "checks"),
    [
        ("models.distribution", {"segment_drift_psi", "volume_drop_pct"}),
        ("models.engagement_distribution", {"behavioral_drift_psi", "volume_drop_pct"}),
        ("models.early_engagement_volume", {"volume_drop_pct"}),
        ("models.fee_tiers_user_weeks", {"volume_drop_pct"}),
    ],
)
def test_what_needs_an_earlier_month_of_the_family_is_noted_without_a_value(months, suite, checks):
    _, folders = months
    gate = json.loads((folders[1] / "manifest.json").read_text())["gate"]["results"]
    compared = {row["expectation"]: row for row in gate if row["suite"] == suite}
    found = {name: row for name, row in compared.items() if row["message"].startswith("Not evaluated")}
    assert set(found) == checks
    assert all(
        row["success"] and row["severity"] == "info" and row["observed"] is None for row in found.values()
    )


def test_the_family_that_was_there_before_is_compared_with_its_month(months):
    _, folders = months
    gate = json.loads((folders[1] / "manifest.json").read_text())["gate"]["results"]
    rows = {row["expectation"]: row for row in gate if row["suite"] == "models.planners_distribution"}
    levels = ("warning", "critical")
    for check in ("user_type_drift_psi", "volume_drop_pct"):
        assert all(rows[f"{check}_{level}"]["observed"] is not None for level in levels)
        assert all("2026-06-01" in rows[f"{check}_{level}"]["message"] for level in levels)


def test_nobody_moves_in_a_first_month_and_movement_and_backtest_say_why(months):
    settings, folders = months
    with open_warehouse(settings) as warehouse:
        assert warehouse.fetch("select * from runs.customer_segment_movement") == []
    for table in ("segment_movement", "segment_backtest"):
        with (folders[1] / f"data/{table}.csv").open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        assert {row["reason"] for row in rows} == {"no_earlier_publication"}, table
        assert {row["customers"] for row in rows} == {""}, table


def test_the_report_says_which_family_is_compared_with_what(months):
    _, folders = months
    report = (folders[1] / "report/index.html").read_text(encoding="utf-8")
    assert "Planners: 1 June 2026, run" in report
    for title in ("Customer segments", "Engagement", "Early engagement", "Fee tiers"):
        assert f"{title}: nothing: no earlier month is published" in report
