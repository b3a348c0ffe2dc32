"""The published row account of a month of all families, against a recomputation of each row's fate in
pandas."""

from datetime import timedelta

import pandas as pd
import pytest

AS_OF = pd.Timestamp("2026-07-01")
CURRENT, PRIOR = AS_OF - timedelta(days=90), AS_OF - timedelta(days=180)


@pytest.fixture(scope="module")
def tables(synthetic_month):
    found = {}
    for name, moment in {
        "users": "created_at",
        "events": "event_at",
        "transactions": "transaction_at",
    }.items():
        frame = pd.read_parquet(synthetic_month.landing / f"{name}.parquet")
        local = pd.to_datetime(frame[moment]).dt.tz_localize("UTC").dt.tz_convert("America/New_York")
        frame["day"] = local.dt.tz_localize(None).dt.normalize()
        found[name] = frame
    users = found["users"].assign(is_test_user=found["users"]["is_test_user"].fillna(False).astype(bool))
    found["users"] = users
    people = users[["user_id", "day", "is_test_user"]].rename(columns={"day": "created"})
    for name in ("events", "transactions"):
        found[name] = found[name].merge(people, on="user_id", how="left", indicator="known")
        found[name]["is_test_user"] = found[name]["is_test_user"].eq(True)
    return found


@pytest.fixture(scope="module")
def fates(synthetic_month, tables):
    """The fate of each row before the as-of date, by table and family."""
    rules = synthetic_month.run.rules
    users = tables["users"].loc[lambda f: f["day"] < AS_OF].copy()
    events = tables["events"].loc[lambda f: f["day"] < AS_OF].copy()
    money = tables["transactions"].loc[lambda f: f["day"] < AS_OF].copy()
    posted = money["status"].isna() | (money["status"].str.strip().str.lower() == "posted")
    buyers = set(money.loc[posted & (money["amount_usd"] > 0), "user_id"])
    repeated = events.duplicated(["user_id", "day", "event_id"])
    unknown, early = events["known"] == "left_only", events["day"] < events["created"]
    first_day = events["day"].min()
    days = 28 + rules.early_engagement_return_days
    age = (events["day"] - events["created"]).dt.days
    returns = (age >= 28) & (age < days)
    named = events["event_name"].isin(rules.early_engagement_events)
    weeks = synthetic_month.query(
        f"select week_start_date as a, week_end_date as b from runs.fee_weeks where run_key = '{synthetic_month.run.run_key}'"
    )
    fee_days = {day for week in weeks for day in pd.date_range(week["a"], week["b"])}
    tests = users["is_test_user"]
    no_purchase = ~users["user_id"].isin(buyers)
    common = [
        ("repeated", repeated),
        ("test_user", events["is_test_user"]),
        ("unknown_user", unknown),
        ("before_signup", early),
    ]
    shopping = [("not_posted", ~posted), ("test_user", money["is_test_user"])]
    idle = ("no_purchase", ~money["user_id"].isin(buyers))
    everybody = pd.Series(True, index=events.index)
    return {
        ("users", "customer_segments"): _fate(users, [("test_user", tests), ("no_purchase", no_purchase)]),
        ("users", "engagement"): _fate(users, [("test_user", tests)]),
        ("users", "planners"): _fate(users, [("test_user", tests)]),
        ("users", "fee_tiers"): _fate(users, [("test_user", tests), ("no_purchase", no_purchase)]),
        ("users", "early_engagement"): _fate(
            users,
            [
                ("test_user", tests),
                ("before_first_event", users["day"] < first_day),
                ("window_not_complete", users["day"] + timedelta(days=days) > AS_OF),
            ],
        ),
        ("events", "planners"): _fate(events, common),
        ("events", "engagement"): _fate(
            events,
            [*common, ("passive_events", events["event_name"].isin(rules.passive_events)), ("outside_window", events["day"] < CURRENT)],
        ),
        ("events", "early_engagement"): _fate(
            events,
            [
                *common,
                ("before_first_event", events["created"] < first_day),
                ("window_not_complete", events["created"] + timedelta(days=days) > AS_OF),
                ("first_week", (age < 7) & named),
                ("return_week", returns & (events["event_name"].isin(rules.early_engagement_return_events)
                                           if rules.early_engagement_return_events else everybody)),
                ("outside_window", ~((age < 7) | returns)),
                ("early_engagement_events", age < 7),
                ("early_engagement_return_events", everybody),
            ],
        ),
        ("transactions", "customer_segments"): _fate(money, [*shopping, idle, ("outside_window", money["day"] < PRIOR)]),
        ("transactions", "engagement"): _fate(
            money, [*shopping, ("unknown_user", money["known"] == "left_only"), ("signed_up_later", money["created"] >= AS_OF)]
        ),
        ("transactions", "fee_tiers"): _fate(
            money,
            [*shopping, idle, ("outside_fee_weeks", ~money["day"].isin(fee_days)), ("swaps", money["amount_usd"] > 0),
             ("refunds", money["amount_usd"] <= 0)],
        ),
    }  # fmt: skip


def _fate(rows: pd.DataFrame, reasons: list[tuple[str, pd.Series]]) -> pd.DataFrame:
    fate = pd.Series("used", index=rows.index)
    for reason, applies in reversed(reasons):
        fate[applies] = reason
    return rows.assign(fate=fate)


def test_every_line_of_the_account_holds_the_rows_users_and_cents_of_a_recomputation(synthetic_month, fates):
    account = synthetic_month.rows("data/row_account.csv")
    compared = set()
    for (table, family), rows in fates.items():
        lines = [line for line in account if (line["source_table"], line["family"]) == (table, family)]
        assert {line["reason"] for line in lines} >= set(rows["fate"]), (table, family)
        for line in lines:
            mine = rows[rows["fate"] == line["reason"]]
            where = (table, family, line["reason"])
            assert int(line["row_count"]) == len(mine), where
            assert int(line["user_count"]) == mine["user_id"].nunique(), where
            if table == "transactions":
                assert float(line["amount_usd"]) == pytest.approx(
                    float(mine["amount_usd"].sum()), abs=0.005
                ), where
            compared.add(where)
    assert len(compared) > 35


def test_what_was_delivered_is_what_was_left_out_while_loading_and_what_was_loaded(synthetic_month, tables):
    account = synthetic_month.rows("data/row_account.csv")
    shared = {
        (line["source_table"], line["reason"]): int(line["row_count"])
        for line in account
        if not line["family"]
    }
    for table, rows in tables.items():
        assert shared[table, "delivered"] == shared[table, "loaded"] == len(rows)
        assert shared[table, "refused"] == shared[table, "source_filter"] == shared[table, "erased"] == 0
        assert shared[table, "before_as_of"] == (rows["day"] < AS_OF).sum()
        assert shared[table, "after_as_of"] == (rows["day"] >= AS_OF).sum()
    assert {table for table, _ in shared} == {
        "users",
        "events",
        "transactions",
        "fee_periods",
        "market_prices",
    }


def test_the_view_and_the_report_show_the_same_lines(synthetic_month):
    account = synthetic_month.rows("data/row_account.csv")
    view = synthetic_month.query("select * from marts.row_account order by source_table, family, reason")
    shown = {(row["source_table"], row["family"] or "", row["reason"]): row["row_count"] for row in view}
    assert shown == {
        (line["source_table"], line["family"], line["reason"]): int(line["row_count"]) for line in account
    }
    page = (synthetic_month.folder / "report/index.html").read_text(encoding="utf-8")
    section = page.split('id="rows"')[1].split("</section>")[0]
    for line in account:
        assert f"{int(line['row_count']):,}" in section
