"""The segmentations of the project are files of the same kind as a deployment's, and what dbt takes of them
is made of them."""

from dataclasses import replace

import duckdb
import pytest
import yaml

from include.tidemark.documents.document import read_document
from include.tidemark.errors import SettingsError, TidemarkError
from include.tidemark.examination.segmentation import examine, file_of
from include.tidemark.families import known_families
from include.tidemark.paths import DBT_DIR
from include.tidemark.rules import load_rules
from include.tidemark.segmentations import definitions
from include.tidemark.segmentations.criteria import filled
from include.tidemark.segmentations.dbt_macros import MACROS, macros_text
from include.tidemark.segmentations.reading import load_segmentation
from include.tidemark.segmentations.shipped import (
    Shipped,
    shipped,
    shipped_document,
    shipped_names,
)
from include.tidemark.settings import Settings
from tests.segmentations.files import LOYALTY

RULES = load_rules(environ={})


def criteria(**rules):
    changed = RULES.model_copy(update=rules)
    of = shipped("customer_segments", changed)
    return {segment.name: filled(segment.criteria, changed, of.home.phrases) for segment in of.segments}


@pytest.mark.parametrize("name", shipped_names())
def test_a_file_of_the_project_passes_the_checks_of_every_file(name):
    read = load_segmentation(shipped_document(name, RULES), known_families(), Shipped)
    assert read == shipped(name, RULES)


def test_a_rule_that_nobody_has_is_refused_with_the_nearest_name():
    document = shipped_document("customer_segments", RULES)
    segments = [dict(segment) for segment in document.content["segments"]]
    segments[1]["when"] = "spend_change_pct <= rule.declining_max_spend_change"
    changed = replace(document, content=document.content | {"segments": segments})
    with pytest.raises(SettingsError, match=r"line \d+: .*did you mean 'declining_max_spend_change_pct'"):
        load_segmentation(changed, known_families(), Shipped)


def test_the_macros_of_dbt_are_those_of_the_files():
    assert MACROS.read_text(encoding="utf-8") == macros_text(), "run `make segments`"


def test_the_macros_read_every_rule_from_dbt_and_hold_no_value_of_one():
    text = macros_text()
    for of in (shipped(name, RULES) for name in shipped_names()):
        for rule, value in of.rules_in(
            " and ".join(f"({each.when})" for each in of.segments if each.when)
        ).items():
            macro = "rule_flag" if isinstance(value, bool) else "rule_number"
            assert f'{macro}("{rule}")' in text
    assert "0.908" not in text


def said_of(model):
    """What dbt says of a model."""
    (file,) = (DBT_DIR / "models").rglob(f"{model}.yml")
    (said,) = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    return said


def accepted(model):
    """The names that dbt accepts in the columns of a model."""
    return {
        column["name"]: test["accepted_values"]["arguments"]["values"]
        for column in said_of(model)["columns"]
        for test in column.get("data_tests", [])
        if isinstance(test, dict) and "accepted_values" in test
    }


def unique_columns(model):
    """The columns that tell the rows of a model apart."""
    said = said_of(model)
    for column in said["columns"]:
        if any("unique" in test for test in column.get("data_tests", [])):
            return [column["name"]]
    (columns,) = [
        test["unique_combination"]["arguments"]["columns"]
        for test in said["data_tests"]
        if "unique_combination" in test
    ]
    return columns


@pytest.mark.parametrize("name", shipped_names())
def test_the_names_that_dbt_accepts_are_those_of_the_file(name):
    of = shipped(name)
    assert accepted(of.home.model)[of.home.segment] == list(of.names)


def test_the_sizes_of_users_over_all_their_weeks_are_those_of_single_weeks():
    assert accepted("fee_segment_cells")["segment"] == list(shipped("trade_sizes").names)


@pytest.mark.parametrize("name", shipped_names())
def test_a_row_of_the_model_is_a_person_or_a_period_of_theirs(name):
    home = shipped(name).home
    assert unique_columns(home.model) == [home.person, *([home.period] if home.period else [])]


def test_the_names_that_dbt_accepts_in_movement_are_those_of_the_file():
    of = shipped("customer_segments")
    assert accepted("customer_segment_movement") == {
        "from_segment": [*of.names, of.joined],
        "to_segment": [*of.names, of.left],
    }


