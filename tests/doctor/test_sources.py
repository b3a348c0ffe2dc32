"""Sources are found and read as the loader does, and nothing is loaded."""

import gzip
from pathlib import Path

import duckdb
import pytest

from include.tidemark.doctor import landing_files, rows, sources
from include.tidemark.sources.contract import source_tables
from tests.contracts import definition
from tests.doctor.conftest import CUSTOMERS, MARK, ORDERS, Examine, Shop, csv_of, of, states, worst


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def make_database(shop: Shop, *statements: str) -> None:
    with duckdb.connect(str(shop.folder / "warehouse.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)


def map_to_relations(shop: Shop, *statements: str) -> None:
    """The same rows as tables of the warehouse."""
    shop.write()
    landing = shop.folder / "landing"
    make_database(
        shop,
        "create schema shop",
        *(
            f"create table shop.{name} as from read_csv('{landing / name}.csv', all_varchar = true)"
            for name in ("customers", "orders")
        ),
        *statements,
    )
    for table, name in (("users", "customers"), ("transactions", "orders")):
        shop.sources[table]["from"] = f"shop.{name}"
        del shop.sources[table]["files"]
    shop.columns["amount"] = {"from": "total", "currency": "EUR"}


def test_files_that_fit_the_mapping_are_ok_with_what_they_lack(examine: Examine, shop: Shop):
    findings = examine(sources.look_at_sources)
    assert states(findings) == {"ok"}
    assert (
        findings[0].found
        == f"{(shop.folder / 'landing' / 'customers.csv').as_uri()} can be read with these columns and types."
    )
    lacking = source_tables()["transactions"].column("fee_usd").without
    assert f"There is no fee_usd: {lacking}" in [finding.found for finding in findings]


def test_nothing_is_loaded_or_left_behind(examine: Examine, shop: Shop):
    examine(sources.look_at_sources)
    before = files_of(shop.folder)
    examine(sources.look_at_sources)
    assert files_of(shop.folder) == before and "warehouse.duckdb" not in before


def test_relations_that_fit_the_mapping_are_ok_and_the_warehouse_stays_as_it_was(
    examine: Examine, shop: Shop
):
    map_to_relations(shop)
    before = (shop.folder / "warehouse.duckdb").read_bytes()
    findings = examine(sources.look_at_sources)
    assert states(findings) == {"ok"} and "shop.customers can be read" in findings[0].found
    assert (shop.folder / "warehouse.duckdb").read_bytes() == before


def test_a_column_that_does_not_exist_is_wrong_with_the_nearest_name(examine: Examine, shop: Shop):
    shop.columns["category"] = "departmnt"
    found = worst(examine(sources.look_at_sources))
    assert found.state == "wrong" and "department" in found.found + found.action


@pytest.mark.parametrize("where", ["files", "relations"])
def test_every_column_that_is_wrong_is_told_not_only_the_first(examine: Examine, shop: Shop, where):
    if where == "relations":
        map_to_relations(shop)
    shop.columns.update({"category": "departmnt", "status": "stat", "fee": "fees"})
    wrong = [finding for finding in examine(sources.look_at_sources) if finding.state == "wrong"]
    assert len(wrong) == 3
    assert all(
        any(name in f"{each.found} {each.action}" for each in wrong)
        for name in ("departmnt", "'stat'", "'fees'")
    )


@pytest.mark.parametrize("where", ["files", "relations"])
def test_an_expression_that_does_not_fit_its_columns_is_told_with_its_line(
    examine: Examine, shop: Shop, where
):
    if where == "relations":
        map_to_relations(shop)
    shop.columns["amount"] = {"from": "total * 2", "currency": "EUR"}
    found = worst(examine(sources.look_at_sources))
    lines = (shop.folder / "config" / "sources.yml").read_text(encoding="utf-8").splitlines()
    line = lines.index("    amount:") + 1
    assert found.found.startswith(
        f"{shop.folder}/config/sources.yml, line {line}: transactions.columns.amount: "
    )


def test_a_condition_that_can_not_be_computed_is_told_once(examine: Examine, shop: Shop):
    shop.sources["transactions"]["where"] = "stat = 'paid'"
    assert "transactions.where" in worst(examine(sources.look_at_sources)).found


def test_values_that_do_not_fit_the_format_are_counted_with_the_first_row(examine: Examine, shop: Shop):
    for number in (47, 100, 101):
        shop.orders[number]["ordered"] = MARK
    shop.orders[200]["total"] = MARK
    shop.columns["amount"] = {"from": "total", "currency": "EUR"}
    found = [finding.found for finding in examine(sources.look_at_sources) if finding.state == "wrong"]
    assert len(found) == 2
    assert "has 3 values in column transaction_at" in found[0] and "(the first in data row 48)" in found[0]
    assert "has 1 values in column amount_usd" in found[1] and "(the first in data row 201)" in found[1]


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("transactions", "files", "nothing-*.csv"),
        ("users", "csv", {"delimiter": ";"}),
        ("users", "csv", {"encoding": "utf-16"}),
    ],
)
def test_files_that_are_not_there_or_not_as_the_mapping_says_are_wrong(
    examine: Examine, shop: Shop, table, key, value
):
    shop.sources[table][key] = value
    findings = examine(sources.look_at_sources)
    wrong = [finding for finding in findings if finding.state == "wrong"]
    assert wrong and {finding.subject for finding in wrong} == {table}


