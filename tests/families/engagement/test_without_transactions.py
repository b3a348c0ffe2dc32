"""A small month of engagement and of a declared segmentation without transactions, be the table absent or
empty: it is published, says why there is no money, and is else the same."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from include.tidemark.families.engagement.definitions import REVENUE_SEGMENTS
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.statistics.results import REASONS
from include.tidemark.warehouse import open_warehouse
from tests.families.conftest import synthetic_deployment
from tests.stages import shown

USERS = 300
STARTED = datetime(2026, 7, 1, 7, tzinfo=UTC)
MONEY = {"mean_lifetime_revenue", "mean_revenue_90d", "revenue_share", "cohort_revenue_per_user"}
OF_USERS = ("lifetime_revenue", "revenue_last_90_days", "revenue_percentile", "revenue_segment")
Month = tuple[Settings, Run, Path]


LOYALTY = """
name: loyalty
title: Loyalty
of: users
segments:
  - name: Active
    when: active_days_last_90_days >= 5
  - name: Others
means: [active_days_last_90_days, lifetime_revenue]
"""
EMPTY = """
transactions:
  from: shop.orders
  columns:
    transaction_id: id
    user_id: who
    transaction_at: {from: ordered, timezone: UTC}
    amount: {from: amount, currency: USD}
    status: state
