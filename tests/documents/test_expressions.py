"""SQL in the deployment's files: expressions of one row, and nothing that reaches a warehouse without having
been read."""

import re
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from include.tidemark.documents import expressions
from include.tidemark.documents.expressions import (
    FUNCTIONS,
    columns_of,
    parse_expression,
    resolve_columns,
    to_sql,
)
from include.tidemark.errors import SettingsError

DIALECTS = ("duckdb", "snowflake")
KNOWN = {"Order No": "VARCHAR", "total": "DOUBLE", "State": "VARCHAR", "day": "DATE", "50 % off": "DOUBLE"}

both = pytest.mark.parametrize("dialect", DIALECTS)


def refusal(text: str, dialect: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_expression(text, dialect)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@both
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("(select 1)", "holds a query"),
        ("a + (select max(a) from b)", "holds a query"),
        ("a in (select b from c)", "holds a query"),
        ("select a", "holds a query"),
        ("a union select 1", "holds a query"),
        ("with x as (select 1) select * from x", "holds a query"),
        ("exists(select 1)", "not known"),
        ("a; drop table b", "semicolon at character 2"),
        ("a;", "semicolon"),
        ("a -- and more", "SQL comment"),
        ("a /* and more */", "SQL comment"),
        ("/*+ hint */ a", "SQL comment"),
        ("-- a", "is not one SQL expression"),
        ("drop table b", "statement"),
        ("insert into a values (1)", "statement"),
        ("delete from a", "statement"),
        ("update a set b = 1", "statement"),
        ("create table a as select 1", "statement|query"),
        ("grant select on a to b", "not allowed|statement"),
        ("call f()", "statement"),
        ("set x = 1", "not allowed"),
        ("use role accountadmin", "not allowed|statement"),
        ("values (1)", "not allowed"),
        ("sum(a)", "several rows"),
        ("max(a)", "several rows"),
        ("count(*)", "several rows"),
        ("row_number() over (order by a)", "several rows"),
        ("lag(a) over (order by b)", "several rows"),
        ("sum(a) over ()", "several rows"),
        ("other.a", "plainly"),
        ("main.other.a", "plainly"),
        ('"b"."a"', "plainly"),
        ("other.*", "plainly"),
        ("*", "not allowed"),
        ("?", "not allowed"),
        (":name", "not allowed"),
        ("$1", "not allowed"),
        ("{{ env_var('SECRET') }}", "template marks"),
        ("'{{ run_started_at }}'", "template marks"),
        ("a {% if b %}", "template marks"),
        ("'{# a #}'", "template marks"),
        ("read_csv('a.csv')", "function 'read_csv' is not known"),
        ("getenv('SECRET')", "function 'getenv' is not known"),
        ("current_setting('x')", "function 'current_setting' is not known"),
        ("system$wait(1)", "not known|not one SQL expression"),
        ("now()", "not known"),
        ("current_date", "not known"),
        ("current_timestamp", "not known"),
        ("current_user", "not known"),
        ("random()", "not known"),
        ("greatest(a, b)", "not known"),
        ("concat(a, b)", "not known"),
        ("regexp_replace(a, 'b', 'c')", "not known"),
        ("date_trunc('day', a)", "not known"),
        ("extract(year from a)", "not known"),
        ("uper(a)", "did you mean 'upper'"),
        ("a at time zone 'UTC'", "not allowed"),
        ("a + interval '1 day'", "not allowed"),
        ("a[1]", "not allowed"),
        ("[1, 2]", "not known"),
        ("(a, b)", "not allowed"),
        ("a, b", "not one SQL expression"),
        ("a as b", "not allowed"),
        ("a b c", "not one SQL expression"),
        ("(a", "not one SQL expression: it can't be read at character 2"),
        ("'a", "quote is not closed"),
        ('"a', "quote is not closed"),
        ("cast(a as blob)", "type"),
        ("cast(a as variant)", "type"),
        ("cast(a as int[])", "type"),
        ("cast(a as timestamp with time zone)", "type"),
        ("a is true", "coalesce"),
        ("a is not false", "coalesce"),
        ("a in b", "name the values"),
        ("a in ()", "name the values"),
        (r"replace(a, '\\', '')", "backslash"),
        ("'a\nb'", "line break"),
        ("a" * 10_001, "too long"),
        ("(" * 3000 + "a" + ")" * 3000, "nested too deeply"),
        ("not " * 2000 + "a", "nested too deeply"),
        ("-" + " -" * 2000 + "a", "nested too deeply"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)  # fmt: skip
def test_what_is_no_expression_of_one_row_is_one_sentence(dialect: str, text: str, sentence: str) -> None:
    message = refusal(text, dialect)
    assert re.search(sentence, message), message
    assert len(message) < 700


@pytest.mark.parametrize(
    "text", ["#1", "columns('a')", "{'a': 1}", "x -> x + 1", "a := 1", "a // 2", "e'a'", "$$a$$"]
)
def test_what_duckdb_alone_knows_is_refused(text: str) -> None:
    refusal(text, "duckdb")


@pytest.mark.parametrize("text", ["a // 2", "$$a$$", "@stage", "a:b", "a:b.c::varchar", "x'00'", "identifier('a')", "a ->> '$.b'"])  # fmt: skip
def test_what_snowflake_alone_knows_is_refused(text: str) -> None:
    refusal(text, "snowflake")


@both
@pytest.mark.parametrize(
    "text",
    [
        "total", '"Order No"', "'EUR'", "total * -1", "round(total / 100, 2)", "a || '-' || b", "nullif(trim(a), '')",
        "case when a = 'x' then 1 when b is null then 2 else 3 end", "case a when 1 then 'x' end", "if(a > 1, 'x', 'y')",
        "not a", "a and (b or not c)", "a in ('x', 'it''s')", "a not in (1, 2)", "a between 1 and 2", "a like '50 % off'",
        "a ilike 'x!_%' escape '!'", "cast(a as decimal(18, 2))", "a::varchar", "try_cast(a as date)", "coalesce(a, b, 0)",
        "split_part(a, '-', 1)", "substring(a, 2, 3)", "left(a, 2)", "right(a, 2)", "upper(lower(a))", "length(a) > 3", "md5(a)",
        "replace(a, chr, '')", "abs(a) + ceil(b) - floor(c)", "mod(a, 2)", "a % 2 <> 0", "a is null", "a is not null", "true",
        "null", "1e3", "date '2026-01-01'", "replace(a, '\N{NO-BREAK SPACE}', '')", "user", "'a :b'", "ltrim(a)",
    ],
)  # fmt: skip
def test_what_is_allowed_comes_out_as_the_very_tree_that_is_parsed_again(dialect: str, text: str) -> None:
    parsed = parse_expression(text, dialect)
    assert parse_expression(to_sql(parsed, dialect), dialect) == parsed
    assert "\\" not in to_sql(parsed, dialect)


def test_a_key_of_json_is_read_on_both_warehouses_by_its_plain_name() -> None:
    assert to_sql(parse_expression("a ->> 'plan'", "duckdb"), "duckdb") == "a ->> '$.plan'"
    assert (
        to_sql(parse_expression("a ->> 'plan'", "snowflake"), "snowflake")
        == "JSON_EXTRACT_PATH_TEXT(a, 'plan')"
    )


@both
def test_the_columns_of_an_expression_are_those_it_reads(dialect: str) -> None:
    parsed = parse_expression("case when \"a b\" = 'x' then c else round(d, 2) end", dialect)
    assert {column.name for column in columns_of(parsed)} == {"a b", "c", "d"}


def resolved(text: str, known: dict[str, str] = KNOWN, dialect: str = "duckdb") -> str:
    return to_sql(resolve_columns(parse_expression(text, dialect), known, "the table shop.orders"), dialect)


@both
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("total", '"total"'),
        ("TOTAL", '"total"'),
        ("state", '"State"'),
        ("STATE", '"State"'),
        ('"State"', '"State"'),
        ('"Order No"', '"Order No"'),
        ('"50 % off"', '"50 % off"'),
        ("coalesce(STATE, 'total')", "COALESCE(\"State\", 'total')"),
    ],
)
def test_a_plain_name_is_found_whatever_its_case_and_becomes_the_very_name_in_quotes(
    text: str, sql: str, dialect: str
) -> None:
    assert resolved(text, dialect=dialect) == sql


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "totl",
            "'totl' is not known; did you mean 'total'.*Known names: 50 % off, Order No, State, day, total",
        ),
        ('"state"', "'state' is not known.*In quotes it is taken as it is written: it is State there"),
        ("order_no", "no such column: 'order_no' is not known; did you mean 'Order No'"),
        ("total + elsewhere", "'elsewhere' is not known"),
    ],
)
def test_a_column_that_does_not_exist_is_named_with_its_relation_and_the_nearest_name(
    text: str, sentence: str
) -> None:
    with pytest.raises(
        SettingsError, match=rf"the table shop\.orders has no such column.*{sentence}|{sentence}"
    ):
        resolved(text)


