"""Landing files with a deployment's own names, dialects and types become the contract's rows, or one
sentence."""

import gzip
import json
import logging
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.tidemark.errors import SourceError
from tests.sources.shop import Shop

SECRET = "eve@example.org"
HEADER = "Bestell-Nr;Kunde;Zeitpunkt;Summe;Gebühr;Währung;Test\n"
LINES = [
    "B-1;7;31.12.2025 23:30;1.234,50;0,10;EUR;nein\n",
    'B-2;8;29.03.2026 02:30;"-3";NULL;eur;NULL\n',
    "B-3;8;01.02.2026 00:00;5;;EUR;nein\n",
    "T-1;9;01.02.2026 00:00;99;;EUR;ja\n",
]
ORDERS = """\
transactions:
  files: orders.csv
  csv: {delimiter: ";", decimal: ",", thousands: ".", encoding: cp1252, null_words: ["NULL"]}
  columns:
    transaction_id: '"Bestell-Nr"'
    user_id: kunde
    transaction_at: {from: Zeitpunkt, format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin}
    amount: {from: Summe, currency: Währung}
    fee: Gebühr
    status: {from: Test, values: {ja: test}}
  where: coalesce(Test, 'nein') <> 'ja'
"""
USERS = "users:\n  files: users.ndjson\n  columns: {user_id: person.id, created_at: joined}\n".replace(
    "person.id", "person ->> 'id'"
)
ROWS = [
    ("B-1", "7", datetime(2025, 12, 31, 22, 30), Decimal("1234.5"), Decimal("0.1"), None, "nein"),
    ("B-2", "8", datetime(2026, 3, 29, 1, 30), Decimal(-3), None, None, None),
    ("B-3", "8", datetime(2026, 1, 31, 23), Decimal(5), None, None, "nein"),
]


class Files(Shop):
    """A shop that delivers files."""

    def __init__(self, folder: Path) -> None:
        self.landing = folder / "landing"
        self.landing.mkdir()
        super().__init__(folder, ORDERS + USERS, landing_url=self.landing.as_uri())
        self.write("orders.csv", HEADER + "".join(LINES))
        (self.landing / "users.ndjson").write_text(
            '{"person": {"id": "7"}, "joined": "2025-01-01T00:00:00Z"}\n'
        )

    def write(self, name: str, text: str, encoding: str = "cp1252") -> None:
        file = self.landing / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_bytes(text.encode(encoding))

    def parquet(self, query: str, name: str = "orders.parquet") -> None:
        with duckdb.connect() as engine:
            engine.execute("set timezone = 'UTC'")
            engine.execute(f"copy ({query}) to '{self.landing / name}' (format parquet)")

    def transactions(self, columns: str = "* exclude (_loaded_at)") -> list[tuple[Any, ...]]:
        return self.rows(f"select {columns} from raw.transactions order by transaction_id")


@pytest.fixture
def shop(tmp_path: Path) -> Files:
    return Files(tmp_path)


def refusal(shop: Files) -> str:
    with pytest.raises(SourceError) as caught:
        shop.load()
    message = str(caught.value)
    assert "\n" not in message and SECRET not in message
    assert caught.value.__context__ is None or SECRET not in str(caught.value.__cause__)
    return message


def test_an_export_of_a_german_shop_becomes_the_contract_s_rows(shop: Files) -> None:
    run = shop.load()
    assert shop.transactions() == ROWS
    assert run.rows_of("transactions").absent == ("category",)
    assert shop.rows("select user_id, created_at, email from raw.users") == [
        ("7", datetime(2025, 1, 1), None)
    ]


@pytest.mark.parametrize("name", ["orders.csv.gz", "2026/orders.csv", "orders-*.csv", "by/month=*/*.csv"])
def test_files_are_found_by_the_pattern(shop: Files, name: str) -> None:
    (shop.landing / "orders.csv").unlink()
    text = HEADER + "".join(LINES)
    if name.endswith(".gz"):
        (shop.landing / name).write_bytes(gzip.compress(text.encode("cp1252")))
    elif "*" in name:
        for number, line in enumerate(LINES):
            shop.write(name.replace("=*", f"=2026-{number}").replace("*", str(number)), HEADER + line)
    else:
        shop.write(name, text)
    shop.say(ORDERS.replace("orders.csv", f"'{name}'") + USERS)
    shop.load()
    assert shop.transactions() == ROWS


def test_a_folder_s_name_becomes_a_column_where_it_is_asked_for(shop: Files) -> None:
    for month, line in (("2026-01", LINES[0]), ("2026-02", LINES[1])):
        shop.write(f"by/month={month}/part.csv", HEADER + line)
    text = ORDERS.replace("orders.csv", "'by/month=*/*.csv'").replace(
        "    status:", "    category: month\n    status:"
    )
    shop.say(f"{text}  partitions: [month]\n{USERS}")
    shop.load()
    assert shop.transactions("category") == [("2026-01",), ("2026-02",)]


