"""Retention of all tiers together, the covariate rows of the retention model, and what is said of weeks that
are not over."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.logistic import BinaryTable
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.retention import RetentionCount
from include.tidemark.warehouse.base import Row

ALL_TIERS = "retention_all_tiers"


def all_tiers_rows(counts: Sequence[RetentionCount], config: StatisticsConfig) -> list[ResultRow]:
    """Retention in each week whatever the fee was: those who swapped in it, of all users whose week is
    over."""
    rows = []
    for window in dict.fromkeys(count.window for count in counts):
        parts = [count for count in counts if count.window == window]
        matured = sum(count.matured for count in parts)
        active = sum(count.active_in_window for count in parts)
        rows.append(
            proportion_row(
                ALL_TIERS,
                active,
                matured,
                config,
                "window_not_complete",
                horizon=window,
                is_mature=matured > 0,
            )
        )
    return rows


@dataclass(frozen=True)
class RetentionTable:
    """A model's data."""

    table: BinaryTable
    users: int
    """Users in it: each counts once, though a model of several weeks sees a user once a week."""
    is_open: bool
    """Whether the week is over for nobody."""

    def rows(self, fitted: Iterable[ResultRow]) -> list[ResultRow]:
        """The model's rows with the number of users; a week that is over for nobody is not an empty
        segment."""
        counted = [replace(row, n=self.users) for row in fitted]
        if not self.is_open:
            return counted
        return [replace(row, reason="window_not_complete", is_mature=False) for row in counted]


def week_table(counts: Sequence[Row], k: int) -> RetentionTable:
    """The users of week `k`: whether they swapped in it, by the fee at their first swap.

    Args:
        counts: rows of first_seen_week, fee_bps, k, n and successes.
    """
    rows = [row for row in counts if row["k"] == k]
    users = sum(int(row["n"]) for row in rows)
    table = BinaryTable.from_rows(rows, ["fee_bps"], cluster="first_seen_week")
    return RetentionTable(table, users, is_open=bool(rows) and users == 0)


def all_weeks_table(counts: Sequence[Row]) -> RetentionTable:
    """The users of all weeks from 1 on, with the logarithm of the week as a second covariate."""
    rows = [{**row, "log_week": math.log(row["k"])} for row in counts]
    one_week = len({row["k"] for row in rows if row["n"]}) < 2
    features = ["fee_bps"] if one_week else ["fee_bps", "log_week"]
    table = BinaryTable.from_rows(rows, features, cluster="first_seen_week")
    users = sum(int(row["n"]) for row in rows if row["k"] == 1)
    return RetentionTable(table, users, is_open=bool(rows) and users == 0)
