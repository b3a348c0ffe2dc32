"""The rules of fee tiers: what contradicts itself is refused in one sentence that names the rules."""

import pytest

from include.tidemark.errors import SettingsError
from include.tidemark.families.fee_tiers.definitions import size_basis, size_criteria
from include.tidemark.rules import load_rules


def load(tmp_path, text):
    file = tmp_path / "rules.yml"
    file.write_text(text, encoding="utf-8")
    return load_rules(file, environ={})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("trade_size_small_min_usd: 1000", "trade_size_small_min_usd, trade_size_medium_min_usd"),
        ("trade_size_whale_above_usd: 9999", "trade_size_large_min_usd and trade_size_whale_above_usd"),
        ("fee_engagement_medium_min_swaps: 5", "fee_engagement_medium_min_swaps must be below"),
        ("fee_ltv_horizon_weeks: [8, 8]", "fee_ltv_horizon_weeks must rise"),
        ("fee_ltv_discount_rates_pct: [5, 0]", "fee_ltv_discount_rates_pct must rise"),
    ],
)
def test_rules_that_contradict_each_other_are_named(tmp_path, text, names):
    with pytest.raises(SettingsError, match=names):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "trade_size_basis: mean_swap",
        "trade_size_small_min_usd: 0",
        "trade_size_small_min_usd: '100'",
        "fee_retention_weeks: 0",
        "fee_retention_weeks: 53",
        "fee_ltv_horizon_weeks: []",
        "fee_ltv_horizon_weeks: [0, 1]",
        "fee_ltv_discount_rates_pct: [101]",
    ],
)
def test_a_value_out_of_range_is_refused(tmp_path, text):
    with pytest.raises(SettingsError, match=text.split(":", maxsplit=1)[0]):
        load(tmp_path, text)


def test_the_words_of_the_sizes_hold_the_numbers_of_the_rules(tmp_path):
    rules = load(tmp_path, "trade_size_small_min_usd: 99.5\ntrade_size_basis: median_swap\n")
    assert size_criteria(rules)["micro"] == "Below $99.50."
    assert size_criteria(rules)["large"] == "$10,000 or more, up to $100,000."
    assert "median" in size_basis(rules)
