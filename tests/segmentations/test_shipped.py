"""The segmentations of the project are files of the same kind as a deployment's, and what dbt takes of them is made of them."""

from dataclasses import replace

import pytest
import yaml

from include.tidemark.documents.document import read_document
from include.tidemark.errors import SettingsError
from include.tidemark.families import known_families
from include.tidemark.paths import DBT_DIR
from include.tidemark.rules import load_rules
from include.tidemark.segmentations.criteria import filled
from include.tidemark.segmentations.dbt_macros import MACROS, macros_text
from include.tidemark.segmentations.reading import load_segmentation
from include.tidemark.segmentations.shipped import (
    Shipped,
    shipped,
    shipped_document,
    shipped_names,
)
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
    for name, value in shipped("customer_segments", RULES).rules.items():
        if "audience" not in name:
            macro = "rule_flag" if isinstance(value, bool) else "rule_number"
            assert f'{macro}("{name}")' in text
    assert "0.908" not in text


def test_the_names_that_dbt_accepts_are_those_of_the_file():
    folder = DBT_DIR / "models" / "customer_segments"
    of = shipped("customer_segments")
    accepted = {
        (file.stem, column["name"]): test["accepted_values"]["arguments"]["values"]
        for file in folder.glob("*.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])
        for column in model["columns"]
        for test in column.get("data_tests", [])
        if isinstance(test, dict) and "accepted_values" in test and column["name"].endswith("segment")
    }
    assert accepted == {
        ("customer_segments", "customer_segment"): list(of.names),
        ("customer_segment_movement", "from_segment"): [*of.names, of.joined],
        ("customer_segment_movement", "to_segment"): [*of.names, of.left],
    }


def test_the_criteria_are_said_with_the_numbers_of_the_rules():
    said = criteria(high_value_min_avg_monthly_spend=1234.5, declining_max_spend_change_pct=-12.5)
    assert said["High-Value Travelers"] == (
        "Average monthly spend of $1,234.50 or more, and at least 25% of all purchases so far is travel."
    )
    assert said["Declining"].startswith("Spend in the last 90 days fell by 12.5% or more against")
    assert said["New & Growing"].endswith(", or spend now where there was none before.")


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
