"""What the rows of the transactions should keep."""

import csv

from include.tidemark.paths import DBT_DIR
from include.tidemark.rules import Rules
from include.tidemark.run import Run
from include.tidemark.shared_texts import SHARED_BY_USERS
from include.tidemark.sources.rows import SourceRows
from include.tidemark.validation.checks import Check, count_where, text_list, warning

POSTED = "coalesce(lower(trim(cast(transactions.status as varchar))), 'posted') = 'posted'"
"""Staging's definition of a transaction that counts."""

_CATEGORY_SEED = DBT_DIR / "seeds" / "category_groups.csv"
_KNOWN_STATUSES = ("posted", "pending", "declined")


def transaction_checks(rows: SourceRows, run: Run) -> list[Check]:
    """Categories, statuses and amounts that a person should know of."""
    category = "trim(cast(transactions.category as varchar))"
    unknown = (
        f"{category} <> '' and upper({category}) not in {text_list(sorted(known_categories(run.rules)))}"
    )
    status = f"lower(trim(cast(transactions.status as varchar))) not in {text_list(_KNOWN_STATUSES)}"
    amount, table = "transactions.amount_usd", rows.relation
    return [
        warning(
            "unknown_category", unknown, "category",
            f"Every category of {table} is in the category map.",
            f"{table}.category holds categories that are in no group ({{observed}} rows; those that"
            f" {SHARED_BY_USERS} users or more have: {{detail}}); they count as other:"
            " add them to category_groups.",
            detail=f"select left({category}, 40) as category from {rows.rows} as transactions where {unknown}"
            f" group by 1 having count(distinct transactions.user_id) >= {SHARED_BY_USERS} order by 1 limit 5",
        ),
        warning(
            "unknown_status", status, "status",
            f"Every status of {table} is {', '.join(_KNOWN_STATUSES)} or null.",
            f"{table}.status holds unknown values ({{observed}} rows), which do not count as spend; map them to posted,"
            " pending or declined.",
        ),
        warning(
            "zero_amount", f"{amount} = 0", "amount_usd",
            f"No amount of {table} is 0.",
            f"{table}.amount_usd is 0 in some rows ({{observed}}); they count neither as purchases nor as refunds:"
            " look at what the source means by them.",
        ),
        Check(
            name="negative_amount",
            measure=count_where(f"{amount} < 0"),
            maximum=0,
            column="amount_usd",
            severity="info",
            claim=f"{table} holds no refunds.",
            failure=f"{table}.amount_usd is negative in some rows ({{observed}}); they are refunds and subtract from spend.",
        ),
        Check(
            name="blank_category",
            measure=count_where(f"coalesce({category}, '') = ''"),
            maximum=0,
            column="category",
            severity="info",
            claim=f"Every row of {table} has a category.",
            failure=f"{table}.category is blank in some rows ({{observed}}); they count as UNKNOWN.",
        ),
    ]  # fmt: skip


def known_categories(rules: Rules) -> set[str]:
    """Every category that has a group, in upper case: dbt's seed and the rules."""
    with _CATEGORY_SEED.open(encoding="utf-8", newline="") as file:
        seeded = {row["category"].strip().upper() for row in csv.DictReader(file)}
    return seeded | {category.strip().upper() for category in rules.category_groups}
