"""What a month will take: the time of past runs, and on Snowflake their credits."""

import logging
from collections.abc import Sequence
from statistics import median

from include.tidemark.warehouse.base import Warehouse

log = logging.getLogger(__name__)

_CREDITS = """
    select
        try_parse_json(query_tag):run_key::varchar as run_key,
        sum(credits_attributed_compute) as credits
    from snowflake.account_usage.query_attribution_history
    where try_parse_json(query_tag):run_key::varchar in ({keys})
    group by 1
"""


def median_or_none(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return float(median(values)) if values else None


def credits_of_runs(warehouse: Warehouse, run_keys: Sequence[str]) -> dict[str, float] | None:
    """The credits that Snowflake attributes to the statements of each run, by their query tag.

    None where there are none to know: on DuckDB, and for a role that may not read `account_usage`, whose
    newest hours are missing in any case.
    """
    if warehouse.dialect != "snowflake" or not run_keys:
        return None
    try:
        rows = warehouse.fetch(_CREDITS.format(keys=", ".join("?" for _ in run_keys)), tuple(run_keys))
    except Exception as error:  # the driver's own errors, of which each version has others
        log.info("The credits of past runs can't be read (%s)", type(error).__name__)
        return None
    return {row["run_key"]: float(row["credits"]) for row in rows if row["credits"] is not None}
