"""A first look at the rows."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from include.tidemark.doctor import hours, landing_files, money, rows
from tests.contracts import definition
from tests.doctor.conftest import MARK, ZONE, Examine, Shop, csv_of, of, states, worst
from tests.doctor.test_sources import make_database, map_to_relations


def test_sound_rows_are_ok(examine: Examine):
    findings = examine(rows.look_at_rows)
    assert states(findings) == {"ok"}
    assert of(findings, "transactions: rows").found == "480 rows, of 2026-10-08 to 2026-10-31."
    assert of(findings, "transactions: amounts").found == "0 % are negative (refunds); the median is 34."
    assert (
        of(findings, "transactions: users").found
        == "0 % of the rows are of users who are not in the users table."
    )


def test_rows_of_relations_are_looked_at_alike(examine: Examine, shop: Shop):
    from_files = examine(rows.look_at_rows)
    map_to_relations(shop)
    assert examine(rows.look_at_rows) == from_files


def test_rows_of_the_as_of_date_or_later_are_counted_and_none_before_it_is_wrong(examine: Examine):
    assert of(examine(rows.look_at_rows, date(2026, 10, 31)), "transactions: rows").found.endswith(
        " 20 are of 2026-10-31 or later, and not seen as of that day."
    )
    found = of(examine(rows.look_at_rows, date(2026, 10, 8)), "transactions: rows")
    assert found.state == "wrong" and "None is before the as-of date 2026-10-08." in found.found


def test_a_last_row_long_before_the_as_of_date_is_a_warning(examine: Examine, shop: Shop):
    for row in shop.orders:
        row["ordered"] = row["ordered"].replace(".10.2026", ".09.2026").replace("31.", "30.")
    found = worst(examine(rows.look_at_rows))
    assert found.state == "warning" and "days before the as-of date 2026-11-01" in found.found


def test_an_as_of_date_that_a_run_would_refuse_is_wrong(examine: Examine):
    found = of(examine(rows.look_at_rows, date(2026, 11, 2)), "as-of date")
    assert found.state == "wrong" and "2026-11-02 is in the future" in found.found


def test_rows_of_before_twenty_years_are_wrong_with_the_earliest(examine: Examine, shop: Shop):
    shop.customers[0]["joined"] = "01.01.1970"
    found = worst(examine(rows.look_at_rows))
    assert found.state == "wrong" and found.subject == "users: created_at"
    assert "in some rows (1)" in found.found and "the earliest is 19" in found.found


def test_ids_that_are_there_twice_and_values_that_are_missing_are_wrong(examine: Examine, shop: Shop):
    shop.orders[1]["Order No"] = shop.orders[0]["Order No"]
    shop.customers[3]["joined"] = ""
    wrong = [finding for finding in examine(rows.look_at_rows) if finding.state == "wrong"]
    assert [finding.subject for finding in wrong] == ["users: created_at", "transactions: transaction_id"]
    assert all("(1" in finding.found and finding.action for finding in wrong)


def test_a_value_that_can_not_be_read_is_told_once(examine: Examine, shop: Shop):
    shop.orders[5]["ordered"] = MARK
    assert states(examine(rows.look_at_rows)) == {"ok"}  # the look at the sources has told it
    map_to_relations(shop)
    found = worst(examine(rows.look_at_rows))
    assert "that are not written as %d.%m.%Y %H:%M" in found.found


@pytest.mark.parametrize(("strangers", "state"), [(0, "ok"), (4, "ok"), (5, "warning"), (239, "warning"), (240, "wrong")])  # fmt: skip
def test_users_whom_nobody_knows_are_a_warning_from_one_per_cent_and_wrong_from_half(
    examine: Examine, shop: Shop, strangers, state
):
    for row in shop.orders[:strangers]:
        row["customer"] = MARK
    assert of(examine(rows.look_at_rows), "transactions: users").state == state


def test_users_in_files_are_looked_up_for_rows_in_the_warehouse(examine: Examine, shop: Shop):
    files = shop.sources["users"]["files"]
    map_to_relations(shop)
    shop.sources["users"]["files"] = files
    del shop.sources["users"]["from"]
    assert of(examine(rows.look_at_rows), "transactions: users").found.startswith("0 %")


def test_of_a_part_of_the_users_nobody_is_called_unknown(examine: Examine, shop: Shop, monkeypatch):
    monkeypatch.setattr(landing_files, "AT_EACH_END", 1)
    shop.sources["users"] |= {"files": "part-*.csv", "mode": "append"}
    shop.write()
    for number in range(4):
        part = csv_of(shop.customers[10 * number : 10 * number + 10])
        (shop.folder / "landing" / f"part-{number}.csv").write_text(part, encoding="utf-8")
    findings = examine(rows.look_at_rows)
    assert of(findings, "transactions: users").found.startswith("Not looked at")
    assert of(findings, "users: rows").found.startswith("20 rows (of the first and last 1 of 4 files)")


def at(shop: Shop, time: Any) -> None:
    """Let each order happen at a time of its day."""
    for number, row in enumerate(shop.orders):
        moment = datetime(2026, 10, 30) - timedelta(days=number // 20) + time(number)
        row["ordered"] = f"{moment:%d.%m.%Y %H:%M}"


def test_dates_without_a_time_are_named_and_a_warning_where_they_fall_on_another_day(
    examine: Examine, shop: Shop
):
    at(shop, lambda number: timedelta())
    found = of(examine(rows.look_at_rows), "transactions: times")
    assert found.state == "ok" and found.found.startswith("They are dates without a time")
    shop.columns["transaction_at"]["timezone"] = "America/New_York"
    found = of(examine(rows.look_at_rows), "transactions: times")
    assert (
        found.state == "warning"
        and "dates without a time" in found.found
        and f"`timezone: {ZONE}`" in found.action
    )


def test_dates_of_a_zone_with_summer_time_are_known_in_another(examine: Examine, shop: Shop):
    shop.columns["transaction_at"]["timezone"] = "UTC"
    at(shop, lambda number: timedelta(days=-(number // 2)))
    assert of(examine(rows.look_at_rows), "transactions: times").state == "warning"


def test_a_quiet_night_is_ok_and_one_by_day_a_warning_about_the_time_zone(examine: Examine, shop: Shop):
    assert (
        of(examine(rows.look_at_rows), "transactions: times").found
        == "The quietest six hours are 0:00 to 6:00 in Europe/Berlin."
    )
    shop.columns["transaction_at"]["timezone"] = "America/Los_Angeles"
    found = of(examine(rows.look_at_rows), "transactions: times")
    assert found.state == "warning" and found.found.startswith("The quietest six hours are 9:00 to 15:00")
    assert "business_timezone" in found.action


def test_a_clock_around_which_things_happen_alike_tells_nothing(examine: Examine, shop: Shop):
    at(shop, lambda number: timedelta(hours=number % 24, minutes=number % 60))
    assert of(examine(rows.look_at_rows), "transactions: times").state == "ok"


def test_a_day_that_is_a_little_quieter_than_the_night_tells_nothing(examine: Examine, shop: Shop):
    by_day = [number for number in range(480) if number % 24 in range(10, 16) and number % 3 == 0]
    shop.orders = [row for number, row in enumerate(shop.orders) if number not in by_day]
    at(shop, lambda number: timedelta())
    for number, row in enumerate(number for number in range(480) if number not in by_day):
        shop.orders[number]["ordered"] = f"30.10.2026 {row % 24:02}:{row % 60:02}"
    found = of(examine(rows.look_at_rows), "transactions: times")
    assert found.found == f"No six hours of the day in {ZONE} are much quieter than the others."


def test_how_old_the_last_row_is_is_not_judged_by_a_part_of_the_rows(
    examine: Examine, shop: Shop, monkeypatch
):
    monkeypatch.setattr(landing_files, "AT_EACH_END", 1)
    shop.sources["transactions"] |= {"files": "part-*.csv", "mode": "append"}
    shop.write()
    for number in (1, 0, 2, 3):
        part = csv_of(shop.orders[120 * number : 120 * number + 120])
        (shop.folder / "landing" / f"part-{(number + 1) % 4}.csv").write_text(part, encoding="utf-8")
    assert states(examine(rows.look_at_rows)) == {"ok"}


@pytest.mark.parametrize(
    ("open_from", "open_to", "start"), [(8, 20, 0), (9, 17, 0), (12, 3, 3), (22, 16, 16), (20, 8, 8)]
)
def test_the_night_is_the_quietest_stretch_next_to_three_o_clock(open_from, open_to, start):
    hours_open = [(open_from + n) % 24 for n in range((open_to - open_from) % 24)]
    assert hours.quietest([10 * (hour in hours_open) for hour in range(24)]) == start


def test_statuses_and_categories_that_are_not_known_are_a_share_without_their_words(
    examine: Examine, shop: Shop
):
    for row in shop.orders[-120:]:
        row["state"], row["department"] = MARK, MARK
    warnings = [finding for finding in examine(rows.look_at_rows) if finding.state == "warning"]
    assert [finding.subject for finding in warnings] == ["transactions: category", "transactions: status"]
    assert all(finding.found.startswith("25 % of the rows have a") and finding.action for finding in warnings)


def test_rows_none_of_which_counts_as_spend_are_wrong_for_the_gate_stops_such_a_run(
    examine: Examine, shop: Shop
):
    for row in shop.orders:
        row["state"] = MARK
    found = of(examine(rows.look_at_rows), "transactions: rows", 1)
    assert found.state == "wrong" and "there is no posted row" in found.found


def test_amounts_that_look_like_cents_or_have_the_wrong_sign_are_a_warning(examine: Examine, shop: Shop):
    for row in shop.orders:
        row["total"] = "250000"
    assert "Are these cents?" in of(examine(rows.look_at_rows), "transactions: amounts").action
    for row in shop.orders:
        row["total"] = "-25"
    found = of(examine(rows.look_at_rows), "transactions: amounts")
    assert found.state == "warning" and found.found.startswith("100 % are negative")


def test_an_amount_of_zero_is_what_the_gate_says(examine: Examine, shop: Shop):
    shop.orders[0]["total"] = "0"
    assert worst(examine(rows.look_at_rows)).subject == "transactions: amount_usd"


@pytest.mark.parametrize("where", ["files", "relations"])
def test_two_currencies_in_a_column_that_nothing_reads_are_wrong(examine: Examine, shop: Shop, where):
    for number, row in enumerate(shop.orders):
        row["presentment_currency"] = ("EUR", MARK)[number % 2]
    if where == "relations":
        map_to_relations(shop)
    found = worst(examine(rows.look_at_rows))
    assert (found.subject, found.state) == (
        "transactions: amounts",
        "wrong",
    ) and "names 2 currencies" in found.found
    shop.sources["transactions"]["where"] = "presentment_currency = 'EUR'"
    assert states(examine(rows.look_at_rows)) == {"ok"}


def test_one_other_currency_in_every_row_is_wrong_with_its_code(examine: Examine, shop: Shop):
    for row in shop.orders:
        row["presentment_currency"] = "SEK"
    found = worst(examine(rows.look_at_rows))
    assert found.state == "wrong" and "says SEK in every row" in found.found
    shop.columns["amount"] = {"from": "total", "currency": "'EUR'"}
    assert states(examine(rows.look_at_rows)) == {"ok"}


def test_currency_columns_of_raw_tables_are_looked_at_too(examine: Examine, shop: Shop, monkeypatch):
    shop.sources.clear()
    monkeypatch.delenv("TIDEMARK_LANDING_URL")

    make_database(
        shop,
        "create schema raw",
        f"create table raw.users ({definition('raw.users')})",
        f"create table raw.transactions ({definition('raw.transactions')}, currency varchar)",
        "insert into raw.users by name select 'u' as user_id, timestamp '2026-01-01 10:00:00' as created_at, created_at as _loaded_at",
        "insert into raw.transactions by name select i::varchar as transaction_id, 'u' as user_id, timestamp '2026-10-30 10:00:00' as"
        " transaction_at, 1 as amount_usd, 'GROCERY' as category, transaction_at as _loaded_at, if(i % 2 = 0, 'EUR', 'SEK') as currency from range(9) r(i)",
    )
    assert "names 2 currencies" in of(examine(rows.look_at_rows), "transactions: amounts", 1).found


def test_a_table_without_rows_that_count_is_wrong(examine: Examine, shop: Shop):
    shop.sources["transactions"]["where"] = "state = 'none'"
    found = worst(examine(rows.look_at_rows))
    assert (found.subject, found.found) == ("transactions: rows", "There are none.")


def test_without_any_table_that_can_be_read_it_is_said(examine: Examine, shop: Shop):
    from include.tidemark.doctor.checks import CHECKS
    from include.tidemark.doctor.findings import findings_of

    shop.sources = {"users": {"files": "no.csv"}, "transactions": {"files": "no.csv"}}
    (found,) = examine(lambda examination: findings_of(CHECKS[-1], examination))
    assert (found.state, found.found) == ("warning", "Not looked at: no table can be read.")


@pytest.mark.parametrize("names", [["EUR amount"], ["concurrency", "occurred", "cursor"]])
def test_other_words_with_cur_in_them_are_no_currency(names):
    assert money.currency_columns(names) == []
