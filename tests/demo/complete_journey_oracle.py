"""The families' numbers on the Complete Journey in pandas, from the landing files and docs/decisions.md
alone."""

from pathlib import Path

import pandas as pd

LOCAL = pd.Timedelta("-5h")
FIRST_WEEK = range(7)
RETURN_DAYS = range(28, 35)


class Oracle:
    """What the families must find as of a day, by the demo's rules."""

    def __init__(self, landing: Path, as_of: pd.Timestamp) -> None:
        self.as_of = as_of
        users, events, sales = (
            pd.read_parquet(landing / f"{table}.parquet") for table in ("users", "events", "transactions")
        )
        self.created = _local_day(users.set_index("user_id")["created_at"])
        self.created = self.created[self.created < as_of]
        self.events = _until(events.assign(day=_local_day(events["event_at"])), as_of)
        self.events = self.events[self.events["user_id"].isin(self.created.index)].drop_duplicates("event_id")
        self.events["age"] = (self.events["day"] - self.events["user_id"].map(self.created)).dt.days
        self.sales = _until(sales.assign(day=_local_day(sales["transaction_at"])), as_of)
        self.sales["cents"] = (self.sales["amount_usd"] * 100).astype("int64")

    def behavioral_segments(self) -> pd.Series:
        """Each user's behavioural segment: churned after 14 days, the others by the percentiles of their
        scores."""
        done = self.events[(self.events["event_name"] != "campaign_received") & (self.events["age"] >= 0)]
        observed = (self.as_of - self.created).dt.days.clip(upper=90)
        recent = done[done["day"] >= self.as_of - pd.DateOffset(days=90)]
        sessions = recent.groupby("user_id")["session_id"].nunique()
        frequency = sessions.reindex(observed.index, fill_value=0) / observed
        events = recent.groupby("user_id").size().reindex(observed.index, fill_value=0) / observed
        away = (self.as_of - done.groupby("user_id")["day"].max()).dt.days.reindex(observed.index)
        # No session here has a length, so its weight of 0.25 is shared among the others: 30, 25 and 20 parts
        # of 75.
        score = 30 * _places(frequency) + 25 * _places(events) + 20 * _places(-away.fillna(1e6))
        here = away < 14
        moderate, high = (score[here].quantile(p) for p in (0.3, 0.7))
        segments = pd.Series("low_engagement", observed.index)
        segments[score >= moderate] = "moderate_engagement"
        segments[score >= high] = "high_engagement"
        segments[~here] = "churned"
        return segments

    def revenue(self) -> pd.DataFrame:
        """Each user's lifetime revenue in cents and revenue segment; percentiles are of all users."""
        cents = self.sales.groupby("user_id")["cents"].sum().reindex(self.created.index, fill_value=0)
        segments = pd.Series("minnow", cents.index)
        segments[cents >= cents.quantile(0.8)] = "dolphin"
        segments[cents >= cents.quantile(0.95)] = "whale"
        segments[cents <= 0] = "free_user"
        return pd.DataFrame({"cents": cents, "segment": segments})

    def retained(self, day: int) -> tuple[int, int]:
        """Users whose day after sign-up is over, and those of them who did something on that very day."""
        mature = self.created.index[(self.as_of - self.created).dt.days > day]
        did = self.events[(self.events["event_name"] != "campaign_received") & (self.events["age"] == day)]
        return len(mature), int(mature.isin(did["user_id"]).sum())

    def first_weeks(self) -> pd.DataFrame:
        """Users whose return window is over: events of the first seven days by name, days with them, and who
        stayed."""
        seen = self.created >= self.events["day"].min()
        over = (self.as_of - self.created).dt.days >= RETURN_DAYS.stop
        cohort = self.created.index[seen & over]
        early = self.events[self.events["age"].isin(FIRST_WEEK)]
        columns = {}
        for name in ("purchase", "coupon_redeemed", "campaign_received"):
            own = early[early["event_name"] == name].groupby("user_id")["day"]
            columns[f"cnt_{name}_events_f7d"] = own.size().reindex(cohort, fill_value=0)
            columns[f"cnt_days_{name}_f7d"] = own.nunique().reindex(cohort, fill_value=0)
        returns = self.events[
            (self.events["event_name"] == "purchase") & self.events["age"].isin(RETURN_DAYS)
        ]
        return pd.DataFrame(columns).assign(is_retained_4_weeks=cohort.isin(returns["user_id"]))


def _local_day(times: pd.Series) -> pd.Series:
    return (times + LOCAL).dt.normalize()


def _until(rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    return rows[rows["day"] < as_of].copy()


def _places(values: pd.Series) -> pd.Series:
    """Twice the number of others that each is above, ties half: whole numbers, so that equal scores are
    equal."""
    return (2 * (values.rank(method="average") - 1)).astype("int64")
