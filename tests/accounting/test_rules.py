"""The limits of the row account as rules."""

from datetime import UTC, datetime

import pytest

from include.tidemark.accounting.account import accounts_by_table
from include.tidemark.accounting.reasons import known_reasons
from include.tidemark.config.folder import load_config
from include.tidemark.doctor.deployment import look_at_folder
from include.tidemark.doctor.examination import Examination
from include.tidemark.errors import SettingsError
from include.tidemark.families import known_families
from include.tidemark.rules import load_rules
from include.tidemark.settings import Settings


@pytest.fixture
def limits(tmp_path):
    def load(text: str):
        file = tmp_path / "rules.yml"
        file.write_text(f"row_account_limits:\n  {text}\n", encoding="utf-8")
        return load_rules(file, environ={}).row_account_limits

    return load


def test_a_rules_file_names_only_the_reasons_that_it_changes(limits):
    shipped = load_rules(environ={}).row_account_limits
    found = limits("not_posted: {warning_pct: 70, critical_pct: 80}")
    assert (found["not_posted"].warning_pct, found["not_posted"].critical_pct) == (70, 80)
    assert {name: found[name] for name in found if name != "not_posted"} == {
        name: shipped[name] for name in shipped if name != "not_posted"
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not_posted: {warning_pct: 80, critical_pct: 70}", "warning_pct is above critical_pct"),
        ("not_posted: {warning_pct: 80}", "critical_pct"),
        ("not_posted: {warning_pct: -1, critical_pct: 70}", "greater than or equal to 0"),
        ("not_posted: 5", "line 2 can't be used"),
        ("Not Posted!: {warning_pct: 1, critical_pct: 2}", "row_account_limits"),
    ],
)
def test_a_limit_that_can_not_be_used_is_one_sentence(limits, text, words):
    with pytest.raises(SettingsError, match=words):
        limits(text)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("not_postd", "did you mean 'not_posted'?"),
        ("outside_windows", "did you mean 'outside_window'?"),
        ("source_filters", "did you mean 'source_filter'?"),
        ("zzz", "known are before_first_event,"),
    ],
)
def test_a_limit_for_a_reason_that_nobody_has_is_refused_with_its_line_and_the_nearest_one(
    tmp_path, reason, words
):
    text = f"lookback_days: 3\nrow_account_limits:\n  {reason}: {{warning_pct: 1, critical_pct: 2}}\n"
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    settings = Settings(config_dir=tmp_path)
    examination = Examination(datetime(2026, 11, 1, tzinfo=UTC))
    examination.settings = settings
    with pytest.raises(SettingsError, match=r"rules\.yml, line 3: no row is ever left out") as refused:
        load_config(settings, {})
    assert words in str(refused.value) and f"'{reason}'" in str(refused.value)
    (finding,) = [each for each in look_at_folder(examination) if each.state == "wrong"]
    assert words in (finding.found + finding.action).lower()


def test_a_limit_may_be_given_for_the_reason_of_a_family_that_is_not_enabled(tmp_path):
    text = "row_account_limits: {outside_fee_weeks: {warning_pct: 1, critical_pct: 2}}\n"
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    settings = Settings(config_dir=tmp_path, families=("planners",))
    assert "outside_fee_weeks" in load_config(settings, {}).rules.row_account_limits


def test_every_family_accounts_for_each_of_its_sources_and_every_reason_has_a_limit(world):
    run = world.run.model_copy(update={"families": tuple(known_families())})
    accounts = accounts_by_table(run)
    for name, family in known_families().items():
        assert {table for table, families in accounts.items() if name in families} == set(family.all_sources)
    reasons = {
        line.reason
        for families in accounts.values()
        for account in families.values()
        for line in account.lines
        if line.kind == "left_out"
    }
    assert set(run.rules.row_account_limits) == reasons | {"repeated", "source_filter", "erased"}
    assert known_reasons(run.rules) == reasons | {"repeated", "source_filter", "erased", "not_in_facts"}
    for families in accounts.values():
        for account in families.values():
            assert account.lines[-1].condition == "true"
