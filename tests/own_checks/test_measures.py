"""Measures and conditions of a deployment's own checks: what passes, what is refused, and what reaches a
warehouse."""

import duckdb
import pytest
import sqlglot

from include.tidemark.errors import SettingsError
from include.tidemark.own_checks.measures import compile_measure, compile_rows_where

COLUMNS = {
    "user_id": "text",
    "amount": "number",
    "fee": "number",
    "happened_at": "date",
    "is_test": "boolean",
}
ROWS = """(values ('a', 10, 1.5, timestamp '2026-01-01', false), ('a', 20, null, timestamp '2026-01-02', true),
    ('b', 30, 0.5, null, null)) as t(user_id, amount, fee, happened_at, is_test)"""


def value_of(sql: str, rows: str = ROWS) -> object:
    with duckdb.connect() as engine:
        return engine.execute(f"select {sql} from {rows}").fetchone()[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count(*)", 3),
        ("COUNT(DISTINCT User_ID)", 2),
        ("count(fee)", 2),
        ("count_if(amount >= 20 and not is_test)", 0),
        ("count_if(happened_at < '2026-01-02')", 1),
        ("sum(amount) - 10 * count(*)", 30),
        ("100 * count_if(fee is null) / nullif(count(*), 0)", 100 / 3),
        ("avg(amount + coalesce(fee, 0))", 62 / 3),
        ("sum(case when user_id = '\"aggregate 0\"' then 1 else amount end) + count(*)", 63),
        ("max(amount) - min(amount)", 20),
        ("coalesce(sum(fee), 0)", 2),
        ("if(count(*) > 2, 1, 0)", 1),
    ],
)
def test_a_measure_is_computed(text: str, value: float) -> None:
    assert float(value_of(compile_measure(text, COLUMNS).sql)) == pytest.approx(value)  # type: ignore[arg-type]


def test_a_count_of_no_rows_is_zero() -> None:
    nobody = f"(select * from {ROWS} where false) as t"
    assert value_of(compile_measure("count_if(amount > 1)", COLUMNS).sql, nobody) == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("amount", "'amount' stands outside of count, count_if, sum, avg, min, max; .* such as sum.amount."),
        ("1 + 1", "looks at no row"),
        ("sum(amont)", "'amont' is not known; did you mean 'amount'"),
        ("sum(user_id)", "'user_id' is a text; sum, avg, min and max take numbers"),
        ("max(happened_at)", "is a date"),
        ("sum(distinct amount)", "distinct goes with count only"),
        ("count(distinct user_id, amount)", "distinct goes with count only"),
        ("count(user_id, amount)", "count takes one value"),
        ("max(amount, 2)", "max takes one value"),
        ("count(*) filter (where amount > 1)", "filter is not allowed"),
        ("count_if(amount)", "'amount' is no condition"),
        ("count_if(amount > 'a')", "compares a number with a text"),
        ("sum(sum(amount))", "sum looks at several rows"),
        ("sum(amount) over ()", "window looks at several rows"),
        ("count_if(percentile(amount) > 1)", "the function 'percentile' is not known"),
        ("(select count(*) from raw.users)", "holds a query"),
        ("count_if(user_id in (select user_id from raw.users))", "holds a query"),
        ("count(*); drop table raw.users", "semicolon"),
        ("median(amount)", "looks at several rows"),
        ("any_value(user_id)", "not allowed|several rows"),
        ("listagg(user_id)", "several rows|not known"),
        ("sum(amount) / count(*)", "a division by 0"),
        ("sum(amount) > 3", "is a boolean; a measure is a number"),
        ("lower(count(*))", "is a text"),
        ("now()", "not known|not allowed|looks at no row"),
        ("count(*) from raw.users", "not one SQL expression|holds a query"),
        ("count_if(users.amount > 1)", "without the relation's name"),
        ("count(*) -- all", "SQL comment"),
        ("sum(\"{{ x }}\")", "template marks"),
    ],
)  # fmt: skip
def test_what_is_no_measure_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        compile_measure(text, COLUMNS)


@pytest.mark.parametrize("text", ["min(amount)", "1 + max(amount)", "max(amount) - avg(amount)"])
def test_a_measure_that_may_be_the_value_of_one_row_is_known_as_such(text: str) -> None:
    assert (
        compile_measure(text, COLUMNS).shows_a_row and not compile_measure("sum(amount)", COLUMNS).shows_a_row
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("amount", "is no condition"),
        ("sum(amount) > 1", "looks at several rows"),
        ("amont > 1", "did you mean 'amount'"),
    ],
)
def test_rows_are_counted_by_a_condition_over_one_row(text: str, sentence: str) -> None:
    assert compile_rows_where("amount > 1 or is_test", COLUMNS) == "amount > 1 OR is_test"
    with pytest.raises(SettingsError, match=sentence):
        compile_rows_where(text, COLUMNS)


@pytest.mark.parametrize(
    "text", ["count(*)", "count_if(fee is null) + count(distinct user_id)", "avg(round(fee, 2)) * 2"]
)
def test_what_is_written_is_what_snowflake_reads(text: str) -> None:
    written = compile_measure(text, COLUMNS).sql
    assert sqlglot.parse_one(written, dialect="snowflake").sql("snowflake").upper() == written.upper()