@pytest.mark.parametrize("name", [name for name in shipped_names() if name != "customer_segments"])
def test_a_segmentation_by_numbers_that_are_no_features_can_t_be_tried_on_a_month(name, tmp_path):
    settings = Settings(duckdb_path=tmp_path / "none.duckdb", config_dir=tmp_path)
    with pytest.raises(TidemarkError, match="numbers that are no features"):
        examine(settings, file_of(settings, name))


def test_a_number_of_the_model_stands_for_the_feature_of_its_name():
    families = {feature.name: feature.family for feature in shipped("planner_segments", RULES).features}
    assert families == {"user_type": "planners", "days_since_last_activity": None}


def test_the_criteria_are_said_with_the_numbers_of_the_rules():
    said = criteria(high_value_min_avg_monthly_spend=1234.5, declining_max_spend_change_pct=-12.5)
    assert said["High-Value Travelers"] == (
        "Average monthly spend of $1,234.50 or more, and at least 25% of all purchases so far is travel."
    )
    assert said["Declining"].startswith("Spend in the last 90 days fell by 12.5% or more against")
    assert said["New & Growing"].endswith("spend in the last 90 and none in the 90 days before.")


def test_the_criteria_follow_the_rules_that_choose():
    said = criteria(category_share_basis="window", new_without_prior_is_growing=False)
    assert "of the purchases of the last 90 days is necessities" in said["Budget-Conscious"]
    assert said["New & Growing"].endswith("above that of the 90 days before.")


@pytest.mark.parametrize(
    ("rule", "limit", "message"),
    [("top: 25", "rule.tip", "did you mean 'top'"), ("top: 2.5", "rule.top", "no whole number of 1 or more")],
)
def test_a_limit_that_is_a_rule_has_to_be_a_count(tmp_path, rule, limit, message):
    text = LOYALTY.replace("limit: 25", f"limit: {limit}").replace("rules: {", f"rules: {{{rule}, ")
    file = tmp_path / "loyalty.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        load_segmentation(read_document(file), known_families())


def test_the_limit_of_an_audience_may_be_a_rule(tmp_path):
    text = LOYALTY.replace("limit: 25", "limit: rule.top").replace("rules: {", "rules: {top: 25, ")
    file = tmp_path / "loyalty.yml"
    file.write_text(text, encoding="utf-8")
    read = load_segmentation(read_document(file), known_families())
    assert read.limit_of(read.audiences[0]) == 25


def test_a_percentile_is_said_as_an_ordinal_of_those_whom_the_rule_compares():
    changed = RULES.model_copy(
        update={"high_engagement_percentile": 0.925, "engagement_percentile_users": "active"}
    )
    of = shipped("behavioral_segments", changed)
    assert filled(of.segments[0].criteria, changed, of.home.phrases).endswith(
        "a score at or above the 92.5th percentile of the users who have not churned."
    )


def test_the_states_of_a_planner_are_said_with_the_days_that_belong_to_them():
    changed = RULES.model_copy(update={"planner_active_max_days": 13, "planner_churned_after_days": 60})
    of = shipped("planner_segments", changed)
    assert list(definitions.criteria(of, changed).items()) == [
        ("Active Planner", "A planner whose last activity is at most 13 days before the as-of date."),
        ("At-Risk Planner", "A planner whose last activity is 14 to 60 days before it."),
        ("Churned Planner", "A planner without activity for more than 60 days."),
        ("Passenger", "A user who has met none of the criteria."),
    ]


@pytest.mark.parametrize(
    ("cents", "size"),
    [
        (9_999, "micro"), (10_000, "small"), (99_999, "small"), (100_000, "medium"), (999_999, "medium"),
        (1_000_000, "large"), (10_000_000, "large"), (10_000_001, "whale"),
    ],
)  # fmt: skip
def test_the_gate_decides_a_size_as_the_file_says(cents, size):
    decided = shipped("trade_sizes", RULES).decided
    assert duckdb.sql(f"select {decided} from (select {cents} as size_cents)").fetchall() == [(size,)]
