"""The documentation's way with tables in Snowflake, word for word, on an emulated account."""

import pandas as pd
import pytest
import yaml

from include.tidemark.paths import DBT_PROJECT_FILE, PROJECT_ROOT
from tests.snowflake.emulator import Emulator, running_emulator
from tests.your_data.exports import AS_OF, shop
from tests.your_data.page import differences, run_page, section
from tests.your_data.recomputed import segments, shop_purchases

PAGE = PROJECT_ROOT / "docs" / "your-data.md"
CUSTOMERS = 300
SECRET = "marked-secret-of-the-connection"


def give_tables(emulator: Emulator, folder) -> None:
    """The shop's export as a warehouse has it: typed columns, times with their zone, when each row was
    loaded."""
    people = pd.read_csv(folder / "customers.csv", sep=";")
    orders = pd.read_csv(folder / "orders.csv", sep=";", decimal=",")
    ordered_at = pd.to_datetime(orders["Ordered At"], format="%d.%m.%Y %H:%M").dt.tz_localize(
        "Europe/Berlin", ambiguous=True, nonexistent="shift_forward"
    )
    customers = [
        f"('{row[0]}', '{pd.to_datetime(row[1], format='%d.%m.%Y').date()}', '{row[2]}', '{row[3]}', {row[4] == 'ja'})"
        for row in people.itertuples(index=False)
    ]
    sold = [
        f"('{row[0]}', '{row[1]}', '{at.isoformat(sep=' ')}', {row[3]}, 'EUR', '{row[4]}', '{row[5]}', '{at.isoformat(sep=' ')}')"
        for row, at in zip(orders.itertuples(index=False), ordered_at, strict=True)
    ]
    emulator.execute(
        "create database analytics",
        "create schema analytics.shop",
        "create table analytics.shop.customers (customer_id text, joined date, country text, email text, is_test_account boolean)",
        "create table analytics.shop.orders (order_no text, customer_id text, ordered_at timestamp_tz, total number(12, 2),"
        " currency text, department text, state text, _fivetran_synced timestamp_tz)",
        *(
            f"insert into analytics.shop.customers values {', '.join(customers[n : n + 500])}"
            for n in range(0, len(customers), 500)
        ),
        *(
            f"insert into analytics.shop.orders values {', '.join(sold[n : n + 500])}"
            for n in range(0, len(sold), 500)
        ),
    )


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory):
    home = tmp_path_factory.mktemp("home")
    shop(home / "export", CUSTOMERS)
    (home / "shop").mkdir()
    with running_emulator(home / "emulator") as emulator:
        give_tables(emulator, home / "export")
        page = section(PAGE.read_text(encoding="utf-8"), "With tables in Snowflake")
        blocks = run_page(page, home, emulator.environment(password=SECRET))
    return home, [step for block in blocks for step in block]


def test_every_command_prints_what_the_page_says(session):
    _, steps = session
    assert len(steps) > 5
    wrong = [found for step in steps if (found := differences(step))]
    assert not wrong, "\n\n".join(wrong)


def test_no_command_prints_the_secret_of_the_connection(session):
    _, steps = session
    assert not [step.command for step in steps if SECRET in "\n".join(step.printed)]


def test_the_segments_agree_with_a_recomputation_in_pandas_from_the_files(session):
    home, _ = session
    rules = yaml.safe_load(DBT_PROJECT_FILE.read_text(encoding="utf-8"))["vars"]
    rules |= yaml.safe_load((home / "shop" / "config" / "rules.yml").read_text(encoding="utf-8"))
    expected = segments(shop_purchases(home / "export", rules["category_groups"], AS_OF), rules)
    (month,) = (home / "shop" / "published" / f"as_of={AS_OF}").glob("run=*")
    published = pd.read_csv(month / "data" / "segment_summary.csv").set_index("customer_segment")["customers"]
    published = published.drop("All customers")
    assert published[published > 0].to_dict() == expected.value_counts().to_dict()
