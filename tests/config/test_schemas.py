"""The committed JSON Schemas: made of the typed models, and of one mind with them."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from include.tidemark.config.rule_texts import rule_texts
from include.tidemark.config.schemas import SCHEMA_FILES, rules_schema, schema_text, sources_schema
from include.tidemark.errors import SettingsError
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.rules import Rules, load_rules
from include.tidemark.sources.sources_file import sources_model

SHOP = """
users:
  files: customers.csv
  csv: {delimiter: ";", decimal: ",", encoding: cp1252, null_words: ["NULL"]}
  columns:
    user_id: '"Customer ID"'
    created_at: {from: Joined, format: "%d.%m.%Y", timezone: Europe/Berlin}
    is_test_user: {from: tester, values: {ja: true, nein: false}}
    platform: null
transactions:
  from: ANALYTICS.SHOP.ORDERS
  columns:
    transaction_id: '"Order No"'
    user_id: customer_id
    transaction_at: {from: ordered, format: epoch_seconds}
    amount: {from: total, currency: EUR}
    fee_usd: fee
    status: {from: state, values: {paid: posted}}
  where: not is_test_order
  loaded_at: _fivetran_synced
events: {files: "events/dt=*/*.ndjson.gz", mode: append, partitions: [dt]}
"""
COLUMNS = "{transaction_id: a, user_id: b, transaction_at: c, amount: d}"
BAD_SOURCES = {
    "an unknown table": "orders: {files: orders.csv}",
    "an unknown key": "users: {file: users.csv}",
    "no place": "users: {mode: append}",
    "two places": "users: {files: users.csv, from: users}",
    "a dialect of a table": "users: {from: users, csv: {delimiter: ';'}}",
    "a mode of a table": "users: {from: users, mode: append}",
    "partitions of a table": "users: {from: users, partitions: [dt]}",
    "a column of load times of files": "users: {files: users.csv, loaded_at: at}",
    "an unknown mode": "users: {files: users.csv, mode: upsert}",
    "two characters as a delimiter": "users: {files: users.csv, csv: {delimiter: '||'}}",
    "an unknown column": f"transactions: {{files: a.csv, columns: {COLUMNS[:-1]}, tax: e}}}}",
    "a missing column": "transactions: {files: a.csv, columns: {transaction_id: a, user_id: b, amount: d}}",
    "a required column that is null": f"transactions: {{files: a.csv, columns: {COLUMNS.replace('d}', 'null}')}}}",
    "a required column twice": f"transactions: {{files: a.csv, columns: {COLUMNS[:-1]}, amount_usd: e}}}}",
    "an optional column twice": f"transactions: {{files: a.csv, columns: {COLUMNS[:-1]}, fee: e, fee_usd: f}}}}",
    "a number for a column": f"transactions: {{files: a.csv, columns: {COLUMNS.replace('d}', '7}')}}}",
    "a format without directives": "users: {files: a, columns: {user_id: a, created_at: {from: b, format: DD.MM}}}",
    "a format without a day": "users: {files: a, columns: {user_id: a, created_at: {from: b, format: '%Y-%m %%d'}}}",
    "a format without a year": "users: {files: a, columns: {user_id: a, created_at: {from: b, format: '%d.%m.'}}}",
    "from_ for a table": "users: {from_: users}",
    "from_ for a column": "users: {files: a, columns: {user_id: {from_: a}, created_at: b}}",
    "a value with blanks around it": "users: {files: a, columns: {user_id: a, created_at: b, country: {from: c, values: {' de': DE}}}}",
    "a blank value": "users: {files: a, columns: {user_id: a, created_at: b, country: {from: c, values: {'': DE}}}}",
    "a delimiter that is the quote": "users: {files: users.csv, csv: {delimiter: '\"'}}",
    "a quote that is the delimiter": "users: {files: users.csv, csv: {delimiter: ';', quote: ';'}}",
    "thousands that are the decimal point": "users: {files: users.csv, csv: {thousands: '.'}}",
    "thousands that are the decimal comma": "users: {files: users.csv, csv: {thousands: ',', decimal: ','}}",
    "an unknown format": "users: {files: users.csv, format: xlsx}",
    "an empty name of a column": "users: {files: a, columns: {user_id: '', created_at: b}}",
    "null for a list": "users: {files: a, partitions: null}",
    "a date for a text": "users: {files: 2026-01-01}",
    "a format with an unknown directive": "users: {files: a, columns: {user_id: a, created_at: {from: b, format: '%d.%Q'}}}",
}
GOOD_SOURCES = {
    "days by their number": "users: {files: a, columns: {user_id: a, created_at: {from: b, format: '%j/%y 100%%'}}}",
    "names of months": "users: {files: a, columns: {user_id: a, created_at: {from: b, format: '%d %B %Y'}}}",
    "milliseconds": "users: {files: a, columns: {user_id: a, created_at: {from: b, format: epoch_milliseconds}}}",
    "defaults that are said": "users: {from: users, mode: replace, partitions: [], csv: null, files: null}",
    "thousands beside a decimal comma": "users: {files: a.csv, csv: {thousands: '.', decimal: ','}}",
    "a quote of its own": "users: {files: a.csv, csv: {delimiter: '|', quote: \"'\"}}",
    "a table without content": "users: null",
    "values with blanks inside": "users: {files: a, columns: {user_id: a, created_at: b, country: {from: c, values: {a b: DE, x: y}}}}",
}
BAD_RULES = {
    "an unknown rule": "high_value_spend: 1",
    "a text for a number": "high_value_min_avg_monthly_spend: much",
    "a negative amount": "high_value_min_avg_monthly_spend: -1",
    "a share above one hundred": "high_value_min_travel_pct: 101",
    "an unknown choice": "category_share_basis: month",
    "an unknown group of categories": "category_groups: {Food: food}",
    "too many events": f"early_engagement_events: [{', '.join(f'e{n}' for n in range(31))}]",
    "a stage without an event": "journey_stages: [{stage: first, count: 1}]",
    "a bound that may not be reached": "drift_warning_psi: 0",
    "a currency in small letters": "currency: eur",
    "a symbol with a blank": "currency_symbol: 'k r'",
    "no event for a criterion": "planner_events: {prompt: [a]}",
    "days twice": "retention_days: [1, 1]",
    "weeks twice": "fee_ltv_horizon_weeks: [4, 4]",
    "rates twice": "fee_ltv_discount_rates_pct: [5, 5]",
    "an event twice": "early_engagement_events: [a, a]",
    "a stage that is the start": "journey_stages: [{stage: install, event: a, count: 1}]",
    "a key of a stage": "journey_stages: [{stage: a, event: a, count: 1, times: 2}]",
    "a number that is true": "lookback_days: true",
    "null for a number": "lookback_days: null",
}  # fmt: skip


def accepts_sources(text: str) -> bool:
    try:
        sources_model().model_validate(yaml.safe_load(text))
    except ValidationError:
        return False
    return True


def accepts_rules(text: str, folder: Path) -> bool:
    file = folder / "rules.yml"
    file.write_text(text, encoding="utf-8")
    try:
        load_rules(file, {})
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize("name", SCHEMA_FILES)
def test_the_committed_schema_is_what_the_models_give_now(name):
    committed = SCHEMA_FILES[name].read_text(encoding="utf-8")
    assert committed == schema_text(name), f"The schema of {name} is stale: run `make schemas` and commit it."


@pytest.mark.parametrize("schema", [sources_schema(), rules_schema()], ids=["sources", "rules"])
def test_is_a_schema_of_its_draft_and_knows_no_word_that_validators_would_pass_over(schema):
    Draft202012Validator.check_schema(schema)
    assert (
        not set(words_of(schema))
        - set(Draft202012Validator.VALIDATORS)
        - {"$schema", "$defs", "title", "description", "default"}
    )


def words_of(node):
    """Every key that stands where a schema's words stand, not where names of columns or rules do."""
    for key, value in node.items():
        yield key
        inner = (
            list(value.values())
            if key in ("properties", "patternProperties", "$defs")
            else value
            if isinstance(value, list)
            else [value]
        )
        if key not in ("default", "enum", "const", "required"):
            for each in inner:
                if isinstance(each, dict):
                    yield from words_of(each)


