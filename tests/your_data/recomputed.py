"""Numbers of a first month in pandas, straight from the exports and docs/decisions.md, without a look at the
product's code."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Purchases:
    """Posted amounts of everybody but testers: `user_id`, local `day`, `cents`, `group` of categories."""

    rows: pd.DataFrame
    as_of: date


def shop_purchases(folder: Path, groups: dict[str, str], as_of: date) -> Purchases:
    """The shop's orders as an analyst would read them."""
    people = pd.read_csv(folder / "customers.csv", sep=";")
    orders = pd.read_csv(folder / "orders.csv", sep=";", decimal=",")
    testers = people.loc[people["Test Account"] == "ja", "Customer ID"]
    paid = orders[(orders["State"] == "paid") & ~orders["Customer ID"].isin(testers)]
    rows = pd.DataFrame(
        {
            "user_id": paid["Customer ID"],
            "day": pd.to_datetime(
                paid["Ordered At"], format="%d.%m.%Y %H:%M"
            ).dt.date,  # local times: the day is local
            "cents": (paid["Total"] * 100).round().astype("int64"),
            "group": paid["Department"].map(groups).fillna("other"),
        }
    )
    return Purchases(rows[rows["day"] < as_of], as_of)


def exchange_swaps(folder: Path, as_of: date) -> pd.DataFrame:
    """The exchange's swaps with their day in New York, until the as-of date."""
    swaps = pd.read_parquet(folder / "swaps.parquet")
    at = pd.to_datetime(swaps["block_time"], unit="s", utc=True)
    swaps["day"] = at.dt.tz_convert("America/New_York").dt.date
    return swaps[swaps["day"] < as_of]


def segments(purchases: Purchases, rules: dict[str, Any]) -> pd.Series:
    """Each customer's segment."""
    rows, as_of = purchases.rows, purchases.as_of
    bought = rows[rows["cents"] > 0]
    customers = bought.groupby("user_id").agg(first=("day", "min"), gross=("cents", "sum"))
    current, prior = as_of - timedelta(days=90), as_of - timedelta(days=180)

    def spend(since: date, until: date) -> pd.Series:
        window = rows[(rows["day"] >= since) & (rows["day"] < until)]
        return window.groupby("user_id")["cents"].sum().reindex(customers.index, fill_value=0) / 100

    def share(group: str) -> pd.Series:
        part = (
            bought[bought["group"] == group]
            .groupby("user_id")["cents"]
            .sum()
            .reindex(customers.index, fill_value=0)
        )
        return 100 * part / customers["gross"]

    now, before = spend(current, as_of), spend(prior, current)
    change = (100 * (now - before) / before).where(before > 0)
    monthly = now / 3
    tenure = customers["first"].map(lambda day: _completed_months(day, as_of))
    first_lately = customers["first"] >= prior  # who came back after a pause is not new
    growing = (change >= rules["new_growing_min_spend_change_pct"]) | (
        change.isna() & (now > 0) & first_lately
    )
    found = pd.Series("Stable Mid-Spenders", customers.index)
    cheap = (monthly < rules["budget_max_avg_monthly_spend"]) & (
        share("necessities") >= rules["budget_min_necessities_pct"]
    )
    found[cheap] = "Budget-Conscious"
    found[(tenure <= rules["new_growing_max_tenure_months"]) & growing] = "New & Growing"
    fell = (change <= rules["declining_max_spend_change_pct"]) & (
        before >= rules["declining_min_prior_spend"]
    )
    found[fell] = "Declining"
    rich = monthly >= rules["high_value_min_avg_monthly_spend"]
    found[rich & (share("travel") >= rules["high_value_min_travel_pct"])] = "High-Value Travelers"
    return found


def _completed_months(day: date, as_of: date) -> int:
    return 12 * (as_of.year - day.year) + as_of.month - day.month - (day.day > as_of.day)


def app_first_week(folder: Path, event: str, as_of: date) -> tuple[int, float]:
    """Users whose return window is over, and the share of them who did an event in their first seven days in
    New York."""
    people = pd.read_parquet(folder / "accounts.parquet")
    people = people[~people["internal"]]
    people["created"] = people["signed_up"].dt.tz_convert("America/New_York").dt.date
    files = sorted(folder.glob("events/*/*.ndjson.gz"))
    events = pd.concat(
        [pd.read_json(file, lines=True, dtype={"user": str}, convert_dates=False) for file in files],
        ignore_index=True,
    )
    events["day"] = (
        pd.to_datetime(events["ts"], unit="ms", utc=True).dt.tz_convert("America/New_York").dt.date
    )
    events = events[events["day"] < as_of]
    followed = people[
        (people["created"] >= events["day"].min())
        & (people["created"].map(lambda day: day + timedelta(days=35)) <= as_of)
    ].set_index("uid")["created"]
    done = events[(events["event"] == event) & events["user"].isin(followed.index)]
    age = [(day - followed[user]).days for day, user in zip(done["day"], done["user"], strict=True)]
    users = done["user"][[0 <= days < 7 for days in age]].nunique()
    return len(followed), 100 * users / len(followed)
