"""The doctor on an emulated Snowflake: session, grants by making and dropping, mapped tables, a first look at
their rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError

from include.tidemark.doctor import rows, sources, warehouse
from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import Finding
from include.tidemark.warehouse.control import SCHEMAS
from include.tidemark.warehouse.snowflake import SnowflakeWarehouse
from tests.doctor.conftest import of, states, worst
from tests.snowflake.emulator import Emulator, running_emulator

SECRET = "correct-horse-battery"
STARTED = datetime(2026, 11, 1, 6, tzinfo=UTC)
SOURCES = """
users:
  from: SHOP.CUSTOMERS
  columns: {user_id: ID, created_at: JOINED}
transactions:
  from: SHOP.ORDERS
  columns:
    transaction_id: '"Order No"'
    user_id: customer
    transaction_at: {from: ordered, format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin}
    amount: total
"""


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("account")) as emulator:
        emulator.execute(
            *[f"create schema {schema}" for schema in (*SCHEMAS, "shop")],
            "create table shop.customers (id bigint, joined timestamp_ntz)",
            "insert into shop.customers values (1, '2026-01-01 12:00:00'), (2, '2026-01-02 12:00:00')",
            'create table shop.orders ("Order No" varchar, customer bigint, ordered varchar, total number(10,2), currency varchar)',
            "insert into shop.orders select 'o' || seq4(), iff(seq4() < 3, 99, 1), '0' || (1 + mod(seq4(), 9)) || '.10.2026 13:45',"
            " 20, iff(seq4() = 0, 'MARKED', 'EUR') from table(generator(rowcount => 30))",
        )
        yield emulator


@pytest.fixture
def examination(account: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Examination]:
    for name, value in account.environment(password=SECRET).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "sources.yml").write_text(SOURCES, encoding="utf-8")
    (tmp_path / "rules.yml").write_text("business_timezone: Europe/Berlin", encoding="utf-8")
    monkeypatch.setenv("TIDEMARK_CONFIG_DIR", str(tmp_path))
    with Examination(STARTED, date(2026, 11, 1)) as opened:
        yield opened


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets Snowflake refuse statements that begin so, as it does for want of a grant."""

    def refuse_beginning(start: str) -> None:
        usual = SnowflakeWarehouse.execute

        def execute(self: SnowflakeWarehouse, sql: str, parameters: Sequence[Any] = ()) -> None:
            if sql.startswith(start):
                raise ProgrammingError(msg=f"Insufficient privileges, {SECRET}", errno=3001)
            usual(self, sql, parameters)

        monkeypatch.setattr(SnowflakeWarehouse, "execute", execute)

    return refuse_beginning


def look(check: Callable[[Examination], Iterable[Finding]], examination: Examination) -> list[Finding]:
    findings = list(check(examination))
    assert SECRET not in str(findings) and "MARKED" not in str(findings)
    return findings


def test_a_session_that_has_what_it_needs_is_ok(examination: Examination) -> None:
    findings = look(warehouse.look_at_warehouse, examination)
    assert states(findings) == {"ok"}
    assert findings[0].found == "Snowflake, with role TIDEMARK_RUNNER, warehouse TIDEMARK, database TIDEMARK."


def test_a_session_without_a_warehouse_is_wrong(
    examination: Examination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        SnowflakeWarehouse, "in_use", lambda self: {"role": "R", "warehouse": None, "database": "D"}
    )
    found = worst(look(warehouse.look_at_warehouse, examination))
    assert found.state == "wrong" and "has no warehouse" in found.found
    assert "TIDEMARK_SNOWFLAKE_WAREHOUSE" in found.action


def test_what_a_run_makes_is_made_and_dropped_in_each_schema_but_raw(
    examination: Examination, account: Emulator
) -> None:
    before = len(account.requests())
    findings = look(warehouse.look_at_grants, examination)
    assert [finding.found.split()[-1] for finding in findings] == [
        "staging.",
        "core.",
        "runs.",
        "marts.",
        "control.",
    ]
    assert states(findings) == {"ok"}
    asked = [request["sql"] for request in account.requests()[before:] if "sql" in request]
    made = [sql for sql in asked if sql.startswith("create ")]
    dropped = [sql for sql in asked if sql.startswith("drop ")]
    assert len(dropped) == len(made) == 6
    assert all(sql.rpartition(" ")[2] in "".join(made) for sql in dropped)


