"""A month of a deployment that maps its own tables and files: what is published says so, and the daily facts
follow the sources."""

import hashlib
import html
import json
import logging
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.tidemark.documents.digest import digest_of
from include.tidemark.pipeline.build import BuildError, build_models
from include.tidemark.pipeline.in_order import run_in_order
from tests.sources.shop import STARTED, Shop

SECRET = "token-in-a-comment-9f86d0818"
SOURCES = f"""\
# {SECRET}
users:
  from: shop.customers
  columns: {{user_id: id, created_at: {{from: joined, timezone: Europe/Berlin}}}} # {SECRET}
transactions:
  from: shop.orders
  columns:
    transaction_id: '"Order No"'
    user_id: customer
    transaction_at: {{from: ordered, format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin}}
    amount: {{from: cents / 100.0, currency: EUR}}
    status: {{from: state, values: {{paid: posted, "no": declined}}}}
  where: not is_test
"""
TABLES = (
    "create schema shop",
    "create table shop.customers as select i as id, timestamp '2025-01-01 12:00:00' as joined from range(1, 41) as t(i)",
    "create table shop.orders as select i || '-' || d as \"Order No\", i as customer,"
    " strftime(timestamp '2026-10-31 23:30:00' - to_days((d * i % 200)::integer), '%d.%m.%Y %H:%M') as ordered,"
    " 1000 * i + d as cents, case when d = 7 then 'no' else 'paid' end as state, d = 9 as is_test"
    " from range(1, 41) as t(i), range(1, 11) as u(d)",
)
POSTED_CENTS = sum(1000 * i + d for i in range(1, 41) for d in range(1, 11) if d not in (7, 9))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> "Published":
    return Published(tmp_path_factory.mktemp("own_tables"))


class Published(Shop):
    """A published month, its log and what its tasks handed on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SOURCES, id_hash_key="a key for tests only, 16 and more")
        self.execute(TABLES)
        records: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
        logging.getLogger().addHandler(handler)
        try:
            self.run, _ = run_in_order(
                self.settings, {"as_of_date": "2026-11-01", "n_resamples": 1000}, STARTED, "own tables"
            )
        finally:
            logging.getLogger().removeHandler(handler)
        self.log = "\n".join(records)
        (manifest,) = (folder / "artifacts").glob("as_of=*/run=*/manifest.json")
        self.artifacts = manifest.parent
        self.manifest: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))


def test_the_published_sums_are_those_of_the_shop_s_own_table(published: Published) -> None:
    assert published.rows("select sum(net_cents) from core.fct_customer_category_daily") == [(POSTED_CENTS,)]
    (last,) = published.rows("select max(transaction_date) from core.fct_customer_category_daily")[0]
    assert last == date(2026, 10, 31), (
        "23:30 in Berlin is the same day there, though the next one in no zone of the deployment"
    )


def test_the_manifest_says_where_the_rows_are_and_what_is_lost_for_want_of_a_column(
    published: Published,
) -> None:
    transactions, users = published.manifest["sources"]
    assert (transactions["table"], transactions["rows"], transactions["origin"]) == (
        "shop.orders",
        360,
        "warehouse",
    )
    assert {each["column"]: each["without"][:24] for each in transactions["absent"]} == {
        "fee_usd": "Fees count as 0: fees pa",
        "category": "Every purchase is UNKNOW",
    }
    assert (users["table"], users["rows"]) == ("shop.customers", 40)
    assert [each["column"] for each in users["absent"]] == [
        "platform",
        "country",
        "is_test_user",
        "username",
        "email",
    ]


def test_the_log_says_what_is_lost_for_want_of_a_column(published: Published) -> None:
    assert "transactions has no category: Every purchase is UNKNOWN" in published.log
    assert "users has no is_test_user: Nobody is taken for a tester" in published.log


def test_the_report_says_where_the_rows_are_and_what_is_lost_for_want_of_a_column(
    published: Published,
) -> None:
    page = (published.artifacts / "report" / "index.html").read_text(encoding="utf-8")
    said = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert "Transactions from shop.orders, which lacks fee_usd (Fees count as 0: fees paid" in said
    assert "category (Every purchase is UNKNOWN" in said
    assert "Users from shop.customers, which lacks platform (Nothing can be told by platform" in said


def test_the_folder_is_part_of_the_run_s_identity(published: Published) -> None:
    said = {
        name: yaml.safe_load((published.folder / "config" / name).read_text(encoding="utf-8"))
        for name in ("rules.yml", "sources.yml")
    }
    copies = {
        file.name: yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in (published.artifacts / "definitions" / "config").iterdir()
    }
    assert copies == said == published.run.config
    assert published.manifest["config_hash"] == published.run.config_hash == digest_of(said)
    definitions = json.loads(
        (published.artifacts / "definitions" / "segment_definitions.json").read_text(encoding="utf-8")
    )
    assert definitions["config_hash"] == digest_of(said)
    listed = {file["path"]: file for file in published.manifest["files"]}
    for name in said:
        copy = published.artifacts / "definitions" / "config" / name
        entry = listed[f"definitions/config/{name}"]
        assert entry["media_type"] == "application/yaml; charset=utf-8"
        assert entry["sha256"] == hashlib.sha256(copy.read_bytes()).hexdigest()


def test_what_a_comment_says_reaches_no_artifact_no_log_and_no_task(published: Published) -> None:
    assert SECRET in (published.folder / "config" / "sources.yml").read_text()
    files = [
        file
        for file in published.folder.rglob("*")
        if file.is_file() and (file.parent.name != "config" or file.parent.parent.name == "definitions")
    ]
    assert len(files) > 30
    assert [str(file) for file in files if SECRET.encode() in file.read_bytes()] == []
    assert SECRET not in published.log and SECRET not in json.dumps(published.run.to_xcom())


# The daily facts follow.

GROWING = """\
users:
  files: users.csv
  columns: {user_id: id, created_at: joined}