"""
OF_LOYALTY = {"mean_lifetime_revenue", "mean_lifetime_revenue_difference", "quantile_lifetime_revenue"}


def publish(root: Path, transactions: Literal["all", "absent", "none"]) -> Month:
    settings = synthetic_deployment(root, USERS).model_copy(
        update={"families": ("engagement",), "config_dir": root / "config"}
    )
    (root / "config" / "segmentations").mkdir(parents=True)
    (root / "config" / "segmentations" / "loyalty.yml").write_text(LOYALTY, encoding="utf-8")
    landed = root / "landing" / "transactions.parquet"
    if transactions == "absent":
        landed.unlink()
    elif transactions == "none":
        (root / "config" / "sources.yml").write_text(EMPTY, encoding="utf-8")
        with open_warehouse(settings) as warehouse:
            warehouse.execute("create schema shop")
            warehouse.execute(
                "create table shop.orders (id varchar, who varchar, ordered timestamp, amount decimal(18, 2), state varchar)"
            )
    options = {"as_of_date": "2026-07-01", "n_resamples": 1_000}
    # Of the month with transactions, only its numbers are read.
    run = (
        shown(settings, options, STARTED)
        if transactions == "all"
        else run_in_order(settings, options, STARTED)[0]
    )
    return settings, run, root / "artifacts" / "as_of=2026-07-01" / f"run={run.run_key}"


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return publish(tmp_path_factory.mktemp("without"), "absent")


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return publish(tmp_path_factory.mktemp("beside"), "all")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return publish(tmp_path_factory.mktemp("empty"), "none")


def rows(month: Month, query: str) -> list[dict[str, object]]:
    with open_warehouse(month[0]) as warehouse:
        return warehouse.fetch(query)


def statistics(month: Month, family: str = "engagement") -> list[dict[str, object]]:
    return rows(
        month,
        "select * exclude (p_adjusted, family_size, is_discovery, comparison_family) from marts.statistics"
        f" where family = '{family}' order by metric, segment, segment_to, horizon, method",
    )


def is_of_money(row: dict[str, object]) -> bool:
    return row["metric"] in MONEY or row["segment"] in REVENUE_SEGMENTS


def test_every_number_of_money_is_null_and_says_why(without: Month) -> None:
    found = [row for row in statistics(without) if is_of_money(row)]
    assert {row["metric"] for row in found} >= MONEY | {"segment_share", "segment_confidence"}
    assert {(row["estimate"], row["ci_low"], row["trust"], row["n"], row["reason"]) for row in found} == {
        (None, None, None, None, "no_transactions")
    }


def test_there_are_as_many_numbers_as_with_transactions_and_those_of_no_money_are_the_same(
    without: Month, beside: Month
) -> None:
    ours, theirs = statistics(without), statistics(beside)
    keys = ("metric", "segment", "segment_to", "horizon", "method", "is_primary", "is_mature")
    assert [[row[key] for key in keys] for row in ours] == [[row[key] for key in keys] for row in theirs]
    assert [row for row in ours if not is_of_money(row)] == [row for row in theirs if not is_of_money(row)]


def test_the_users_are_the_same_but_for_what_is_made_of_money(without: Month, beside: Month) -> None:
    ours, theirs = (
        rows(m, "select * from marts.user_engagement order by user_id") for m in (without, beside)
    )
    assert {row[name] for row in ours for name in OF_USERS} == {None}
    assert None not in {row[name] for row in theirs for name in OF_USERS}
    assert [{**row, **dict.fromkeys(OF_USERS)} for row in theirs] == ours


def test_the_changes_of_money_say_so_too(without: Month) -> None:
    found = rows(
        without, "select metric, segment, comparison, reason from marts.changes where family = 'engagement'"
    )
    assert {row["reason"] for row in found if is_of_money(row)} == {"no_transactions"}
    rest = {(row["comparison"] == "trend", row["reason"]) for row in found if not is_of_money(row)}
    assert rest == {(False, "no_earlier_publication"), (True, "too_few_months")}


@pytest.mark.parametrize("month", ["without", "empty"])
def test_a_segmentation_of_ones_own_says_so_of_its_amounts_and_keeps_the_rest(
    month: str, beside: Month, request: pytest.FixtureRequest
) -> None:
    without: Month = request.getfixturevalue(month)
    ours, theirs = statistics(without, "loyalty"), statistics(beside, "loyalty")
    found = [row for row in ours if row["metric"] in OF_LOYALTY]
    assert {row["metric"] for row in found} == OF_LOYALTY
    assert {(row["estimate"], row["n"], row["reason"]) for row in found} == {(None, None, "no_transactions")}
    keys = ("metric", "segment", "segment_to", "horizon", "method", "is_primary")
    assert [[row[key] for key in keys] for row in ours] == [[row[key] for key in keys] for row in theirs]
    rest = [[row for row in each if row["metric"] not in OF_LOYALTY] for each in (ours, theirs)]
    assert rest[0] == rest[1]
    changes = rows(without, "select metric, reason from marts.changes where family = 'loyalty'")
    of_money = {row["reason"] for row in changes if row["metric"] == "mean_lifetime_revenue"}
    assert of_money == {"no_transactions"}
    summary = (without[2] / "data" / "loyalty_summary.csv").read_text(encoding="utf-8").splitlines()
    assert all("no_transactions" in line for line in summary[1:])


def test_an_empty_table_is_as_none_to_engagement(without: Month, empty: Month) -> None:
    ours, theirs = ([{**row, "run_key": None} for row in statistics(month)] for month in (without, empty))
    assert ours == theirs


def test_account_manifest_and_report_say_that_there_is_no_such_source(without: Month) -> None:
    _, _, folder = without
    account = rows(
        without, "select kind, reason, row_count from marts.row_account where source_table = 'transactions'"
    )
    assert account == [{"kind": "total", "reason": "no_table", "row_count": 0}]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (source,) = [each for each in manifest["sources"] if each["table"] == "raw.transactions"]
    assert (source["rows"], source["origin"]) == (0, "nowhere")
    left_out = {each["name"]: each["reason"] for each in manifest["families"] if each["status"] == "skipped"}
    nowhere = "the table transactions is neither mapped in sources.yml nor landed."
    assert left_out["customer_segments"] == left_out["fee_tiers"] == nowhere
    page = (folder / "report" / "index.html").read_text(encoding="utf-8")
    assert "There are no transactions, so nothing is known of revenue: who would be a whale" in page
    assert "neither mapped nor landed; what is made of them is null" in page
    assert REASONS["no_transactions"] in page


def test_the_files_of_segments_name_no_free_user(without: Month) -> None:
    revenue = (without[2] / "data" / "revenue_segment_summary.csv").read_text(encoding="utf-8").splitlines()
    users = revenue[0].split(",").index("users")
    assert [line.split(",")[users] for line in revenue[1:-1]] == [""] * len(REVENUE_SEGMENTS)
    assert all("no_transactions" in line for line in revenue[1:])
    assert "free_user" not in (without[2] / "data" / "user_journey_segments.csv").read_text(encoding="utf-8")
