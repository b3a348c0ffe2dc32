"""The list of events: what it may hold, and what its columns are called."""

from pathlib import Path

import pytest

from include.tidemark.errors import SettingsError
from include.tidemark.families.early_engagement.features import column_slug, features_of
from include.tidemark.rules import load_rules


def rules_with(tmp_path: Path, text: str):
    file = tmp_path / "rules.yml"
    file.write_text(text, encoding="utf-8")
    return load_rules(file, environ={})


def test_a_list_of_any_spelling_gives_columns(tmp_path):
    rules = rules_with(tmp_path, 'early_engagement_events: [Log In to App, "kid\'s mode", add_item]')
    assert [feature.name for feature in features_of(rules.early_engagement_events)] == [
        "has_log_in_to_app_f7d",
        "cnt_days_log_in_to_app_f7d",
        "cnt_log_in_to_app_events_f7d",
        "has_kid_s_mode_f7d",
        "cnt_days_kid_s_mode_f7d",
        "cnt_kid_s_mode_events_f7d",
        "has_add_item_f7d",
        "cnt_days_add_item_f7d",
        "cnt_add_item_events_f7d",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("early_engagement_events: []", "at least 1 item"),
        ("early_engagement_events: [1st]", "must start with a letter"),
        ("early_engagement_events: ['!!']", "must start with a letter"),
        (f"early_engagement_events: [{'x' * 61}]", "at most 60 characters"),
        ("early_engagement_events: [log in, Log-In]", "share the column 'has_log_in_f7d'"),
        ("early_engagement_events: [days_x, x_events]", "share the column 'cnt_days_x_events_f7d'"),
        ('early_engagement_events: ["back\\\\slash"]', "early_engagement_events"),
        ("early_engagement_events: [7]", "early_engagement_events"),
        (f"early_engagement_events: [{', '.join(f'e{n}' for n in range(31))}]", "at most 30 items"),
        ("early_engagement_return_days: 0", "greater than or equal to 1"),
        ("early_engagement_return_days: 29", "less than or equal to 28"),
        ("early_engagement_impact_threshold: 0.9", "greater than or equal to 1"),
        ("early_engagement_max_cells: 10", "greater than or equal to 1000"),
    ],
)
def test_a_rule_that_can_not_be_used_is_refused_in_a_sentence(tmp_path, text, sentence):
    with pytest.raises(SettingsError, match=sentence):
        rules_with(tmp_path, text)


def test_letters_beyond_ascii_become_underscores():
    assert column_slug("Café (öffnen)") == "caf_ffnen"
