"""The project's SQL as dbt compiles it for Snowflake: what a translator to another engine could let pass is
looked up here."""

import re

import pytest
import yaml
from sqlglot.errors import SqlglotError
from sqlglot.schema import MappingSchema

from include.tidemark.paths import DBT_DIR
from tests.snowflake.conftest import Compiled
from tests.snowflake.dialect import misfits, schema_of, trees, type_misfits

FAMILIES = {"customer_segments", "engagement", "planners", "early_engagement", "fee_tiers"}
EVENTS = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][
    "early_engagement_events"
]


def test_every_model_of_all_families_and_every_data_test_is_compiled(compiled: Compiled) -> None:
    models, tests = compiled.nodes("model"), compiled.nodes("test")
    assert {node["fqn"][1] for node in models.values()} >= FAMILIES | {"staging", "core", "marts"}
    assert set(compiled.sql) == set(models) | set(tests)


def test_all_of_it_parses_in_the_dialect_of_snowflake(compiled: Compiled) -> None:
    for name, sql in compiled.sql.items():
        assert len(trees(sql)) == 1, name


def test_it_calls_reviewed_functions_only_and_has_nothing_that_snowflake_lacks(compiled: Compiled) -> None:
    assert [f"{name} {text}" for name, sql in compiled.sql.items() for text in misfits(sql)] == []


def test_no_type_makes_it_compute_something_else_on_snowflake(compiled: Compiled) -> None:
    schema = schema_of(compiled.manifest, EVENTS)
    models = compiled.nodes("model")
    found = [
        f"{name} {text}"
        for name, sql in compiled.sql.items()
        for text in type_misfits(sql, schema)
        # A data test may show a number as text to whoever reads its failure.
        if name in models or not text.startswith("makes text")
    ]
    assert found == []


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("select list_aggregate(a, 'sum') from t", r"calls list_aggregate\(\)"),
        ("select epoch(a) from t", r"calls epoch\(\)"),
        ("select arg_max(a, b) from t", r"calls arg_max\(\)"),
        ("select count(*) filter (where a > 1) from t", "an aggregate with a filter"),
        ("select coalesce(a, [1, 2]) from t", "a list literal"),
        ("select a[1] from t", "an index"),
        ("select a // 2 from t", "begins a comment"),
        ("select a from t semi join u on t.a = u.a", "a SEMI join"),
        ("select a as rows from t", "."),
        ("select a at time zone 'UTC' from t", "at time zone"),
        ("select row_number() over (order by a desc) from t", "the nulls' place differs"),
        ("select b from (from t select a)", "begins a query with from"),
    ],
)
def test_what_only_duckdb_understands_is_found(sql: str, complaint: str) -> None:
    try:
        found = "; ".join(misfits(sql))
    except SqlglotError as error:
        found = str(error)
    assert re.search(complaint, found), found


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("select a / b as c from t", "none is a double"),
        ("select 100.0 * a / b as c from t", "none is a double"),
        ("select avg(a) as c from t", "an average in whole numbers"),
        ("select max(d) as c from t", "aggregates booleans"),
        ("select cast(e as varchar) as c from t", "the session's format"),
        ("select cast(f * 2 as bigint) as c from t", "leaves rounding to a cast"),
        ("select (select max(u.a) from t as u where u.b < t.b) as c from t", "a correlated subquery"),
    ],
)
def test_what_types_would_change_is_found(sql: str, complaint: str) -> None:
    columns = {"a": "bigint", "b": "bigint", "d": "boolean", "e": "timestamp", "f": "double"}
    assert complaint in "; ".join(type_misfits(sql, MappingSchema({"t": columns}, dialect="snowflake")))