transactions:
  files: orders/*.csv
  mode: append
  columns: {transaction_id: id, user_id: who, transaction_at: ordered, amount: total}
events:
  from: shop.clicks
  columns: {event_id: id, user_id: who, event_name: what, event_at: happened}
"""
CORE = ("stg_transactions", "fct_customer_category_daily", "stg_events", "fct_user_event_daily")


class Growing(Shop):
    """Orders that come as files, and clicks in a table that does not say when a row was loaded."""

    def __init__(self, folder: Path) -> None:
        self.landing = folder / "landing"
        (self.landing / "orders").mkdir(parents=True)
        (self.landing / "users.csv").write_text("id,joined\n1,2026-01-01\n")
        super().__init__(folder, GROWING, landing_url=self.landing.as_uri())
        (folder / "config" / "rules.yml").write_text(
            "currency: EUR\nbusiness_timezone: UTC\nlookback_window_days: 2\n"
        )
        self.execute(
            [
                "create schema shop",
                "create table shop.clicks (id varchar, who varchar, what varchar, happened timestamp)",
            ]
        )
        self.started = STARTED

    def put(self, name: str, *rows: str) -> None:
        lines = "".join(f"{row}\n" for row in rows)
        (self.landing / "orders" / name).write_text(f"id,who,ordered,total\n{lines}")

    def click(self, number: str, day: int) -> None:
        moment = datetime(2026, 10, day, 12)
        self.execute([f"insert into shop.clicks values ('{number}', '1', 'click', '{moment}')"])

    def go(self) -> None:
        """A run, as far as the daily facts and the tests of them."""
        self.started += timedelta(days=1)
        run = self.load(started=self.started.astimezone(UTC), families=("customer_segments", "engagement"))
        build_models(run, self.settings, CORE)

    @property
    def cents(self) -> dict[int, int]:
        """By day of the month, the cents of the orders."""
        return dict(
            self.rows(
                "select day(transaction_date), sum(net_cents)::int from core.fct_customer_category_daily group by 1"
            )
        )

    @property
    def clicks(self) -> dict[int, int]:
        """By day of the month, the number of clicks."""
        return dict(
            self.rows(
                "select day(event_date), sum(event_count)::int from core.fct_user_event_daily group by 1"
            )
        )


def test_the_daily_facts_follow_changed_files_and_late_rows_and_a_row_later_than_the_look_back_stops_the_run(
    tmp_path: Path,
) -> None:
    shop = Growing(tmp_path)
    shop.put("a.csv", "a1,1,2026-10-01,1", "a2,1,2026-10-05,2")
    shop.put("b.csv", "b1,1,2026-10-20,3")
    for number, day in (("1", 10), ("2", 20), ("3", 21)):
        shop.click(number, day)
    shop.go()
    assert shop.cents == {1: 100, 5: 200, 20: 300}
    assert shop.clicks == {10: 1, 20: 1, 21: 1}

    shop.put("a.csv", "a1,1,2026-10-01,1.5", "a3,1,2026-10-06,4")  # the fifth is gone
    shop.put("c.csv", "c1,1,2026-10-03,8")  # a new file with an old day
    shop.click("4", 22)
    shop.click("late, within the look-back of two days", 20)
    shop.click("late, before it", 10)
    with pytest.raises(BuildError, match="fct_user_event_daily"):
        shop.go()
    assert shop.cents == {1: 150, 3: 800, 6: 400, 20: 300}
    assert shop.clicks == {10: 1, 20: 2, 21: 1, 22: 1}, (
        "without loaded_at, what comes later than the look-back is not seen"
    )
