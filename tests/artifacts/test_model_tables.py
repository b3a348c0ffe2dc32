"""Tables that are published as a dbt model has them: the yml says what and how, and the file is just that."""

import csv
from datetime import date
from pathlib import Path

import pytest

from include.tidemark.artifacts import model_tables
from include.tidemark.artifacts.model_tables import dbt_models, model_table, write_model_table
from include.tidemark.artifacts.tables import Column
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.currency import currency_named
from include.tidemark.rules import load_rules
from include.tidemark.settings import Settings
from include.tidemark.shared_texts import SHARED_BY_USERS
from include.tidemark.warehouse import open_warehouse

PUBLISHED = {
    path: name
    for name, model in dbt_models().items()
    for path in model.get("config", {}).get("meta", {}).get("publish", {})
}
KEYS = {"description", "formats", "schema_version", "columns", "without", "ids", "where", "order_by"}
HASHED = UserIds(publish="#{}".format, order_salt="salt")
MODEL = {
    "name": "swaps",
    "config": {
        "meta": {
            "publish": {
                "data/swaps": {
                    "description": "One row per user and week.", "formats": ["csv"], "schema_version": 3, "ids": ["user_id"],
                    "where": "k <= $fee_retention_weeks", "order_by": ["k desc", "user_id"],
                    "columns": [{"user_id": "user_address"}, "$more", "k", "platform", "paid_usd"],
                }
            }
        }
    },
    "columns": [
        {"name": "user_id", "data_type": "varchar", "description": "The user."},
        {"name": "email", "data_type": "varchar", "description": "Stays inside."},
        {"name": "k", "data_type": "integer", "description": "Week\n  k."},
        {"name": "paid_usd", "data_type": "decimal(18,2)", "description": "Paid, in US dollars."},
        {
            "name": "platform", "data_type": "varchar", "description": "Where.",
            "config": {"meta": {"shown": "where_shared"}},
        },
    ],
}  # fmt: skip


class TheRun:
    run_key = "this"
    rules = load_rules(environ={})


@pytest.fixture
def swaps(monkeypatch: pytest.MonkeyPatch) -> model_tables.ModelTable:
    monkeypatch.setattr(model_tables, "dbt_models", lambda: {"swaps": MODEL})
    return model_table("data/swaps", more=(Column("day", "date", "A day that rules decide."),))


@pytest.mark.parametrize("path", PUBLISHED)
def test_what_a_yml_publishes_is_in_its_contract_and_described(path: str) -> None:
    model = dbt_models()[PUBLISHED[path]]
    publish = model["config"]["meta"]["publish"][path]
    assert publish.keys() <= KEYS
    names = {column["name"] for column in model["columns"]}
    assert {*publish.get("without", ()), *publish.get("ids", ())} <= names
    table = model_table(path, features=())
    assert {column.key for column in table.columns} <= names
    assert [column.name for column in table.columns if not column.description] == []
    assert table.parquet is ("parquet" in publish["formats"])
    people = {column.name for column in table.columns if column.key.endswith("user_id")}
    assert people == {column.name for column in table.columns if column.kind == "id"}


def test_columns_have_the_contract_s_kinds_and_words_under_their_published_names(
    swaps: model_tables.ModelTable,
) -> None:
    assert [(column.name, column.key, column.kind) for column in swaps.columns] == [
        ("user_address", "user_id", "id"),
        ("day", "day", "date"),
        ("k", "k", "integer"),
        ("platform", "platform", "text"),
        ("paid_usd", "paid_usd", "money"),
    ]
    assert swaps.columns[2].description == "Week k."
    assert swaps.columns[3].description == f"Where; other where fewer than {SHARED_BY_USERS} users have it."
    assert (swaps.model, swaps.schema_version, swaps.parquet) == ("swaps", 3, False)


def test_another_currency_keeps_a_published_name_that_is_not_the_model_s(
    swaps: model_tables.ModelTable,
) -> None:
    euros = swaps.in_currency(currency_named("EUR"))
    assert euros.names == ("user_address", "day", "k", "platform", "paid_eur")
    assert [column.key for column in euros.columns] == [column.key for column in swaps.columns]
    assert euros.where == swaps.where


def test_the_rows_of_the_run_are_written_with_hashed_ids_and_shared_texts_alone(
    swaps: model_tables.ModelTable, tmp_path: Path
) -> None:
    weeks = TheRun.rules.fee_retention_weeks
    with open_warehouse(Settings(duckdb_path=tmp_path / "warehouse.duckdb")) as warehouse:
        warehouse.execute("create schema if not exists runs")
        warehouse.execute(
            f"create table runs.swaps as select 'this' as run_key, 'user ' || i as user_id, 'x@y' as email, i + {weeks} - 11 as k,"
            " date '2026-11-01' as day, if(i = 1, 'rare', 'web') as platform, 1.5::decimal(18, 2) as paid_usd"
            " from range(1, 13) as t(i)"
        )
        warehouse.execute("insert into runs.swaps select * replace ('another' as run_key) from runs.swaps")
        (written,) = write_model_table(swaps, TheRun(), warehouse, HASHED, tmp_path)  # type: ignore[arg-type]
    assert (written.path, written.rows, written.schema_version) == ("data/swaps.csv", 11, 3)
    with (tmp_path / "data/swaps.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["k"]) for row in rows] == list(range(weeks, weeks - 11, -1))
    assert rows[-1] == {
        "user_address": "#user 1",
        "day": str(date(2026, 11, 1)),
        "k": str(weeks - 10),
        "platform": "other",
        "paid_usd": "1.50",
    }
    assert {row["platform"] for row in rows[:-1]} == {"web"}
