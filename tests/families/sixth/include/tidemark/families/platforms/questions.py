"""The family's statistics."""

from include.tidemark.families.statistics_config import statistics_config
from include.tidemark.run import Run
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.warehouse.base import Warehouse


def shares(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """Which part of the users is on each platform?"""
    counts = warehouse.fetch(
        "select platform, users from runs.platform_users where run_key = ? order by platform", (run.run_key,)
    )
    total = sum(int(row["users"]) for row in counts)
    config = statistics_config(run)
    return [
        proportion_row(
            "platform_share", int(row["users"]), total, config, "empty_segment", segment=row["platform"]
        )
        for row in counts
    ]
