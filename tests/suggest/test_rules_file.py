"""The proposed `rules.yml`: only proposed rules change, and nothing that is in the file is lost."""

import os
from datetime import date
from pathlib import Path

import pytest
import yaml

from include.tidemark.errors import SettingsError
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.rules import load_rules
from include.tidemark.settings import Settings
from include.tidemark.suggest import rules_file
from include.tidemark.suggest.finders import Threshold

TODAY = load_rules(environ={})
DAY = date(2026, 6, 1)
FOLDER = PROJECT_ROOT / "config"
CHANGES = {
    "budget_max_avg_monthly_spend": Threshold(89, "45 % spend less."),
    "declining_max_spend_change_pct": Threshold(-12, "3 % fell so far."),
    "high_value_min_avg_monthly_spend": Threshold(0.85, "70 % spend less."),
}
VALUES = {name: change.value for name, change in CHANGES.items()}


def changed(text: str) -> str:
    return rules_file.changed_text(text, CHANGES, TODAY, DAY, FOLDER)


def test_a_new_file_holds_the_proposed_rules_alone_each_with_its_reason_and_the_value_before():
    lines = changed("").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../include/tidemark/config/schemas/rules.schema.json"
    assert lines[1].startswith("# The rules of this deployment.")
    assert lines[2:5] == [
        "",
        "# suggest-rules as of 2026-06-01: 45 % spend less. Before: 1500.",
        "budget_max_avg_monthly_spend: 89",
    ]
    assert yaml.safe_load(changed("")) == VALUES


OWN = """\
# Ours.
business_timezone: Europe/Berlin  # Vienna is the same
category_groups: {Food: necessities}

# asked the boss
budget_max_avg_monthly_spend:   1000   # in euros

journey_stages:
  - {stage: first, event: a, count: 1}
# the end
"""


def test_other_rules_and_all_comments_stay_where_they_are():
    text = changed(OWN)
    assert yaml.safe_load(text) == yaml.safe_load(OWN) | VALUES
    lines = text.splitlines()
    at = lines.index("budget_max_avg_monthly_spend:   89   # in euros")
    assert lines[at - 2 : at] == [
        "# asked the boss",
        "# suggest-rules as of 2026-06-01: 45 % spend less. Before: 1500.",
    ]
    ours = [line for line in lines if "suggest-rules" not in line and line.partition(":")[0] not in VALUES]
    assert [line for line in ours if line] == [
        line for line in OWN.splitlines() if line and not line.startswith("budget_max")
    ]


def test_a_second_proposal_replaces_the_comments_of_the_first():
    text = changed(changed(OWN))
    assert text == changed(OWN)
    assert text.count("suggest-rules as of") == len(CHANGES)


def test_line_ends_of_windows_stay():
    text = changed(OWN.replace("\n", "\r\n"))
    assert text.replace("\r\n", "") == changed(OWN).replace("\n", "")


@pytest.mark.parametrize(
    "text", ["# nothing yet\n", "business_timezone: UTC", "---\nbusiness_timezone: UTC\n"]
)
def test_comments_alone_a_missing_last_line_end_and_a_document_mark_are_no_obstacle(text):
    assert yaml.safe_load(changed(text)) == (yaml.safe_load(text) or {}) | VALUES
    assert changed(text).startswith(text)


@pytest.mark.parametrize(
    "text",
    [
        "{business_timezone: UTC, budget_max_avg_monthly_spend: 5}\n",
        "lookback_days: &n 5\nbudget_max_avg_monthly_spend: *n\n",
        "business_timezone: UTC\n...\n",
    ],
)
def test_a_file_whose_lines_can_not_be_changed_is_left_alone_with_a_sentence(text):
    with pytest.raises(SettingsError, match="can't be changed line by line"):
        changed(text)


def test_nothing_to_change_changes_nothing():
    assert rules_file.changed_text(OWN, {}, TODAY, DAY, FOLDER) == OWN


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config").mkdir()
    return Settings(config_dir=tmp_path / "config")


def test_the_file_is_replaced_as_a_whole_and_keeps_its_permissions(settings):
    file = settings.config_dir / "rules.yml"
    file.write_text(OWN)
    file.chmod(0o640)
    rules_file.refuse_unwritable(settings)
    assert rules_file.write_rules(settings, changed(rules_file.current_text(settings))) == file
    assert file.read_text() == changed(OWN)
    assert file.stat().st_mode & 0o777 == 0o640
    assert [f.name for f in settings.config_dir.iterdir()] == ["rules.yml"]
    assert load_rules(file, environ={}).high_value_min_avg_monthly_spend == 0.85


def test_a_write_that_fails_leaves_the_file_as_it_was(settings, monkeypatch):
    file = settings.config_dir / "rules.yml"
    file.write_text(OWN)

    def full(self, target):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SettingsError, match="No space left on device"):
        rules_file.write_rules(settings, "new")
    assert file.read_text() == OWN
    assert len(list(settings.config_dir.iterdir())) == 1


def test_a_proposal_is_not_written_where_rules_are_read_from_elsewhere(settings, tmp_path):
    elsewhere = settings.model_copy(update={"rules_file": tmp_path / "mine.yml"})
    with pytest.raises(SettingsError, match="TIDEMARK_RULES_FILE names .*mine.yml"):
        rules_file.refuse_unwritable(elsewhere)
    (tmp_path / "mine.yml").write_text(OWN)
    assert rules_file.current_text(elsewhere) == OWN


def test_a_folder_that_is_not_there_is_said_before_the_work(settings, tmp_path):
    with pytest.raises(SettingsError, match="does not exist"):
        rules_file.refuse_unwritable(settings.model_copy(update={"config_dir": tmp_path / "no"}))


def test_a_folder_that_can_not_be_written_is_said_before_the_work(settings, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(SettingsError, match="can't be written"):
        rules_file.refuse_unwritable(settings)


def test_several_rules_that_stand_in_the_file_are_each_changed_in_their_place():
    text = changed("high_value_min_avg_monthly_spend: 12345 # a\nbudget_max_avg_monthly_spend: 2 # b\n")
    rules = [line for line in text.splitlines() if not line.startswith("#")]
    assert rules[:2] == ["high_value_min_avg_monthly_spend: 0.85 # a", "budget_max_avg_monthly_spend: 89 # b"]
