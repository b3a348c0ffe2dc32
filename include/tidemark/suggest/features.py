"""The customers' numbers and the categories of their purchases, as a run left them in the warehouse."""

from datetime import date

import numpy as np
import pyarrow as pa

from include.tidemark.errors import TidemarkError
from include.tidemark.rules import Rules
from include.tidemark.suggest.customers import Customers
from include.tidemark.validation.sources import known_categories
from include.tidemark.warehouse.base import Row, Warehouse

MOST_CUSTOMERS = 2_000_000
"""Beyond it a fixed sample stands for all in the search: 64 bytes of memory a customer, and quantiles need no
more."""
_NAMED_CATEGORIES = 10

_COLUMNS = {
    "spend_cents": "cast(spend_last_90_days * 100 as bigint)",
    "prior_cents": "cast(spend_prior_90_days * 100 as bigint)",
    "avg_monthly_cents": "cast(avg_monthly_spend * 100 as bigint)",
    "lifetime_cents": "cast(lifetime_value * 100 as bigint)",
    "change_pct": "spend_change_pct",
    "travel_pct": "travel_spend_pct",
    "necessities_pct": "necessities_spend_pct",
    "tenure_months": "cast(tenure_months as bigint)",
    "days_since_first_purchase": "cast(days_since_first_purchase as bigint)",
}


class NoCustomersError(TidemarkError):
    """There is nobody to choose thresholds for."""


def read_customers(warehouse: Warehouse, run_key: str, as_of_date: date) -> Customers:
    """The numbers of a run's customers, without anything that identifies one; a fixed sample where there are
    very many.

    Raises:
        NoCustomersError: the run has none.
    """
    number = int(
        warehouse.fetch("select count(*) as n from runs.customer_segments where run_key = ?", (run_key,))[0][
            "n"
        ]
    )
    if number == 0:
        raise NoCustomersError(
            f"No customer has a posted purchase before {as_of_date}, so there is nothing to choose rules from;"
            " name a later --as-of, or look at what the status of the transactions says."
        )
    columns = ", ".join(f"{sql} as {name}" for name, sql in _COLUMNS.items())
    sample = f" order by md5(customer_id) limit {MOST_CUSTOMERS}" if number > MOST_CUSTOMERS else ""
    sql = f"select {columns} from runs.customer_segments where run_key = ?{sample}"
    batches = list(warehouse.batches(sql, (run_key,)))
    read = {
        name: np.concatenate([_array(batch.column(place)) for batch in batches])
        for place, name in enumerate(_COLUMNS)
    }
    return Customers(**read)


def categories_without_group(warehouse: Warehouse, rules: Rules, as_of_date: date) -> list[Row]:
    """The largest categories of purchases that are in no group, as `category` and `share_pct` of all
    purchases."""
    spent = warehouse.fetch(
        """
        select min(category) as category, sum(gross_cents) as gross_cents from core.fct_customer_category_daily
        where transaction_date < ? group by upper(category) order by 2 desc, 1
        """,
        (as_of_date,),
    )
    total = sum(int(row["gross_cents"]) for row in spent)
    known = known_categories(rules)
    without = [row for row in spent if row["category"].upper() not in known and row["gross_cents"] > 0]
    return [
        {"category": row["category"], "share_pct": 100 * int(row["gross_cents"]) / total}
        for row in without[:_NAMED_CATEGORIES]
    ]


def _array(column: pa.Array) -> np.ndarray:
    """Whole numbers as they are; what may be unknown as floats with NaN."""
    if pa.types.is_floating(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)
