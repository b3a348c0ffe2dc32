"""A deployment's own tables in its warehouse: read by name alone, and refused in one sentence where they
can't be."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from include.tidemark.errors import GateError, SourceError
from include.tidemark.pipeline.check import check_stage
from include.tidemark.sources.relations import parse_relation
from include.tidemark.warehouse.base import WarehouseRefusedError
from include.tidemark.warehouse.duckdb import DuckDBWarehouse
from tests.sources.shop import SOURCES, STARTED, TRANSACTIONS, USERS, Shop, tables

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "eve@example.org"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "warehouse.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("set timezone = 'UTC'")
        for statement in tables():
            connection.execute(statement)
    return file


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Shop:
    shutil.copy(template, tmp_path / "warehouse.duckdb")
    return Shop(tmp_path)


def refusal(shop: Shop, old: str = "", new: str = "") -> str:
    assert old in SOURCES
    shop.say(SOURCES.replace(old, new, 1))
    with pytest.raises(SourceError) as caught:
        shop.load()
    message = str(caught.value)
    assert "\n" not in message and SECRET not in message
    return message


def test_rows_are_what_the_mapping_says(shop: Shop) -> None:
    run = shop.load()
    assert shop.mapped(run, "transactions") == TRANSACTIONS
    assert shop.mapped(run, "users", "user_id, created_at, is_test_user, email") == USERS
    assert run.rows_of("transactions").relation == "shop.orders"
    assert run.rows_of("transactions").absent == ("fee_usd",)
    assert run.rows_of("users").absent == ("platform", "country", "username", "email")


def test_tables_that_are_not_mapped_stay_where_the_contract_has_them(shop: Shop) -> None:
    assert shop.load().rows_of("events").rows == "raw.events"


@pytest.mark.parametrize(
    "name",
    [
        "shop.orders",
        "SHOP.Orders",
        '"shop"."orders"',
        'warehouse.shop."orders"',
        " shop.orders ",
    ],
)
def test_a_relation_is_found_by_its_schema_and_catalog(shop: Shop, name: str) -> None:
    shop.say(SOURCES.replace("shop.orders", f"'{name}'"))
    assert shop.mapped(shop.load(), "transactions") == TRANSACTIONS


@pytest.mark.parametrize("name", ["orders", "warehouse.orders", '"main".orders', '"a table; with -- signs"'])
def test_a_relation_of_the_usual_schema_needs_no_schema(shop: Shop, name: str) -> None:
    kept = name if name.startswith('"a') else "orders"
    shop.execute([f"create view main.{kept} as select * from shop.orders"])
    shop.say(SOURCES.replace("shop.orders", f"'{name}'"))
    assert shop.mapped(shop.load(), "transactions") == TRANSACTIONS


orders = None
"""A variable of this process that has the name of a table, as DuckDB looks for one."""


@pytest.mark.parametrize(
    "name", ["orders", "main.orders", "data.csv", '"data.csv"', "main.data", "elsewhere.orders", "gone"]
)
def test_neither_a_variable_nor_a_file_is_taken_for_a_table(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    import pyarrow as pa

    monkeypatch.setattr("tests.sources.test_relations.orders", pa.table({"id": [1]}), raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("id\n1\n")
    message = refusal(shop, "shop.orders", f"'{name}'")
    plain = name.replace('"', "")
    assert f"transactions.from: the table {name} can't be read (there is no such table or view" in message, (
        plain
    )
    assert "grant SELECT on it" in message and "sources.yml" in message


def test_a_relation_that_this_role_may_not_read_is_named_with_what_to_grant(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe: Callable[..., dict[str, str]] = DuckDBWarehouse.describe

    def refuse(self: DuckDBWarehouse, query: str) -> dict[str, str]:
        if "shop.orders" in query:
            raise WarehouseRefusedError("Object 'SHOP.ORDERS' does not exist or not authorized.")
        return describe(self, query)

    monkeypatch.setattr(DuckDBWarehouse, "describe", refuse)
    assert refusal(shop).endswith(
        "sources.yml, line 9: transactions.from: the table shop.orders can't be read (Object 'SHOP.ORDERS' does not exist or not authorized.); create it, or"
        " grant SELECT on it to the role of the pipeline, or correct `from` in sources.yml."
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("user_id: customer_id", "user_id: custmer_id", r"line 12: transactions\.columns\.user_id: shop\.orders has no such column: 'custmer_id' is not known; did you mean 'customer_id'\? Known names: Order No, "),
        ("'\"dept\"'", "'\"Dept\"'", r"line 15: transactions\.columns\.category: .*'Dept' is not known; did you mean 'dept'.*it is dept there"),
        ("not is_test_order", "not test_order", r"line 17: transactions\.where: .*did you mean 'is_test_order'"),
        ("synced_at", "loaded", r"line 18: transactions\.loaded_at: .*'loaded' is not known"),
        ("waers}", "wears}", r"line 14: transactions\.columns\.amount: .*did you mean 'waers'"),
        ("from: ordered_at, format", "from: synced_at, format", r"line 13: transactions\.columns\.transaction_at: synced_at has the type timestamp with time zone, so it needs no format"),
        ("{from: total", "{from: is_test_order", r"line 14: transactions\.columns\.amount: is_test_order has the type boolean"),
        ("not is_test_order", "not is_test_order + 1", "transactions[.].*this can't be computed on shop.orders"),
        ("'\"dept\"'", "left(total, 'x')", "transactions[.].*this can't be computed on shop.orders"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_the_table_is_one_sentence(
    shop: Shop, old: str, new: str, sentence: str
) -> None:
    import re

    message = refusal(shop, old, new)
    assert re.search(sentence, message), message


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (
            "category: '\"dept\"'",
            "category: cast(cast(state as bigint) as varchar)",
            r"line 15: transactions.columns.category:",
        ),
        ("{from: total", "{from: 'cast(state as decimal(18, 2))'", r"line 14: transactions.columns.amount:"),
        (
            "waers}",
            "'cast(cast(state as date) as varchar)'}",
            r"line 14: transactions.columns.amount.currency:",
        ),
        ("not is_test_order", "cast(state as integer) > 1", r"line 17: transactions.where:"),
        ("loaded_at: synced_at", "loaded_at: cast(state as timestamp)", r"line 18: transactions.loaded_at:"),
    ],
)
def test_a_value_that_an_expression_stumbles_over_is_never_shown(
    shop: Shop, old: str, new: str, place: str
) -> None:
    shop.execute([f"update shop.orders set state = '{SECRET}'"])
    message = refusal(shop, old, new)
    assert place in message and "can't be computed for some row of shop.orders" in message
    assert "use try_cast" in message


def test_a_name_that_the_gate_could_not_read_is_refused(shop: Shop) -> None:
    shop.execute(['alter table shop.orders add column "net :eur" double'])
    message = refusal(shop, "{from: total", "{from: '\"net :eur\"'")
    assert (
        "line 14: transactions.columns.amount: a column of shop.orders has a name with a colon before a word"
        in message
    )


def test_a_table_that_no_family_needs_may_be_mapped_wrongly(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.say(f"{SOURCES}events: {{from: shop.nowhere}}\n")
    assert shop.load().rows_of("events").sql is None
    assert "events.from: the table shop.nowhere can't be read" in caplog.text
    assert "No enabled family needs events, so the run goes on." in caplog.text


def test_without_a_load_time_a_row_is_as_new_as_what_it_tells_of_and_never_of_the_future(
    shop: Shop,
) -> None:
    shop.execute(["update shop.orders set ordered_at = '01.01.2027 00:00' where \"Order No\" = 'A-4'"])
    shop.say(SOURCES.replace("  loaded_at: synced_at\n", ""))
    loaded = dict(shop.mapped(shop.load(), "transactions", "transaction_id, _loaded_at"))
    moments = {row[0]: row[2] for row in TRANSACTIONS}
    assert loaded == moments | {"A-4": STARTED.replace(tzinfo=None)}


@pytest.mark.parametrize(
    ("name", "expected"), [("a", "main.a"), ("a.b", "a.b"), ('"A b"', 'main."A b"'), (" a.b.c ", "a.b.c")]
)
def test_a_name_alone_is_of_duckdb_s_main_schema(name: str, expected: str) -> None:
    assert parse_relation(name, "duckdb") == expected


def test_a_name_alone_is_of_snowflake_s_current_schema() -> None:
    assert parse_relation("a", "snowflake") == "a"


# The gate


def stopped(shop: Shop) -> str:
    run = shop.load()
    with pytest.raises(GateError) as caught:
        check_stage("sources", run, shop.settings)
    assert SECRET not in str(caught.value) and "T-1" not in str(caught.value)
    observed = shop.rows("select message from control.gate_results")
    assert SECRET not in str(observed)
    return str(caught.value)


def test_sound_rows_of_own_tables_pass_the_gate_under_their_own_names(shop: Shop) -> None:
    run = shop.load()
    found = check_stage("sources", run, shop.settings)
    assert found["critical"] == 0
    messages = [row[0] for row in shop.rows("select message from control.gate_results")]
    assert "Every value of shop.orders for transactions.amount_usd can be taken as it is." in messages
    assert any(message.startswith("shop.orders.status holds unknown values (1 rows)") for message in messages)
    assert not any("raw." in message for message in messages)


def test_a_mapping_that_gives_duplicates_a_second_currency_or_unreadable_times_stops_the_run(
    shop: Shop,
) -> None:
    shop.execute(
        [
            "insert into shop.orders select * from shop.orders where \"Order No\" = 'A-1'",
            "update shop.orders set waers = 'USD' where \"Order No\" = 'A-2'",
            f"update shop.orders set ordered_at = '{SECRET}' where \"Order No\" = 'A-3'",
        ]
    )
    message = stopped(shop)
    assert "shop.orders.transaction_id holds values more than once (1 rows too many)" in message
    assert "transactions.transaction_at that are not written as %d.%m.%Y %H:%M (1)" in message
    messages = str(shop.rows("select message from control.gate_results where not success"))
    assert (
        "shop.orders has values for transactions.amount_usd in another currency than EUR, which is the deployment"
        in messages
    )
    assert "or in none (1); correct them, or the mapping (" in messages


def test_texts_with_colons_and_percent_signs_mean_the_same_in_the_gate_as_everywhere(shop: Shop) -> None:
    shop.execute(
        [
            """alter table shop.orders add column "50 % off" varchar""",
            """update shop.orders set state = ':paid', "50 % off" = 'http://x :y 100%'""",
            """update shop.orders set state = ':open' where "Order No" = 'A-1'""",
        ]
    )
    shop.say(
        SOURCES.replace("{paid: posted, cancelled: declined}", "{':paid': posted, ':open': pending}")
        .replace("'\"dept\"'", "case when \"50 % off\" like 'http://x :y 100!%' escape '!' then ' :a?%s' end")
        .replace('format: "%d.%m.%Y %H:%M"', 'format: "%d.%m.%Y %H:%M"')
    )
    run = shop.load()
    assert {row[:2] for row in shop.mapped(run, "transactions", "category, status")} == {
        (":a?%s", "posted"),
        (":a?%s", "pending"),
    }
    found = check_stage("sources", run, shop.settings)
    assert found["critical"] == 0
    rows = {
        row[0]: row[1:]
        for row in shop.rows("select expectation, observed, message from control.gate_results")
    }
    assert rows["unknown_status"][0] == "0" and rows["blank_category"][0] == "0"
    assert rows["unknown_category"] == (
        "4",
        "shop.orders.category holds categories that are in no group (4 rows; those that 10 users or more have: none); they count as other: add them to category_groups.",
    )
    assert rows["rows_before_as_of"][0] == "3"


def test_a_text_date_is_read_in_the_gate_as_everywhere(shop: Shop) -> None:
    shop.execute(
        [
            "create table shop.periods (n varchar, first varchar, last varchar)",
            "insert into shop.periods values ('1', '2026-01-01', '2026-01-31T00:00:00'), ('2', '2026-02-01 00:00', '9999-12-31')",
            "create schema raw",
            "create table raw.market_prices (price_date date, btc_usd double, eth_usd double, _loaded_at timestamp)",
            "create table raw.events (event_id varchar)",
        ]
    )
    shop.say(
        f"{SOURCES}fee_periods:\n  from: shop.periods\n"
        "  columns: {period_id: n, period_start_date: first, period_end_date: last}\n"
    )
    run = shop.load(families=("fee_tiers",))
    assert [row[1:3] for row in shop.mapped(run, "fee_periods")] == [
        (datetime(2026, 1, 1).date(), datetime(2026, 1, 31).date()),
        (datetime(2026, 2, 1).date(), datetime(9999, 12, 31).date()),
    ]
    with pytest.raises(GateError):
        check_stage("sources", run, shop.settings)  # the prices have no row
    rows = dict(
        shop.rows(
            "select expectation, observed from control.gate_results where suite = 'sources.fee_periods'"
        )
    )
    assert (rows["unreadable_period_start_date"], rows["unreadable_period_end_date"]) == ("0", "0")
    assert (rows["period_reversed"], rows["period_overlap"]) == ("0", "0")