def test_a_pattern_that_fits_nothing_is_one_sentence(shop: Files) -> None:
    shop.say(ORDERS.replace("orders.csv", "bestellungen/*.csv") + USERS)
    message = refusal(shop)
    assert "bestellungen/*.csv" in message and "transactions" in message


def test_files_without_a_landing_folder_are_one_sentence(shop: Files) -> None:
    shop.settings = shop.settings.model_copy(update={"landing_url": None})
    assert "line 1" in refusal(shop)
    assert "set TIDEMARK_LANDING_URL to the folder that holds them" in refusal(shop)


def test_files_of_one_pattern_with_different_columns_are_one_sentence(shop: Files) -> None:
    shop.write("orders/1.csv", HEADER + LINES[0])
    shop.write("orders/2.csv", HEADER.replace(";Test", "") + LINES[1].rpartition(";")[0] + "\n")
    shop.say(ORDERS.replace("orders.csv", "orders/*.csv") + USERS)
    message = refusal(shop)
    assert (
        "2.csv has other columns than " in message and "files of one pattern need the same columns" in message
    )


def test_a_format_that_fits_98_percent_of_the_rows_names_the_first_other_row_and_nothing_of_it(
    shop: Files,
) -> None:
    lines = [f"N-{n};7;{n % 28 + 1:02}.01.2026 10:00;5;;EUR;nein\n" for n in range(100)]
    lines[41] = f"N-41;7;{SECRET};5;;EUR;nein\n"
    lines[77] = "N-77;7;2026-01-05;5;;EUR;nein\n"
    shop.write("orders.csv", HEADER + "".join(lines))
    assert re.search(
        r"orders\.csv has 2 values in column transaction_at that are not written as %d\.%m\.%Y %H:%M \(the first in data row 42\);"
        r" correct them and upload the file again, or correct the mapping \(.*sources\.yml, line \d+: transactions\.columns\.transaction_at\)\.$",
        refusal(shop),
    )


def test_the_row_that_is_named_is_counted_before_the_condition(shop: Files) -> None:
    lines = [*["T;7;x;5;;EUR;ja\n"] * 10, f"B;7;01.02.2026 10:00;{SECRET};;EUR;nein\n"]
    shop.write("orders.csv", HEADER + "".join(lines))
    assert (
        "has 1 values in column amount_usd that are no finite decimal(18,4) (the first in data row 11)"
        in refusal(shop)
    )


def test_a_file_may_have_a_column_of_the_name_that_counts_rows(shop: Files) -> None:
    header = HEADER.replace("Kunde", "_position")
    shop.write("orders.csv", header + LINES[0] + LINES[1].replace("-3", "three"))
    shop.say(ORDERS.replace("kunde", "_position") + USERS)
    assert "the first in data row 2" in refusal(shop)


def test_a_second_currency_is_one_sentence(shop: Files) -> None:
    shop.write("orders.csv", HEADER + LINES[0] + LINES[1].replace("eur", "CHF"))
    assert (
        "has 1 values in column amount_usd in another currency than EUR, which is the deployment's, or in none (the first in data row 2)"
        in refusal(shop)
    )


def test_a_column_that_is_called_currency_is_looked_at_although_nobody_names_it(shop: Files) -> None:
    shop.write("orders.csv", HEADER + LINES[0] + LINES[1].replace("eur", "CHF"))
    shop.say(ORDERS.replace(", currency: Währung", "") + USERS)
    assert "in another currency than EUR, which is the deployment's, as the column Währung says" in refusal(
        shop
    )
    shop.say(ORDERS.replace("currency: Währung", "currency: EUR") + USERS)
    assert "as the column Währung says" in refusal(shop)
    shop.say(
        ORDERS.replace("currency: Währung", "currency: \"'EUR'\"").replace("    fee: Gebühr\n", "") + USERS
    )
    shop.load()
    assert len(shop.transactions()) == 2


def test_a_column_that_the_file_lacks_is_named_and_its_own_names_are_not_listed(shop: Files) -> None:
    shop.write("orders.csv", f"B-0;{SECRET};31.12.2025 23:30;5;0;EUR;nein\n" + LINES[0])
    message = refusal(shop)
    assert "transactions.columns.transaction_id: the landing file" in message
    assert "has no such column: 'Bestell-Nr' is not known." in message


