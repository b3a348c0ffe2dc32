"""The family's statistics."""

from dataclasses import replace

from scipy.stats import binomtest

from include.tidemark.run import Run
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.warehouse.base import Warehouse

WEEKEND = 2 / 7


def weekends(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """On which platforms do people sign up at weekends more, or less, than on other days?"""
    counts = warehouse.fetch(
        "select platform, users, weekend_users from runs.platform_users where run_key = ? order by platform",
        (run.run_key,),
    )
    config = run.statistics_config
    rows = []
    for row in counts:
        users, at_weekends = int(row["users"]), int(row["weekend_users"])
        share = proportion_row(
            "weekend_share", at_weekends, users, config, "empty_segment", segment=row["platform"]
        )
        rows.append(replace(share, p_value=binomtest(at_weekends, users, WEEKEND).pvalue))
    return adjust(rows)
