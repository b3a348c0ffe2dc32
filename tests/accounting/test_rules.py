"""The limits of the row account as rules."""

import pytest

from include.tidemark.accounting.account import accounts_by_table
from include.tidemark.errors import SettingsError
from include.tidemark.families import known_families
from include.tidemark.rules import load_rules


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


def test_every_family_accounts_for_each_of_its_sources_and_every_shipped_limit_is_of_a_reason(world):
    run = world.run.model_copy(update={"families": tuple(known_families())})
    accounts = accounts_by_table(run)
    for name, family in known_families().items():
        assert {table for table, families in accounts.items() if name in families} == set(family.sources)
    reasons = {
        line.reason
        for families in accounts.values()
        for account in families.values()
        for line in account.lines
        if line.kind == "left_out"
    }
    assert set(run.rules.row_account_limits) <= reasons | {"repeated", "source_filter"}
    for families in accounts.values():
        for account in families.values():
            assert account.lines[-1].condition == "true"
