"""`tidemark init` on tables of an account: its names, its types, and times that are text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from include.tidemark.cli.main import main
from include.tidemark.config.folder import SOURCES, load_config
from include.tidemark.settings import Settings
from tests.snowflake.emulator import Emulator, running_emulator

ROWS = 60


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("account")) as emulator:
        yield emulator


def fill(account: Emulator) -> None:
    people = ", ".join(f"({n}, '{1 + n % 28:02}.01.2026', 'DE')" for n in range(ROWS))
    orders = ", ".join(
        f"('O{n}', {n}, '2026-02-{1 + n % 28:02} 10:00:00', {n}.50, 'EUR', '2026-03-01 00:00:00')"
        for n in range(ROWS)
    )
    account.execute(
        "create schema if not exists shop",
        'create or replace table shop.people (id number(38, 0), "Joined on" varchar, country varchar)',
        f"insert into shop.people values {people}",
        "create or replace table shop.orders (order_no varchar, customer_id number(38, 0), ordered_at varchar, total number(12, 2),"
        " currency varchar, _fivetran_synced timestamp_ntz)",
        f"insert into shop.orders values {orders}",
    )


def test_tables_are_mapped_under_their_own_names_with_formats_for_every_text(
    account: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TIDEMARK_WAREHOUSE", "snowflake")
    fill(account)
    assert main(["init", "--from", "shop.people", "SHOP.ORDERS", "--to", str(tmp_path / "config")]) == 0
    written = yaml.safe_load((tmp_path / "config" / SOURCES).read_text(encoding="utf-8"))
    assert written["users"]["columns"]["user_id"] == "ID"
    assert written["users"]["columns"]["created_at"] == {
        "from": '"Joined on"',
        "format": "%d.%m.%Y",
        "timezone": "Europe/Berlin",
    }
    assert written["transactions"]["from"] == "SHOP.ORDERS"
    assert written["transactions"]["loaded_at"] == "_FIVETRAN_SYNCED"
    assert written["transactions"]["columns"]["transaction_at"] == {
        "from": "ORDERED_AT",
        "format": "%Y-%m-%d %H:%M:%S",
    }
    assert written["transactions"]["columns"]["amount"] == {"from": "TOTAL", "currency": "CURRENCY"}
    load_config(Settings(warehouse="snowflake", config_dir=tmp_path / "config"), {})


def test_a_table_that_is_not_there_is_one_sentence(
    account: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TIDEMARK_WAREHOUSE", "snowflake")
    assert main(["init", "--from", "shop.missing", "--to", str(tmp_path / "config")]) == 2
    assert "The table shop.missing can't be read: it does not exist" in capsys.readouterr().err