def test_the_nearest_name_is_told(shop: Files) -> None:
    shop.say(ORDERS.replace("user_id: kunde", "user_id: Kunden") + USERS)
    assert "line 6: transactions.columns.user_id: the landing file" in refusal(shop)
    assert "'Kunden' is not known; did you mean 'Kunde'?" in refusal(shop)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("user_id: kunde", "user_id: cast(cast(Kunde as bigint) as varchar)", r"line 6: transactions.columns.user_id:"),
        ("user_id: kunde", "user_id: Kunde ->> 'id'", r"line 6: transactions.columns.user_id:"),
        ("{from: Summe", "{from: 'cast(Kunde as decimal(18, 2))'", r"line 8: transactions.columns.amount:"),
        ("currency: Währung", "currency: 'cast(cast(Kunde as date) as varchar)'", r"line 8: transactions.columns.amount.currency:"),
        ("coalesce(Test, 'nein') <> 'ja'", "cast(Kunde as integer) > 5", r"line 11: transactions.where:"),
    ],
)  # fmt: skip
def test_a_value_that_an_expression_stumbles_over_is_never_shown(
    shop: Files, old: str, new: str, place: str
) -> None:
    shop.write("orders.csv", HEADER + LINES[0] + LINES[2].replace(";8;", f";{SECRET};"))
    shop.say(ORDERS.replace(old, new) + USERS)
    message = refusal(shop)
    assert place in message and "can't be computed for some row of the landing file" in message
    assert "use try_cast" in message


def test_an_expression_that_does_not_fit_the_types_is_one_sentence(shop: Files) -> None:
    shop.say(ORDERS.replace("{from: Summe", "{from: Summe * 2") + USERS)
    message = refusal(shop)
    assert "the expression does not fit the types of its columns (those of CSV and JSON are text)" in message
    assert re.search(r"sources\.yml, line \d+: transactions\.columns\.amount: ", message)


def test_parquet_brings_its_own_types(shop: Files) -> None:
    shop.parquet(
        "select * from (values (1::bigint, timestamptz '2026-01-17 20:30:00-05', 12.345::decimal(9,3), 0.1::float,"
        " 'Books'), (2, null, null, null, null)) as t(id, moment, total, fee, extra)"
    )
    shop.say(
        "transactions:\n  files: orders.parquet\n  columns: {transaction_id: id, user_id: id, transaction_at: moment, amount: total,"
        f" fee: fee, category: extra}}\n{USERS}"
    )
    shop.load()
    first, second = shop.transactions()
    assert first[:5] == ("1", "1", datetime(2026, 1, 18, 1, 30), Decimal("12.345"), Decimal("0.1"))
    assert first[5] == "Books"
    assert second == ("2", "2", None, None, None, None, None)


def test_json_within_newline_delimited_json_stays_json(shop: Files) -> None:
    properties = {"plan": "pro", "nested": {"list": [1, None, "ü"]}, "n": 1.5}
    event = {"id": 1, "who": {"id": "7"}, "what": "login", "at": 1768682400, "props": properties}
    (shop.landing / "events.ndjson").write_text(
        json.dumps(event) + "\n" + '{"id": 2, "who": {"id": "8"}, "what": "buy", "at": 1768682400.5}\n'
    )
    shop.say(
        ORDERS
        + USERS
        + "events:\n  files: events.ndjson\n  columns: {event_id: id, user_id: \"who ->> '$.id'\", event_name: what,"
        " event_at: {from: at, format: epoch_seconds}, properties: props}\n"
    )
    shop.load()
    first, second = shop.rows(
        "select event_id, user_id, event_name, event_at, properties from raw.events order by 1"
    )
    assert first[:4] == ("1", "7", "login", datetime(2026, 1, 17, 20, 40))
    assert json.loads(first[4]) == properties
    assert second == ("2", "8", "buy", datetime(2026, 1, 17, 20, 40, 0, 500_000), None)


def test_a_changed_mapping_reads_the_file_again_and_a_comment_does_not(shop: Files) -> None:
    shop.load()
    shop.say(f"# ours\n{ORDERS}{USERS}")
    shop.load()
    assert shop.rows("select count(*) as n from control.loads") == [(2,)]
    shop.say(ORDERS.replace("{ja: test}", "{nein: posted}") + USERS)
    shop.load()
    assert shop.rows("select count(*) as n from control.loads") == [(3,)]
    assert shop.transactions("status") == [("posted",), (None,), ("posted",)]


def test_a_later_task_reads_by_the_mapping_that_the_run_was_resolved_with(shop: Files) -> None:
    run = shop.resolve()
    shop.say("users: {files: nowhere.csv}")
    shop.load(run)
    assert shop.transactions() == ROWS


def test_the_columns_that_a_source_lacks_are_told_in_the_log(
    shop: Files, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        shop.load()
    assert "transactions has no category: Every purchase is UNKNOWN" in caplog.text
    assert "users has no is_test_user: Nobody is taken for a tester" in caplog.text


def test_no_log_line_of_a_load_holds_a_cell(shop: Files, caplog: pytest.LogCaptureFixture) -> None:
    shop.write("orders.csv", HEADER + "".join(LINES).replace("B-3;8", f"B-3;{SECRET}"))
    with caplog.at_level(logging.DEBUG):
        shop.load()
    assert SECRET not in caplog.text and "B-3" not in caplog.text
