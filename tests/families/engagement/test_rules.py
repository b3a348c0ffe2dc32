"""The rules of the family: what the environment may override, and what contradicts itself."""

import pytest

from include.tidemark.errors import SettingsError
from include.tidemark.families.engagement.definitions import parameters
from include.tidemark.rules import ENVIRONMENT_RULES, load_rules

DEFAULTS = {
    "SEGMENTATION_MINIMUM_SAMPLE_SIZE": 30,
    "SEGMENTATION_SIGNIFICANCE_THRESHOLD": 0.05,
    "SEGMENTATION_CONFIDENCE_THRESHOLD": 0.85,
    "ENGAGEMENT_SESSION_FREQUENCY_WEIGHT": 0.3,
    "ENGAGEMENT_SESSION_DURATION_WEIGHT": 0.25,
    "ENGAGEMENT_EVENT_FREQUENCY_WEIGHT": 0.25,
    "ENGAGEMENT_RECENCY_WEIGHT": 0.2,
    "HIGH_ENGAGEMENT_PERCENTILE": 0.7,
    "MODERATE_ENGAGEMENT_PERCENTILE": 0.3,
    "WHALE_REVENUE_PERCENTILE": 0.95,
    "DOLPHIN_REVENUE_PERCENTILE": 0.8,
    "CHURN_DAYS_THRESHOLD": 14,
}


def test_the_twelve_variables_have_their_documented_defaults():
    assert parameters(load_rules(environ={})) == DEFAULTS
    assert {name.upper() for name in ENVIRONMENT_RULES} == set(DEFAULTS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SEGMENTATION_MINIMUM_SAMPLE_SIZE", "50"),
        ("SEGMENTATION_SIGNIFICANCE_THRESHOLD", "0.01"),
        ("SEGMENTATION_CONFIDENCE_THRESHOLD", "0.9"),
        ("HIGH_ENGAGEMENT_PERCENTILE", "0.8"),
        ("MODERATE_ENGAGEMENT_PERCENTILE", "0.5"),
        ("WHALE_REVENUE_PERCENTILE", "0.9"),
        ("DOLPHIN_REVENUE_PERCENTILE", "0.5"),
        ("CHURN_DAYS_THRESHOLD", "21"),
    ],
)
def test_a_variable_overrides_its_rule_and_no_other(name, text):
    found = parameters(load_rules(environ={name: text}))
    assert found == {**DEFAULTS, name: float(text)}


def test_the_weights_can_be_set_together():
    weights = {
        "ENGAGEMENT_SESSION_FREQUENCY_WEIGHT": "0.4",
        "ENGAGEMENT_SESSION_DURATION_WEIGHT": "0",
        "ENGAGEMENT_EVENT_FREQUENCY_WEIGHT": "0.35",
        "ENGAGEMENT_RECENCY_WEIGHT": "0.25",
    }
    assert load_rules(environ=weights).engagement_weights == {
        "session_frequency": 0.4,
        "session_duration": 0.0,
        "event_frequency": 0.35,
        "recency": 0.25,
    }


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"ENGAGEMENT_RECENCY_WEIGHT": "0.3"}, "must sum to 1, not to 1.1"),
        ({"ENGAGEMENT_RECENCY_WEIGHT": "-0.2"}, "engagement_recency_weight"),
        ({"ENGAGEMENT_RECENCY_WEIGHT": "much"}, "ENGAGEMENT_RECENCY_WEIGHT"),
        (
            {"ENGAGEMENT_RECENCY_WEIGHT": "0.1999999", "ENGAGEMENT_SESSION_FREQUENCY_WEIGHT": "0.3000001"},
            "at most 6 decimals",
        ),
        (
            {"MODERATE_ENGAGEMENT_PERCENTILE": "0.71"},
            "moderate_engagement_percentile .0.71. must not be above",
        ),
        ({"DOLPHIN_REVENUE_PERCENTILE": "0.96"}, "dolphin_revenue_percentile .0.96. must not be above"),
        ({"WHALE_REVENUE_PERCENTILE": "1.5"}, "WHALE_REVENUE_PERCENTILE"),
        ({"CHURN_DAYS_THRESHOLD": "0"}, "CHURN_DAYS_THRESHOLD"),
        ({"CHURN_DAYS_THRESHOLD": "14.5"}, "CHURN_DAYS_THRESHOLD"),
        ({"SEGMENTATION_SIGNIFICANCE_THRESHOLD": "1"}, "SEGMENTATION_SIGNIFICANCE_THRESHOLD"),
    ],
)
def test_a_value_that_can_not_be_used_is_refused_in_one_sentence(environ, sentence):
    with pytest.raises(SettingsError, match=sentence) as caught:
        load_rules(environ=environ)
    assert "\n" not in str(caught.value)


STAGE = "{stage: visit, event: session_start, count: 1}"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"journey_stages: [{STAGE}, {STAGE}]", "the stage 'visit' twice"),
        (
            "journey_stages: [{stage: install, event: session_start, count: 1}]",
            "must not name a stage 'install'",
        ),
        (f"{{journey_stages: [{STAGE}], passive_events: [session_start]}}", "calls no activity"),
        ("journey_stages: []", "journey_stages"),
        ("journey_stages: [{stage: visit, event: session_start, count: 0}]", "journey_stages"),
        ("journey_stages: [{stage: visit, event: session_start}]", "journey_stages"),
        ('journey_stages: [{stage: "a\'b", event: session_start, count: 1}]', "journey_stages"),
        ("retention_days: [7, 3]", "must be ascending"),
        ("retention_days: [3, 3]", "must be ascending"),
        ("retention_days: []", "retention_days"),
        ("revenue_segment_basis: year", "revenue_segment_basis"),
        ("journey_funnel_group: country", "journey_funnel_group"),
    ],
)
def test_a_rules_file_that_contradicts_itself_is_refused_in_one_sentence(tmp_path, line, sentence):
    file = tmp_path / "rules.yml"
    file.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence) as caught:
        load_rules(file, environ={})
    assert "\n" not in str(caught.value)