def test_a_damaged_file_is_wrong_and_the_other_table_is_still_looked_at(
    examine: Examine, shop: Shop, monkeypatch
):
    shop.write()
    (shop.folder / "landing" / "customers.csv").write_bytes(b"customer,joined\nc1,01.01.2026\nc2\n")
    monkeypatch.setattr(Shop, "write", lambda self: None)
    findings = examine(sources.look_at_sources)
    assert of([f for f in findings if f.state == "wrong"], "users").action
    assert any(finding.subject == "transactions" and finding.state == "ok" for finding in findings)


def test_files_of_one_pattern_with_other_columns_are_wrong(examine: Examine, shop: Shop):
    shop.sources["transactions"]["files"] = "orders*.csv"
    shop.write()
    other = [
        {("Bestellung" if key == "Order No" else key): cell for key, cell in row.items()}
        for row in shop.orders
    ]
    (shop.folder / "landing" / "orders_2.csv").write_text(csv_of(other), encoding="utf-8")
    found = [finding.found for finding in examine(sources.look_at_sources) if finding.state == "wrong"]
    assert len(found) == 1 and "orders_2.csv has other columns than" in found[0]


def test_of_many_files_the_first_and_last_are_read_and_it_is_said(examine: Examine, shop: Shop, monkeypatch):
    monkeypatch.setattr(landing_files, "AT_EACH_END", 2)
    shop.sources["transactions"] |= {"files": "day-*.csv", "mode": "append"}
    shop.write()
    for number in range(9):
        rows = [row | {"Order No": f"{number}-{row['Order No']}"} for row in shop.orders[:5]]
        if number == 4:
            rows[0]["total"] = MARK
        (shop.folder / "landing" / f"day-{number}.csv").write_text(csv_of(rows), encoding="utf-8")
    findings = examine(sources.look_at_sources)
    assert states(findings) == {"ok"}
    assert "Looked at: the first and last 2 of 9 files." in "".join(finding.found for finding in findings)


def test_a_hundred_faulty_files_are_a_few_findings(examine: Examine, shop: Shop):
    shop.sources["transactions"] |= {"files": "day-*.csv", "mode": "append"}
    shop.write()
    for number in range(12):
        rows = [row | {"total": MARK} for row in shop.orders[:2]]
        (shop.folder / "landing" / f"day-{number:02}.csv").write_text(csv_of(rows), encoding="utf-8")
    findings = [finding for finding in examine(sources.look_at_sources) if finding.state == "wrong"]
    assert len(findings) == 6 and "7 more faults" in findings[-1].found


def test_tables_that_no_mapping_names_are_read_as_the_contract_says(examine: Examine, shop: Shop):
    shop.sources.clear()
    columns = [column.name for column in source_tables()["users"].file_columns]
    shop.write()
    landing = shop.folder / "landing"
    (landing / "users.csv").write_text(f"{','.join(columns)}\nu1,2026-01-01 10:00:00,,,,,\n")
    (landing / "transactions.csv").write_text("transaction_id,user_id\nt1,u1\n")
    found = worst(examine(sources.look_at_sources))
    assert found.subject == "transactions" and "has no column transaction_at" in found.found


def test_a_table_that_is_nowhere_is_wrong_with_the_family_that_needs_it(examine: Examine, shop: Shop):
    shop.sources = {"users": CUSTOMERS}
    found = worst(examine(sources.look_at_sources))
    assert (
        found.subject == "transactions"
        and "The family customer_segments needs the table raw.transactions" in found.found
    )


def test_a_file_almost_of_the_contract_s_name_is_wrong(examine: Examine, shop: Shop):
    shop.sources = {"users": CUSTOMERS}
    shop.write()
    (shop.folder / "landing" / "transactions.csv.gz").write_bytes(gzip.compress(b"transaction_id\n"))
    assert "transactions.csv.gz" in worst(examine(sources.look_at_sources)).found


def test_raw_tables_that_stand_in_the_warehouse_are_held_against_the_contract(
    examine: Examine, shop: Shop, monkeypatch
):
    shop.sources.clear()
    monkeypatch.delenv("TIDEMARK_LANDING_URL")

    make_database(
        shop,
        "create schema raw",
        f"create table raw.users ({definition('raw.users')})",
        f"create table raw.transactions ({definition('raw.transactions')})",
        "alter table raw.transactions drop column category",
        "alter table raw.transactions alter amount_usd type varchar",
        "alter table raw.transactions alter transaction_at type timestamptz",
    )
    findings = examine(sources.look_at_sources)
    assert of(findings, "users").found == "raw.users is in the warehouse, with these columns and types."
    wrong = [finding.found for finding in findings if finding.state == "wrong"]
    assert len(wrong) == 3
    assert "raw.transactions.transaction_at has the type timestamp with time zone" in wrong[0]
    assert "raw.transactions.amount_usd has the type varchar" in wrong[1]
    assert "raw.transactions.category (varchar) is missing" in wrong[2]