def test_schema_and_model_accept_a_whole_mapping_and_an_empty_file():
    for text in (SHOP, "{}"):
        assert accepts_sources(text)
        Draft202012Validator(sources_schema()).validate(yaml.safe_load(text))


@pytest.mark.parametrize("what", GOOD_SOURCES)
def test_schema_and_model_accept_in_sources(what):
    assert accepts_sources(GOOD_SOURCES[what])
    Draft202012Validator(sources_schema()).validate(yaml.safe_load(GOOD_SOURCES[what]))


@pytest.mark.parametrize("what", BAD_SOURCES)
def test_schema_and_model_refuse_in_sources(what):
    assert not accepts_sources(BAD_SOURCES[what])
    assert not Draft202012Validator(sources_schema()).is_valid(yaml.safe_load(BAD_SOURCES[what]))


def test_schema_and_rules_accept_the_demo_s_rules_and_none(tmp_path):
    shipped = sorted((PROJECT_ROOT / "include" / "tidemark" / "demo").rglob("rules.yml"))
    assert shipped
    for text in (*(file.read_text(encoding="utf-8") for file in shipped), "{}"):
        assert accepts_rules(text, tmp_path)
        Draft202012Validator(rules_schema()).validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "currency: CHF",
        "currency_symbol: kr",
        "currency_symbol: null",
        "retention_days: [1, 7]",
        "high_value_min_travel_pct: 7",
        "journey_stages: [{stage: a, event: install, count: 1}]",
    ],
)
def test_schema_and_rules_accept_in_rules(text, tmp_path):
    assert accepts_rules(text, tmp_path)
    Draft202012Validator(rules_schema()).validate(yaml.safe_load(text))


@pytest.mark.parametrize("what", BAD_RULES)
def test_schema_and_rules_refuse_in_rules(what, tmp_path):
    assert not accepts_rules(BAD_RULES[what], tmp_path)
    assert not Draft202012Validator(rules_schema()).is_valid(yaml.safe_load(BAD_RULES[what]))


def test_every_rule_has_its_default_and_the_comment_above_it():
    assert set(rule_texts()) == set(Rules.model_fields)
    schema = rules_schema()["properties"]
    assert schema["budget_min_necessities_pct"]["default"] == 60
    assert schema["budget_min_necessities_pct"]["description"].startswith("Budget-Conscious. The spend limit")
    # Between the two stands a comment inside a rule, which is not this rule's.
    assert "deck" not in rule_texts()["planner_min_prompts"].comment
