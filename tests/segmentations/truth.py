"""The two segmentations recomputed in pandas from the landing files: no model, no SQL of ours."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd

ZONE = "America/New_York"


def customers(landing: Path, as_of: date) -> pd.DataFrame:
    """By customer: purchases and cents of 90 days, cents of all time, days since the last purchase."""
    rows = pd.read_parquet(landing / "transactions.parquet").drop_duplicates("transaction_id")
    rows = rows[
        rows["status"].fillna("posted").str.strip().str.lower().eq("posted")
        & ~rows["user_id"].isin(_testers(landing))
    ]
    rows["day"] = rows["transaction_at"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.date
    rows["cents"] = (rows["amount_usd"].astype(float) * 100).round().astype("int64")
    rows = rows[rows["day"] < as_of]
    recent = rows[rows["day"] >= as_of - timedelta(days=90)]
    bought = rows[rows["cents"] > 0]
    found = pd.DataFrame(index=pd.Index(sorted(bought["user_id"].unique()), name="user_id"))
    found["purchases"] = recent[recent["cents"] > 0].groupby("user_id").size()
    found["spend"] = recent.groupby("user_id")["cents"].sum()
    found["lifetime"] = rows.groupby("user_id")["cents"].sum()
    found = found.fillna(0).astype("int64")
    found["days"] = [
        (as_of - day).days for day in bought.groupby("user_id")["day"].max().reindex(found.index)
    ]
    return found


def loyalty(people: pd.DataFrame) -> pd.Series:
    """The segment of each customer; see LOYALTY in files.py."""
    tenth = people["lifetime"].sort_values().iloc[-(-9 * (len(people) - 1) // 10)]
    return pd.Series(
        [
            "Champions"
            if row.purchases >= 6 and row.spend >= 2_000_000
            else "Top tenth"
            if row.lifetime >= tenth
            else "Lapsing"
            if row.days > 30 or row.purchases == 0
            else "It's everyone else"
            for row in people.itertuples()
        ],
        people.index,
    )


def later_spend(landing: Path, as_of: date) -> pd.Series:
    """Cents of the 90 days from a date on, by user."""
    later = customers(landing, as_of + timedelta(days=90))
    return later["spend"]


def platforms(landing: Path, as_of: date) -> pd.Series:
    """The segment of each user; see BY_PLATFORM in files.py."""
    users = pd.read_parquet(landing / "users.parquet")
    users["day"] = users["created_at"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.date
    users = users[(users["day"] < as_of) & ~users["user_id"].isin(_testers(landing))].set_index("user_id")
    return users["platform"].map({"ios": "iOS", "android": "Android"}).fillna("Others")


def _testers(landing: Path) -> set[str]:
    users = pd.read_parquet(landing / "users.parquet")
    return set(users.loc[users["is_test_user"].eq(True), "user_id"])