def test_a_relation_that_does_not_exist_is_wrong_and_so_is_one_without_a_warehouse(
    examine: Examine, shop: Shop
):
    map_to_relations(shop, "drop table shop.orders")
    assert "shop.orders can't be read" in worst(examine(sources.look_at_sources)).found
    (shop.folder / "warehouse.duckdb").unlink()
    assert all("does not exist" in finding.found for finding in examine(sources.look_at_sources))


def test_a_relation_that_may_not_be_read_is_wrong_with_the_grant_that_it_needs(
    examine: Examine, shop: Shop, monkeypatch
):
    from include.tidemark.warehouse.base import WarehouseRefusedError
    from include.tidemark.warehouse.duckdb import DuckDBWarehouse

    map_to_relations(shop)
    usual = DuckDBWarehouse.describe

    def refuse(self: DuckDBWarehouse, query: str) -> dict[str, str]:
        if "shop.orders" in query:
            raise WarehouseRefusedError("Object 'SHOP.ORDERS' does not exist or not authorized.")
        return usual(self, query)

    monkeypatch.setattr(DuckDBWarehouse, "describe", refuse)
    found = worst(examine(sources.look_at_sources))
    assert found.subject == "transactions" and "grant SELECT on it" in f"{found.found} {found.action}"


def test_a_warehouse_that_another_process_holds_leaves_its_tables_unseen_but_not_the_files(
    examine: Examine, shop: Shop
):
    from tests.doctor.test_warehouse import held

    map_to_relations(shop)
    shop.sources["users"] = CUSTOMERS
    with held(shop.folder / "warehouse.duckdb"):
        findings = examine(sources.look_at_sources)
    assert worst(findings).found == "Not looked at: the warehouse can't be opened."
    assert any(finding.subject == "users" and "can be read" in finding.found for finding in findings)


def test_tables_are_only_read_so_another_reader_is_no_hindrance(examine: Examine, shop: Shop):
    from tests.doctor.test_warehouse import held

    map_to_relations(shop)
    with held(shop.folder / "warehouse.duckdb", "read only"):
        assert states(examine(sources.look_at_sources)) == {"ok"}


def test_a_mapping_that_is_wrong_is_told_once_not_for_each_file(examine: Examine, shop: Shop):
    shop.sources["transactions"]["files"] = "orders*.csv"
    shop.columns["category"] = "departmnt"
    shop.write()
    (shop.folder / "landing" / "orders_2.csv").write_text(csv_of(shop.orders), encoding="utf-8")
    assert worst(examine(sources.look_at_sources)).state == "wrong"


@pytest.mark.parametrize("url", [None, "file:///nowhere/at/all", "s3://bucket/landing"])
def test_a_landing_folder_that_is_not_set_or_not_there_is_wrong(examine: Examine, monkeypatch, url):
    if url is None:
        monkeypatch.delenv("TIDEMARK_LANDING_URL")
    else:
        monkeypatch.setenv("TIDEMARK_LANDING_URL", url)
    findings = examine(sources.look_at_sources)
    assert len(findings) == 2 and states(findings) == {"wrong"}


def test_a_table_that_is_mapped_but_not_needed_is_named_and_not_read(examine: Examine, shop: Shop):
    shop.sources["events"] = {"files": "nothing.csv"}
    found = of(examine(sources.look_at_sources), "events")
    assert found.state == "ok" and "not looked at" in found.found


def test_the_shop_s_mapping_is_not_changed_by_a_test():
    assert ORDERS["columns"]["category"] == "department" and CUSTOMERS["files"] == "customers.csv"


WITHOUT_MONEY = "what the family engagement makes of it is null, with the reason no_transactions."


def test_a_table_that_the_families_can_do_without_may_be_nowhere(
    examine: Examine, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    del shop.sources["transactions"]
    shop.write()
    monkeypatch.setenv("TIDEMARK_FAMILIES", "engagement")
    found = of(examine(sources.look_at_sources), "transactions")
    assert (found.state, found.found) == (
        "ok",
        f"It is neither mapped in sources.yml nor landed: {WITHOUT_MONEY}",
    )
    monkeypatch.setenv("TIDEMARK_FAMILIES", "engagement,customer_segments")
    assert of(examine(sources.look_at_sources), "transactions").state == "wrong"


def test_a_table_that_the_families_can_do_without_may_be_empty(
    examine: Examine, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    map_to_relations(shop, "delete from shop.orders")
    monkeypatch.setenv("TIDEMARK_FAMILIES", "engagement")
    found = of(examine(rows.look_at_rows), "transactions: rows")
    assert (found.state, found.found) == ("ok", f"There are none: {WITHOUT_MONEY}")
