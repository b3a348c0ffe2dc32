"""Which features the impact threshold selects, from published rows."""

import pytest

from include.tidemark.families.early_engagement.driver_table import driver_table, driver_text

CERTAIN = {"metric": "odds_ratio", "confidence_level": 0.95, "trust": "ok", "p_adjusted": 0.001}
ROWS = [
    CERTAIN | {"segment": "strong", "estimate": 2.055154},
    CERTAIN | {"segment": "at the threshold", "estimate": 1.3},
    CERTAIN | {"segment": "below it", "estimate": 1.2999},
    CERTAIN | {"segment": "goes with leaving", "estimate": 0.5},
    CERTAIN | {"segment": "just not leaving enough", "estimate": 0.7693},
    CERTAIN | {"segment": "at alpha", "estimate": 1.4, "p_adjusted": 0.05},
    CERTAIN | {"segment": "may be chance", "estimate": 3.0, "p_adjusted": 0.051},
    CERTAIN | {"segment": "sparse", "estimate": 9.0, "trust": "unreliable"},
    CERTAIN | {"segment": "no discovery of the report", "estimate": 4.0, "is_discovery": False},
    CERTAIN | {"segment": "collinear", "estimate": None, "p_adjusted": None, "trust": None},
    CERTAIN | {"segment": "alone", "estimate": 5.0, "metric": "odds_ratio_univariate"},
]


def features(*arguments, **options):
    return [record["Feature"] for record in driver_table(*arguments, **options)]


def test_features_from_the_threshold_on_are_listed_the_highest_first():
    assert features(ROWS, 1.3) == ["strong", "at alpha", "at the threshold"]


def test_both_directions_add_what_goes_with_leaving():
    assert features(ROWS, 1.3, both_directions=True)[-1] == "goes with leaving"
    assert features(ROWS, 1.29, both_directions=True)[-2:] == ["just not leaving enough", "goes with leaving"]


def test_uncertain_features_are_listed_when_asked_for():
    assert features(ROWS, 1.3, only_certain=False)[:3] == [
        "sparse",
        "no discovery of the report",
        "may be chance",
    ]


def test_rows_of_a_csv_file_give_the_same_table():
    as_text = [
        {
            name: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in row.items()
        }
        for row in ROWS
    ]
    assert driver_table(as_text, 1.3) == driver_table(ROWS, 1.3)


def test_a_threshold_below_one_is_refused():
    with pytest.raises(ValueError, match="impact_threshold must be at least 1"):
        driver_table(ROWS, 0.99)


def test_the_text_stands_flush_right_also_without_features():
    assert driver_text(driver_table(ROWS, 2)) == "Feature Odds Ratio\n strong   2.055154"
    assert driver_text([]) == "Feature Odds Ratio"