def test_a_plain_name_that_two_columns_have_but_for_their_case_must_be_quoted() -> None:
    known = {"state": "VARCHAR", "STATE": "VARCHAR"}
    with pytest.raises(SettingsError, match=r"more than one column 'state' \(state, STATE\); quote the one"):
        resolved("state", known, "snowflake")
    assert resolved('"state"', known, "snowflake") == '"state"'


def test_a_quote_in_a_columns_name_can_not_end_it() -> None:
    assert resolved('"a""; drop table b"', {'a"; drop table b': "VARCHAR"}) == '"a""; drop table b"'


# Whatever is written, nothing but a reviewed expression or one sentence comes of it.

WORDS = st.sampled_from(
    [*FUNCTIONS, "select", "from", "a", '"b c"', "t.a", "(", ")", "((", "))", ",", ";", "--", "/*", "*/", "'x'", "'", '"', "1", "1.5",
     "+", "-", "*", "/", "%", "||", "=", "<>", "and", "or", "not", "in", "is", "null", "true", "case", "when", "then", "else", "end",
     "over", "partition by", "as", "varchar", "decimal(18,2)", "::", ":", "->>", "->", "like", "escape", "between", "{{", "}}", "$1",
     "?", "@", "#", "\\", "\n", "union", "values", "drop table", "sum", "max", "read_csv", "interval", "date", "lambda", "[", "]",
     "{", "}", "distinct", "exists", "at time zone", "collate", "filter", "within group", "ignore nulls", "qualify", "cast", "try_cast"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(WORDS, max_size=14).map(" ".join),
    st.lists(WORDS, max_size=14).map("".join),
)


@both
@settings(max_examples=250)
@given(text=TEXTS)
@example(text="a is true")
@example(text="trim(both 'x' from a)")
@example(text="a\x00")
@example(text="'\\'")
def test_random_text_is_one_sentence_or_an_expression_of_allowed_parts_only(dialect: str, text: str) -> None:
    try:
        parsed = parse_expression(text, dialect)
    except SettingsError as error:
        assert str(error)
        return
    written = to_sql(parsed, dialect)
    assert parse_expression(written, dialect) == parsed
    assert to_sql(parse_expression(written, dialect), dialect) == written
    for node in parsed.walk():
        assert isinstance(node, expressions._ALLOWED), node
        assert not isinstance(node, exp.Query | exp.AggFunc | exp.Window | exp.Anonymous | exp.Star), node


def _grown(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(leaves, leaves)
    return st.one_of(
        pair.map(lambda p: f"coalesce({p[0]}, {p[1]})"),
        pair.map(lambda p: f"nullif({p[0]}, {p[1]})"),
        pair.map(lambda p: f"{p[0]} || {p[1]}"),
        pair.map(lambda p: f"case when {p[0]} = {p[1]} then {p[0]} else upper({p[1]}) end"),
        pair.map(lambda p: f"if({p[0]} like {p[1]} or not {p[0]} < {p[1]}, {p[0]}, null)"),
        pair.map(lambda p: f"replace({p[0]}, {p[1]}, 'r')"),
        pair.map(lambda p: f"case {p[0]} when {p[1]} then 'same' when 'x' then lower({p[0]}) end"),
        leaves.map(lambda x: f"cast(length(trim({x})) * -2 + 7 % 4 - (3 - 1) as varchar)"),
        leaves.map(lambda x: f"split_part({x}, '-', 1)"),
        leaves.map(lambda x: f"trim(both 'x' from {x})"),
        leaves.map(lambda x: f"substring({x}, 2, 2)"),
        leaves.map(lambda x: f"try_cast({x} as decimal(18, 2))::varchar"),
        leaves.map(lambda x: f"case when {x} is not null and {x} not in ('q', 'it''s') then {x} end"),
        leaves.map(lambda x: f"case when {x} between 'a' and 'm' then left({x}, 1) else right({x}, 1) end"),
    )


GROWN = st.recursive(
    st.sampled_from(["a", '"B c"', "'x'", "'it''s'", "'12.5'", "null::varchar", "''"]), _grown, max_leaves=6
)


@pytest.fixture(scope="module")
def rows() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as engine:
        engine.execute('create table rows (a varchar, "B c" varchar)')
        engine.executemany(
            "insert into rows values (?, ?)",
            [("x", "x"), ("a-b", "Xx"), (None, "q"), ("it's", None), ("12.5", "x12.5x"), ("", " ")],
        )
        yield engine


@settings(max_examples=100)
@given(text=GROWN)
def test_what_is_written_means_what_was_read(rows: duckdb.DuckDBPyConnection, text: str) -> None:
    known = {"a": "VARCHAR", "B c": "VARCHAR"}
    written = to_sql(resolve_columns(parse_expression(text, "duckdb"), known, "rows"), "duckdb")
    assert (
        rows.sql(f"select {written} from rows").fetchall() == rows.sql(f"select {text} from rows").fetchall()
    )


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "text",
    ["cast(a as decimal)", "try_cast(a as decimal)", "a / b", "a / 0", "a / nullif(b, 1)", "a % b", "mod(a, 0)", "substring(a, 0, 2)",
     "a::varchar(10)", "cast(a as text(3))"],
)  # fmt: skip
def test_what_the_two_warehouses_compute_otherwise_is_refused(text: str, dialect: str) -> None:
    with pytest.raises(SettingsError):
        parse_expression(text, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", ["a / 100", "a / (0.5)", "a / nullif(b, 0)", "cast(a as decimal(18, 4))"])
def test_a_division_that_never_meets_zero_is_allowed(text: str, dialect: str) -> None:
    parse_expression(text, dialect)


def test_a_float_of_duckdb_which_has_fewer_digits_than_snowflakes_is_refused() -> None:
    with pytest.raises(SettingsError, match="float"):
        parse_expression("cast(a as float)", "duckdb")
