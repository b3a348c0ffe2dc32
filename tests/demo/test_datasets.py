"""What the demo knows of its data sets, and what it says of a size that makes no sense."""

import os
import subprocess
import sys
from datetime import date

import pytest
import yaml

from include.tidemark.cli.ending import family_lines
from include.tidemark.demo import local
from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.demo.datasets import NAMES, dataset
from include.tidemark.demo.synthetic.truth import CATEGORIES, LAST_DAY
from include.tidemark.errors import SettingsError
from include.tidemark.paths import LOCAL_STATE, PROJECT_ROOT
from include.tidemark.rules import load_rules
from include.tidemark.settings import load_settings
from include.tidemark.sources.contract import source_tables
from include.tidemark.validation.sources import known_categories


@pytest.mark.parametrize("name", NAMES)
def test_four_months_are_run_and_none_after_the_data(name):
    data = dataset(name)
    assert data.name == name and len(data.as_of_dates) == 4
    assert all(day.day == 1 for day in data.as_of_dates)
    assert data.as_of_dates[-1] <= data.schedule_end


def test_logical_dates_are_a_month_before_the_as_of_dates():
    assert COMPLETE_JOURNEY.logical_dates == (date(2017, 9, 1), date(2017, 12, 1))
    assert dataset("synthetic").logical_dates == (date(2026, 3, 1), date(2026, 6, 1))


def test_the_last_month_sees_the_whole_synthetic_data():
    assert (dataset("synthetic").as_of_dates[-1] - LAST_DAY).days == 1


def test_every_size_of_the_synthetic_data_has_a_state_of_its_own():
    states = {
        dataset(name, users).state for name, users in ((NAMES[0], 5), (NAMES[1], 500), (NAMES[1], 20_000))
    }
    assert len(states) == 3 and all(state == LOCAL_STATE or state.parent == LOCAL_STATE for state in states)


def test_too_few_users_are_refused_with_a_sentence():
    with pytest.raises(SettingsError, match="USERS is 3; .* at least 100"):
        dataset("synthetic", 3)


def test_landing_files_that_stand_there_are_kept(tmp_path):
    data = dataset("synthetic", 200)
    assert set(data.write_landing_files(tmp_path)) == set(source_tables())
    before = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.parquet")}
    assert data.write_landing_files(tmp_path) == {}
    assert {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.parquet")} == before
    (tmp_path / "users.parquet").unlink()
    data.write_landing_files(tmp_path)
    assert (tmp_path / "users.parquet").exists()


@pytest.mark.parametrize("name", NAMES)
def test_settings_of_the_local_set_up_are_read_as_they_are_meant(tmp_path, monkeypatch, name):
    data = dataset(name)
    for variable, value in local.settings_environment(tmp_path, data).items():
        monkeypatch.setenv(variable, value)
    settings = load_settings()
    assert settings.families == data.families
    assert settings.config_dir == data.config_dir and settings.schedule_end == data.schedule_end
    assert settings.duckdb_path == tmp_path / "warehouse.duckdb"
    load_rules(data.rules_file, environ={})


def test_synthetic_rules_change_no_threshold_and_know_every_category():
    rules_file = dataset("synthetic").rules_file
    assert set(yaml.safe_load(rules_file.read_text())) == {"category_groups", "engagement_percentile_users"}
    planted = {name.upper() for names in CATEGORIES.values() for name in names}
    assert planted <= known_categories(load_rules(rules_file, environ={}))


def test_the_closing_words_name_each_further_family_and_why_one_is_missing():
    class Month:
        report_uri = "file:///report/index.html"

        def manifest(self):
            return {
                "families": [
                    {"name": "customer_segments", "status": "computed", "reason": None},
                    {"name": "engagement", "status": "computed", "reason": None},
                    {
                        "name": "fee_tiers",
                        "status": "skipped",
                        "reason": "the table fee_periods is neither mapped in sources.yml nor landed.",
                    },
                ]
            }

    assert family_lines(Month()) == [
        "  engagement: file:///report/index.html",
        "  fee_tiers: left out, the table fee_periods is neither mapped in sources.yml nor landed.",
    ]


def test_the_command_writes_landing_files_and_a_warehouse(tmp_path):
    command = [sys.executable, "-m", "include.tidemark.demo.synthetic", "--users", "150"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT)}
    out = subprocess.run(
        [*command, "--out", tmp_path / "landing", "--warehouse", tmp_path / "w.duckdb"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert out.count("150 users") == 2
    assert (tmp_path / "landing" / "events.parquet").exists() and (tmp_path / "w.duckdb").exists()
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and "--out, --warehouse or both" in refused.stderr
