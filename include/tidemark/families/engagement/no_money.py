"""A month without transactions: what is made of money is null, and says why."""

from collections.abc import Sequence

from include.tidemark.families.engagement.cohorts import REVENUE_PER_USER
from include.tidemark.families.engagement.definitions import REVENUE_SEGMENTS
from include.tidemark.run import Run
from include.tidemark.statistics.change_rows import ChangeRow, without_change
from include.tidemark.statistics.results import ResultRow, without_number

TRANSACTIONS = "transactions"
NO_TRANSACTIONS = "no_transactions"
_OF_MONEY = frozenset({"mean_lifetime_revenue", "mean_revenue_90d", "revenue_share", REVENUE_PER_USER})


def has_money(run: Run) -> bool:
    """Whether the run knows of any transaction."""
    return not run.lacks(TRANSACTIONS)


def of_money(row: ResultRow | ChangeRow) -> bool:
    """Whether a number is made of transactions: an amount, or a number of a revenue segment."""
    return row.metric in _OF_MONEY or row.segment in REVENUE_SEGMENTS


def known_rows(run: Run, rows: Sequence[ResultRow]) -> list[ResultRow]:
    """The rows; without transactions those of money are null, and there are as many of them."""
    if has_money(run):
        return list(rows)
    return [without_number(row, NO_TRANSACTIONS) if of_money(row) else row for row in rows]


def known_change(row: ChangeRow) -> ChangeRow:
    """The row of a comparison of two months of which one has no transactions."""
    return without_change(row, NO_TRANSACTIONS) if of_money(row) else row
