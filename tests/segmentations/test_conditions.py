"""Conditions over the feature catalogue: what they compute, and what is refused before a warehouse sees
it."""

import duckdb
import numpy as np
import pytest
import sqlglot
import yaml
from hypothesis import given
from hypothesis import strategies as st

from include.tidemark.errors import SettingsError
from include.tidemark.paths import DBT_DIR
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.conditions import compile_condition, compile_order
from include.tidemark.segmentations.words import in_words
from tests.snowflake.dialect import REVIEWED, functions

RULES = {"days": 60, "name": "it's", "wanted": True}


def compiled(text: str) -> str:
    return compile_condition(text, catalogue(), RULES).sql


@given(
    values=st.lists(st.integers(-5, 40) | st.none(), min_size=1, max_size=30),
    share=st.integers(0, 20).map(lambda twentieth: twentieth / 20),
)
def test_a_percentile_of_p_includes_whoever_is_at_or_above_percentile_cont_of_p(values, share):
    known = [value for value in values if value is not None]
    with duckdb.connect() as engine:
        engine.execute("create table people (place integer, total_purchases bigint)")
        engine.executemany("insert into people values (?, ?)", [list(row) for row in enumerate(values)])
        found = engine.execute(
            f"select coalesce({compiled(f'percentile(total_purchases) >= {share}')}, false) from people order by place"
        ).fetchall()
    # The rank that percentile_cont interpolates between, in whole numbers: no float decides about a tie.
    upper = sorted(known)[int(np.ceil(round(share * (len(known) - 1), 9)))] if known else None
    assert [row[0] for row in found] == [value is not None and value >= upper for value in values]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("days_since_signup > rule.days", "days_since_signup > 60"),
        ("platform = rule.name", "platform = 'it''s'"),
        ("rule.wanted and Total_Purchases > 1", "TRUE AND total_purchases > 1"),
        ("signup_date >= '2026-01-31'", "signup_date >= '2026-01-31'"),
        ("is_retained_4_weeks", "is_retained_4_weeks"),
    ],
)
def test_a_condition_is_written_anew_with_its_rules(text, expected):
    assert compiled(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spendlast >= 3", "did you mean 'spend_last_90_days'"),
        ("lifetime_value", "is no condition"),
        ("lifetime_value + 1", "is no condition"),
        ("platform > 3", "compares a text with a number"),
        ("user_type in ('Planner', 3)", "compares a text with a number"),
        ("lower(platform) = 3", "compares a text with a number"),
        ("signup_date >= '2026-02-30'", "compares a date with a text"),
        ("total_purchases between 'a' and 'b'", "compares a number with a text"),
        ("percentile(platform) > 0.3", "platform is no number"),
        ("percentile(lifetime_value) > 1.5", "a number from 0 to 1"),
        ("percentile(lifetime_value) * 2 > 1", "a number from 0 to 1"),
        ("percentile(lifetime_value) > percentile(total_purchases)", "a number from 0 to 1"),
        ("percentile(lifetime_value, 3) > 0.5", "one feature"),
        ("rule.nothing > 3", "'rule.nothing' is not known"),
        ("other.lifetime_value > 3", "without the relation's name"),
        ("lifetime_value > (select 1)", "holds a query"),
        ("sum(lifetime_value) > 3", "several rows"),
        ("random() > 0.5", "not known"),
        ("user_id = 'a'", "not known"),
        ("1 = 1; drop table x", "semicolon"),
        ("lifetime_value > 1 -- and more", "comment"),
        ("platform = '{{ x }}'", "template marks"),
        ("lifetime_value / total_purchases > 3", "division by 0"),
        ("(((", "not one SQL expression"),
    ],
)
def test_what_is_no_condition_over_features_is_refused_with_a_reason(text, message):
    with pytest.raises(SettingsError, match="(?s)" + message.replace("(", r"\(").replace(")", r"\)")):
        compiled(text)


def test_an_order_names_features_and_puts_nulls_last():
    assert (
        compile_order("lifetime_value desc, Platform", catalogue())
        == "lifetime_value desc nulls last, platform asc nulls last"
    )
    for text in ("lifetime_value descending", "nothing desc", "1", "lifetime_value; drop table x"):
        with pytest.raises(SettingsError):
            compile_order(text, catalogue())


@pytest.mark.parametrize(
    "text",
    [
        "percentile(lifetime_value) between 0.2 and 0.5 or not is_retained_4_weeks",
        "coalesce(platform, '') ilike 'I%' and abs(spend_change_pct) > 10 and country is not null",
        "try_cast(left(platform, 3) as bigint) > 3 or round(spend_last_90_days, 0) % 2 = 0",
    ],
)
def test_what_is_written_for_one_warehouse_reads_alike_in_the_other(text):
    sql = compiled(text)
    written = sqlglot.parse_one(sql, dialect="snowflake").sql(dialect="snowflake")
    assert sqlglot.parse_one(written, dialect="snowflake") == sqlglot.parse_one(sql, dialect="snowflake")
    assert functions(f"select {sql}") <= REVIEWED | {"count", "abs", "round", "left", "try_cast"}


def test_conditions_are_told_in_words():
    told = compile_condition(
        "(spend_last_90_days >= 500 or percentile(lifetime_value) > 0.9) and platform in ('ios', 'web')"
        " and country is not null and not is_almost_planner and days_since_signup between 1 and rule.days",
        catalogue(),
        RULES,
    )
    assert in_words(told, lambda amount: f"${amount:,.0f}") == (
        "(spend last 90 days is $500 or more, or the percentile of lifetime value is above 0.9), and platform is ios or web, and"
        " country is known, and not is almost planner, and days since signup is from 1 days to 60 days."
    )


def test_every_column_of_the_catalogue_but_the_keys_is_a_feature_with_a_meaning():
    file = DBT_DIR / "models" / "segmentations" / "user_features.yml"
    (model,) = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    keys = {"as_of_date", "run_key", "user_id", "is_user", "is_customer"}
    assert {column["name"] for column in model["columns"]} - keys == set(catalogue())
    assert all(feature.meaning.endswith(".") for feature in catalogue().values())
