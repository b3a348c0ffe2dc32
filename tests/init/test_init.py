"""`tidemark init` as a whole: from the files of a business that is new to it to a folder that a run can
load."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from jsonschema import Draft202012Validator

from include.tidemark.cli.main import main
from include.tidemark.config.folder import RULES, SOURCES, load_config
from include.tidemark.config.schemas import rules_schema, sources_schema
from include.tidemark.errors import SettingsError
from include.tidemark.init.folder import write_folder
from include.tidemark.init.propose import propose
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.landing import Deployment, load_sources
from include.tidemark.sources.sources_file import sources_model
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from tests.init.worlds import WORLDS, app, exchange, german, moments, shop, write_csv


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIDEMARK_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path


def init(*arguments: str | Path) -> int:
    return main(["init", *map(str, arguments)])


def loaded(here: Path, landing: Path | None, **more) -> dict[str, int]:
    """Rows of each table after a load by what init wrote; `raw` of the warehouse holds them."""
    settings = Settings(
        config_dir=here / "config",
        duckdb_path=here / "warehouse.duckdb",
        landing_url=landing.as_uri() if landing else None,
        **more,
    )
    config = load_config(settings, {})
    sources = sources_model().model_validate(config.documents[SOURCES]).mapped()
    with open_warehouse(settings) as warehouse:
        ensure_control_tables(warehouse)
        needed = dict.fromkeys(sources, "a family")
        started_at = datetime(2026, 7, 1, tzinfo=UTC)
        found = load_sources(
            Deployment(settings, needed, started_at, sources, config.rules.currency), warehouse
        )
    return {table.table: table.row_count for table in found}


def rows(here: Path, sql: str) -> list[tuple]:
    with duckdb.connect(here / "warehouse.duckdb", read_only=True) as engine:
        return engine.execute(sql).fetchall()


@pytest.mark.parametrize("name", WORLDS)
def test_the_written_folder_is_one_that_a_run_accepts_and_editors_find_no_fault_in(here, name, capsys):
    files = WORLDS[name](here / "in")
    assert init("--from", *files) == 0
    documents = load_config(Settings(config_dir=here / "config"), {}).documents
    Draft202012Validator(sources_schema()).validate(documents[SOURCES])
    Draft202012Validator(rules_schema()).validate(documents[RULES])
    for file in (SOURCES, RULES):
        first = (here / "config" / file).read_text(encoding="utf-8").splitlines()[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert (here / "config" / schema).resolve().is_file()


def test_a_shop_s_export_is_loaded_as_init_maps_it(here, capsys):
    shop(here / "in")
    assert init("--from", here / "in") == 0
    assert loaded(here, here / "in") == {"users": 400, "transactions": 3_000}
    local = "created_at at time zone 'UTC' at time zone 'Europe/Berlin'"
    assert rows(
        here, f"select bool_and(strftime({local}, '%H:%M') = '00:00'), count(distinct country) from raw.users"
    ) == [(True, 2)]
    assert rows(here, "select distinct status from raw.transactions order by 1") == [
        ("declined",),
        ("posted",),
    ]
    (amount,) = rows(here, "select sum(amount_usd) from raw.transactions")[0]
    totals = [Decimal(line.split(",")[3]) for line in (here / "in/orders.csv").read_text().splitlines()[1:]]
    assert amount == sum(totals)
    assert yaml.safe_load((here / "config" / RULES).read_text())["currency"] == "EUR"


def test_a_german_export_is_loaded_with_its_letters_signs_and_testers(here, capsys):
    german(here / "in")
    assert init("--from", here / "in") == 0
    assert loaded(here, here / "in") == {"users": 300, "transactions": 2_000}
    assert rows(here, "select distinct category from raw.transactions order by 1") == [
        ("Bücher",),
        ("Getränke",),
        ("Möbel",),
    ]
    assert rows(here, "select count(*) from raw.users where is_test_user") == [(6,)]
    lines = (here / "in/bestellungen.csv").read_text(encoding="cp1252").splitlines()[1:]
    totals = [
        Decimal(line.split(";")[3].removesuffix(" €").replace(".", "").replace(",", ".")) for line in lines
    ]
    assert rows(here, "select sum(amount_usd) from raw.transactions") == [(sum(totals),)]
    rules = yaml.safe_load((here / "config" / RULES).read_text())
    assert (rules["business_timezone"], rules["currency"]) == ("Europe/Vienna", "EUR")
    assert rules["category_groups"] == {"Bücher": "other", "Getränke": "necessities", "Möbel": "other"}


def test_an_app_without_purchases_is_loaded_from_json_one_file_a_day(here, capsys):
    app(here / "in")
    assert init("--from", here / "in") == 0
    printed = capsys.readouterr().out
    assert "events/events-*-*-*.ndjson.gz -> events: 6 of 7 columns mapped" in printed
    assert "These tables are enough for the families early_engagement, engagement, planners." in printed
    assert "engagement can do without transactions: what it makes of it is null then." in printed
    assert "export TIDEMARK_FAMILIES=early_engagement,engagement,planners" in printed
    assert loaded(here, here / "in") == {"users": 200, "events": 900}
    assert rows(
        here, "select min(event_at) >= '2026-01-01' and max(event_at) < '2026-03-10' from raw.events"
    ) == [(True,)]
    rules = yaml.safe_load((here / "config" / RULES).read_text())
    assert rules["passive_events"] == ["push_received"]
    assert sorted(rules["early_engagement_events"]) == ["open", "save", "share"]


def test_an_exchange_that_takes_fees_is_loaded_with_all_four_tables(here, capsys):
    exchange(here / "in")
    assert init("--from", here / "in") == 0
    assert "the families customer_segments, fee_tiers" in capsys.readouterr().out
    assert loaded(here, here / "in") == {
        "users": 150,
        "transactions": 800,
        "fee_periods": 20,
        "market_prices": 150,
    }
    assert rows(here, "select min(final_fee_bps), max(final_fee_bps) from raw.fee_periods") == [(25.0, 30.0)]
    assert "trade_size_small_min_usd" in (here / "config" / RULES).read_text()


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet", "ndjson", "csv.zst"])
def test_the_form_of_a_file_makes_no_difference(here, suffix, capsys):
    shop(here / "plain")
    (here / "in").mkdir()
    options = {
        "csv": "header",
        "csv.gz": "header, compression gzip",
        "csv.zst": "header, compression zstd",
        "ndjson": "format json",
    }
    with duckdb.connect() as engine:
        for name in ("members", "orders"):
            engine.execute(
                f"copy (select * from read_csv('{here}/plain/{name}.csv', all_varchar = true)) to '{here}/in/{name}.{suffix}'"
                f" ({options.get(suffix, 'format parquet')})"
            )
    assert init("--from", *sorted((here / "in").iterdir())) == 0
    assert loaded(here, here / "in") == {"users": 400, "transactions": 3_000}


def test_tables_of_the_warehouse_are_mapped_with_their_load_times(here, monkeypatch, capsys):
    shop(here / "in")
    with duckdb.connect(here / "warehouse.duckdb") as engine:
        engine.execute("create schema shop")
        engine.execute(
            f"create table shop.members as from read_csv('{here}/in/members.csv', all_varchar = true)"
        )
        engine.execute(
            'create view shop."All Orders" as select "Order Ref", "Member No", strptime("Ordered at", \'%d.%m.%Y %H:%M\') as ordered_at,'
            ' cast("Grand Total" as decimal(10, 2)) as total, \'EUR\' as currency, "Order State" as state, false as is_test,'
            f" timestamp '2026-07-01 00:00:00' as _fivetran_synced from read_csv('{here}/in/orders.csv', all_varchar = true)"
        )
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(here / "warehouse.duckdb"))
    assert init("--from", "shop.members", 'shop."All Orders"') == 0
    printed = capsys.readouterr().out
    assert "TIDEMARK_LANDING_URL" not in printed
    written = yaml.safe_load((here / "config" / SOURCES).read_text())
    assert written["transactions"]["from"] == 'shop."All Orders"'
    assert written["transactions"]["loaded_at"] == "_fivetran_synced"
    assert written["transactions"]["where"] == "not coalesce(is_test, false)"
    assert written["transactions"]["columns"]["amount"] == {"from": "total", "currency": "currency"}
    assert loaded(here, None) == {"users": 400, "transactions": 3_000}


def test_without_from_the_folder_holds_examples_in_comments_and_changes_nothing(here, capsys):
    assert init() == 0
    assert "name your files or tables with --from" in capsys.readouterr().out
    config = load_config(Settings(config_dir=here / "config"), {})
    assert config.documents == {SOURCES: {}, RULES: {}}
    # With the marks of comments taken away the examples are a whole mapping.
    text = (here / "config" / SOURCES).read_text().partition("# Not found")[2].partition("\n")[2]
    example = yaml.safe_load(
        "\n".join(line[2:] for line in text.splitlines() if not re.match(r"# [A-Z]", line))
    )
    assert set(sources_model().model_validate(example).mapped()) == set(source_tables())


def test_what_init_could_not_map_is_a_comment_that_says_what_is_missing(here, capsys):
    write_csv(
        here / "in/customers.csv", ["customer_id", "email"], [(f"c{n}", f"c{n}@x.example") for n in range(50)]
    )
    assert init("--from", here / "in/customers.csv") == 0
    assert (
        "users: 2 of 7 columns mapped, 0 not sure; not usable yet, it has no created_at"
        in capsys.readouterr().out
    )
    text = (here / "config" / SOURCES).read_text()
    assert "# Not usable yet: nothing in customers.csv could be created_at" in text
    assert load_config(Settings(config_dir=here / "config"), {}).documents[SOURCES] == {}


def test_every_line_that_is_not_sure_says_why_and_they_are_counted(here, capsys):
    shop(here / "in")
    assert init("--from", here / "in") == 0
    lines = (here / "config" / SOURCES).read_text().splitlines()
    unsure = [line.partition("  # not sure: ") for line in lines if "  # not sure: " in line]
    assert [line.split(":")[0].strip() for line, *_ in unsure] == ["created_at", "transaction_at", "amount"]
    assert (
        unsure[1][2]
        == "the times say no zone, so they are read as UTC; if they are local add timezone: Europe/Berlin"
    )
    printed = capsys.readouterr().out
    assert (
        "users: 4 of 7 columns mapped, 1 not sure" in printed
        and "transactions: 6 of 7 columns mapped, 2 not sure" in printed
    )


def test_a_file_that_comes_into_being_meanwhile_is_left_alone(here):
    (here / "config").mkdir()
    (here / "config" / RULES).write_text("# theirs\n")
    with pytest.raises(SettingsError, match=r"rules.yml exists already and is left alone"):
        write_folder(propose([]), here / "config")
    assert [(file.name, file.read_text()) for file in (here / "config").iterdir()] == [(RULES, "# theirs\n")]


def test_the_next_commands_and_what_to_export_are_said(here, capsys, monkeypatch):
    shop(here / "in")
    monkeypatch.delenv("TIDEMARK_CONFIG_DIR")
    assert init("--from", here / "in", "--to", here / "our config") == 0
    printed = capsys.readouterr().out
    assert f"export TIDEMARK_LANDING_URL={(here / 'in').as_uri()}" in printed
    assert f"export TIDEMARK_CONFIG_DIR='{here / 'our config'}'" in printed
    for line in (
        "tidemark doctor",
        "tidemark run --as-of 2026-07-01",
        "tidemark suggest-rules --as-of 2026-07-01",
    ):
        assert f"  {line}\n" in printed + "\n"


def test_a_landing_url_that_is_set_is_kept(here, monkeypatch, capsys):
    shop(here / "in")
    monkeypatch.setenv("TIDEMARK_LANDING_URL", here.as_uri())
    assert init("--from", "in/orders.csv", "in/members.csv") == 0
    assert "TIDEMARK_LANDING_URL" not in capsys.readouterr().out
    assert yaml.safe_load((here / "config" / SOURCES).read_text())["users"]["files"] == "in/members.csv"


def test_a_folder_whose_name_holds_blanks_and_umlauts_is_read(here, capsys):
    shop(here / "Export März 2026")
    assert init("--from", here / "Export März 2026") == 0
    assert "%20" in capsys.readouterr().out
    assert loaded(here, here / "Export März 2026") == {"users": 400, "transactions": 3_000}


def test_the_same_files_give_the_same_folder(here, capsys):
    shop(here / "in")
    assert init("--from", here / "in", "--to", here / "one") == 0
    assert init("--from", here / "in", "--to", here / "two") == 0
    for name in (SOURCES, RULES):
        assert (here / "one" / name).read_text() == (here / "two" / name).read_text()


def test_no_cell_that_could_tell_of_a_person_is_written_or_printed(here, capsys):
    people = [
        (
            f"K-{n}",
            f"Erika Muster{n}",
            f"erika{n}@muster.example",
            f"{at:%d.%m.%Y}",
            f"Lindenweg {n}",
            f"+4930{n:06}",
            "DE" if n % 2 else "AT",
        )
        for n, at in enumerate(moments(60, 1))
    ]
    # A column of purposes with few rows each is somebody's words, and a status may hold a name by mistake.
    orders = [
        (
            f"O-{n}",
            f"K-{n % 60}",
            f"{at:%d.%m.%Y}",
            f"{10 + n}.50",
            f"for Erika{n}",
            "paid" if n else "paid by erika@muster.example",
        )
        for n, at in enumerate(moments(200, 2))
    ]
    write_csv(
        here / "in/customers.csv",
        ["Customer ID", "Name", "E-Mail", "Joined", "Street", "Phone", "Country"],
        people,
    )
    write_csv(
        here / "in/orders.csv",
        ["Order No", "Customer ID", "Order date", "Total", "Category", "Status"],
        orders,
    )
    assert init("--from", here / "in") == 0
    text = capsys.readouterr().out + "".join(
        (here / "config" / name).read_text() for name in (SOURCES, RULES)
    )
    assert not re.search(r"(?i)erika|muster|lindenweg|\+4930|K-[0-9]|O-[0-9]", text)