def test_raw_is_looked_at_where_files_are_landed(
    examination: Examination, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIDEMARK_LANDING_URL", tmp_path.as_uri())
    assert look(warehouse.look_at_grants, examination)[0].found == "The role may make and drop tables in raw."


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("create view marts.", "may not make and drop a view in the schema marts (ProgrammingError (3001))"),
        ("create transient table core.", "may not make and drop a table in the schema core (ProgrammingError (3001))"),
        ("drop table runs.", "when it was dropped; runs.tidemark_doctor_"),
    ],
)  # fmt: skip
def test_a_missing_grant_is_wrong_with_its_name(
    examination: Examination, refuse: Callable[[str], None], statement: str, words: str
) -> None:
    refuse(statement)
    found = worst(look(warehouse.look_at_grants, examination))
    assert found.state == "wrong" and words in found.found and "Grant USAGE and CREATE" in found.action


def test_schemas_that_do_not_stand_are_ok_where_the_role_may_make_them_and_wrong_where_not(
    examination: Examination, refuse: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "SCHEMAS", ("core", "new"))
    assert look(warehouse.look_at_grants, examination)[0].found.startswith("The schemas new do not exist yet")
    refuse("create transient schema")
    found = worst(look(warehouse.look_at_grants, examination))
    assert found.state == "wrong" and "snowflake_setup.sql" in found.action


def test_a_login_that_is_refused_is_tried_once(
    examination: Examination, account: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def refuse_login(*_: Any) -> None:
        tried.append(1)
        raise DatabaseError(msg=f"Incorrect username or password {SECRET}", errno=250001)

    monkeypatch.setattr("include.tidemark.warehouse.snowflake.connect_to_snowflake", refuse_login)
    found = worst(look(warehouse.look_at_warehouse, examination))
    assert "(DatabaseError (250001))" in found.found
    assert states(look(sources.look_at_sources, examination)) == {"warning"}
    assert len(tried) == 1


def test_mapped_tables_and_their_rows_are_looked_at(examination: Examination) -> None:
    findings = look(sources.look_at_sources, examination)
    assert states(findings) == {"ok"}
    assert (
        of(findings, "transactions", 0).found
        == "The table SHOP.ORDERS can be read with these columns and types."
    )
    findings = look(rows.look_at_rows, examination)
    assert of(findings, "transactions: rows").found == "30 rows, of 2026-10-01 to 2026-10-09."
    assert of(findings, "transactions: users").found.startswith("10 % of the rows are of users who are not")
    assert "in another currency than USD" in of(findings, "transactions: amount_usd").found


def test_a_relation_that_the_role_may_not_read_is_wrong_with_its_grant(
    examination: Examination, tmp_path: Path
) -> None:
    (tmp_path / "sources.yml").write_text(SOURCES.replace("SHOP.ORDERS", "SHOP.SECRETS"), encoding="utf-8")
    found = worst(look(sources.look_at_sources, examination))
    assert found.state == "wrong" and "grant SELECT on it" in f"{found.found} {found.action}"


def test_users_in_files_can_not_be_looked_up_for_rows_on_snowflake(
    examination: Examination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEMARK_LANDING_URL", tmp_path.as_uri())
    (tmp_path / "users.csv").write_text("ID,JOINED\n1,2026-01-01 12:00:00\n", encoding="utf-8")
    mapped = SOURCES.replace("from: SHOP.CUSTOMERS", "files: users.csv")
    (tmp_path / "sources.yml").write_text(mapped, encoding="utf-8")
    findings = look(rows.look_at_rows, examination)
    assert of(findings, "users: rows").found == "1 rows, of 2026-01-01 to 2026-01-01."
    assert of(findings, "transactions: users").found.startswith("Not looked at")
