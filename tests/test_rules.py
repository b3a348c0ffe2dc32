"""Rules: one place for values, typed overrides, one sentence for a mistake."""

import re
from pathlib import Path

import pytest
import yaml

from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.errors import SettingsError
from include.tidemark.paths import DBT_PROJECT_FILE, PROJECT_ROOT
from include.tidemark.rules import ENVIRONMENT_RULES, Rules, load_rules


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "rules.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_dbt_project_declares_exactly_the_rules_that_are_typed():
    declared = yaml.safe_load(DBT_PROJECT_FILE.read_text(encoding="utf-8"))["vars"]
    assert set(declared) == set(Rules.model_fields)


def test_without_a_rules_file_the_values_are_those_of_the_dbt_project():
    declared = yaml.safe_load(DBT_PROJECT_FILE.read_text(encoding="utf-8"))["vars"]
    assert load_rules(None, environ={}).model_dump() == declared


def test_the_page_on_deployment_lists_every_rule_that_an_environment_variable_sets_with_its_default():
    text = (PROJECT_ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| ([\d.]+) \|$", text, flags=re.MULTILINE))
    rules = load_rules(None, environ={})
    assert listed == {name.upper(): str(getattr(rules, name)) for name in ENVIRONMENT_RULES}


def test_a_rules_file_overrides_only_what_it_names(tmp_path):
    rules = load_rules(write(tmp_path, "high_value_min_travel_pct: 12.5\n"), environ={})
    assert rules.high_value_min_travel_pct == 12.5
    assert rules.model_copy(update={"high_value_min_travel_pct": 25}) == load_rules(None, environ={})


def test_the_seed_environment_variable_overrides_the_rules_file(tmp_path):
    file = write(tmp_path, "segmentation_minimum_sample_size: 40\n")
    assert (
        load_rules(file, environ={"SEGMENTATION_MINIMUM_SAMPLE_SIZE": "50"}).segmentation_minimum_sample_size
        == 50
    )


def test_an_empty_environment_variable_overrides_nothing():
    assert (
        load_rules(None, environ={"SEGMENTATION_MINIMUM_SAMPLE_SIZE": ""}).segmentation_minimum_sample_size
        == 30
    )


def test_an_unknown_rule_is_refused_with_the_nearest_name(tmp_path):
    file = write(tmp_path, "high_value_min_travel_percent: 25\n")
    with pytest.raises(
        SettingsError, match="line 1: unknown rule .*did you mean 'high_value_min_travel_pct'"
    ):
        load_rules(file, environ={})


@pytest.mark.parametrize(
    "line",
    [
        "high_value_min_travel_pct: '25'",
        "high_value_min_travel_pct: 101",
        "high_value_min_travel_pct: .nan",
        "declining_max_spend_change_pct: 30",
        "new_growing_max_tenure_months: 6.5",
        "new_without_prior_is_growing: 1",
        "category_share_basis: monthly",
        "category_groups: {FUEL: trips}",
        "business_timezone: Mars/Olympus",
        "audience_budget_limit: 0",
        "segmentation_minimum_sample_size: null",
    ],
)
def test_a_value_of_the_wrong_type_or_range_is_one_sentence_with_rule_and_file(tmp_path, line):
    file = write(tmp_path, line + "\n")
    name = line.split(":")[0]
    with pytest.raises(
        SettingsError, match=f"Rule '{name}' from {re.escape(str(file))}, line 1 can't be used"
    ) as caught:
        load_rules(file, environ={})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["- a list\n", "just text\n", "a: [unclosed\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    file = write(tmp_path, text)
    with pytest.raises(SettingsError, match=re.escape(str(file))) as caught:
        load_rules(file, environ={})
    assert "\n" not in str(caught.value)


def test_a_value_within_a_rule_is_named_by_its_own_line(tmp_path):
    file = write(tmp_path, "# ours\ncategory_groups:\n  GAS: necessities\n  FUEL: trips\n")
    with pytest.raises(
        SettingsError, match=r"Rule 'category_groups' from .*, line 4 can't be used: .*\(found 'trips'\)"
    ):
        load_rules(file, environ={})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("category_share_basis: windw\n", "line 1 can't be used: .*; did you mean 'window'?"),
        ("category_groups: {A: travle}\n", "line 1 can't be used: .*; did you mean 'travel'?"),
        ("planner_events:\n  prompts: [a]\n", "line 2 can't be used: .*; did you mean 'prompt'?"),
        ("journey_stages:\n- {stage: a, evnt: b, count: 1}\n", "line 2: 'journey_stages.0.evnt' is not known; did you mean 'event'?"),
    ],
)  # fmt: skip
def test_an_unknown_choice_or_key_within_a_rule_is_refused_with_the_nearest(tmp_path, text, sentence):
    with pytest.raises(SettingsError, match=re.escape(sentence).replace(r"\.\*", ".*")):
        load_rules(write(tmp_path, text), environ={})


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("engagement_recency_weight", 0.9),
        ("moderate_engagement_percentile", 0.99),
        ("retention_days", [7, 1]),
        ("planner_churned_after_days", 0),
        ("trade_size_small_min_usd", 1e9),
        ("fee_engagement_high_min_swaps", 1),
        ("early_engagement_events", ["1st"]),
    ],
)
def test_rules_that_contradict_each_other_are_named_by_the_line_of_the_one_that_the_file_says(
    tmp_path, rule, value
):
    file = write(tmp_path, f"lookback_days: 3\n{rule}: {value}\n")
    with pytest.raises(
        SettingsError, match=rf"rules\.yml, line 2: The rules can't be used: .*{rule}"
    ) as caught:
        load_rules(file, environ={})
    assert ".." not in str(caught.value).replace(str(file), "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lookback_days: 3\nlookback_days: 4\n", "line 2: the key 'lookback_days' stands here a second time"),
        (
            "category_groups: {5411: necessities}\n",
            "line 1: YAML reads the key 5411 as a number; write it in quotes",
        ),
    ],
)
def test_what_yaml_would_take_in_silence_is_refused(tmp_path, text, sentence):
    with pytest.raises(SettingsError, match=sentence):
        load_rules(write(tmp_path, text), environ={})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.yml can't be read"):
        load_rules(tmp_path / "nowhere.yml", environ={})


def test_an_empty_rules_file_changes_nothing(tmp_path):
    assert load_rules(write(tmp_path, ""), environ={}) == load_rules(None, environ={})


def test_the_digest_changes_with_any_rule_and_not_with_their_order(tmp_path):
    default = load_rules(None, environ={})
    assert default.digest() != default.model_copy(update={"segment_min_share_pct": 4}).digest()
    one = load_rules(write(tmp_path, "category_groups: {A: travel, B: other}\n"), environ={})
    other = load_rules(write(tmp_path, "category_groups: {B: other, A: travel}\n"), environ={})
    assert one.digest() == other.digest()


def test_the_demo_rules_are_valid_and_divide_the_money_thresholds_by_ten():
    demo, default = load_rules(COMPLETE_JOURNEY.rules_file, environ={}), load_rules(None, environ={})
    for name in (
        "high_value_min_avg_monthly_spend",
        "declining_min_prior_spend",
        "budget_max_avg_monthly_spend",
    ):
        assert getattr(demo, name) * 10 == getattr(default, name)
    assert demo.category_groups["FUEL"] == demo.category_groups["TRAVEL & LEISURE"] == "travel"
