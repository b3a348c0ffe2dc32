"""The files of this family: the customers, their segments in numbers, and the audiences of campaigns."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from include.tidemark.artifacts.results import (
    StatisticRows,
    estimate_columns,
    mean_columns,
    percent_columns,
    trust_columns,
)
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile, write_rows, write_table
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.families.customer_segments import tables
from include.tidemark.families.customer_segments.audiences import Audience, audiences
from include.tidemark.families.customer_segments.definitions import (
    JOINED,
    REFERENCE_SHARES_PCT,
    SEGMENTS,
)
from include.tidemark.run import BACKTESTED, Run
from include.tidemark.warehouse.base import Row, Warehouse

ALL_CUSTOMERS = "All customers"


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return tables.TABLES


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    written = _write_customers(run, warehouse, ids, target)
    written += write_rows(tables.SUMMARY, summary_rows(run, warehouse, results), target)
    written += write_rows(tables.MOVEMENT, movement_rows(run, warehouse, results), target)
    written += write_rows(tables.BACKTEST, backtest_rows(run, warehouse, results), target)
    for audience in audiences(run.rules):
        written += _write_audience(run, warehouse, ids, audience, target)
    return written


def summary_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per segment in order of priority, then one of all customers, with the columns of `segment_summary.csv`."""
    counted = warehouse.fetch(
        """
        select
            customer_segment,
            count(*) as customers,
            sum(case when is_dormant then 1 else 0 end) as dormant_customers,
            sum(spend_last_90_days) as spend_last_90_days,
            sum(lifetime_value) as lifetime_value
        from runs.customer_segments
        where run_key = ?
        group by customer_segment
        """,
        (run.run_key,),
    )
    found = {row.pop("customer_segment"): row for row in counted}
    sums = ("customers", "dormant_customers", "spend_last_90_days", "lifetime_value")
    empty = dict.fromkeys(sums, 0)
    total = {name: sum(row[name] for row in found.values()) for name in sums}
    groups = [
        (number, segment, found.get(segment, empty)) for number, segment in enumerate(SEGMENTS, start=1)
    ]
    return [
        _summary_row(run, results, number, segment, counts)
        for number, segment, counts in [*groups, (None, None, total)]
    ]


def _summary_row(
    run: Run, results: StatisticRows, priority: int | None, segment: str | None, counts: Mapping[str, Any]
) -> Row:
    reference = REFERENCE_SHARES_PCT.get(segment or "", (None, None))
    return {
        "as_of_date": run.as_of_date,
        "run_key": run.run_key,
        "priority": priority,
        "customer_segment": segment or ALL_CUSTOMERS,
        **counts,
        **percent_columns("share_pct", results.find("segment_share", segment)),
        **percent_columns("share_active_pct", results.find("segment_share_active", segment)),
        **mean_columns("mean_spend_90d", results, segment),
        **mean_columns("mean_lifetime_value", results, segment),
        "reference_share_low_pct": reference[0],
        "reference_share_high_pct": reference[1],
    }


def movement_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per pair of segments; without an earlier publication, the one row that says so."""
    counted = warehouse.fetch(
        "select from_segment, to_segment, customers from runs.customer_segment_movement where run_key = ?",
        (run.run_key,),
    )
    counts = {(row["from_segment"], row["to_segment"]): int(row["customers"]) for row in counted}
    statistics = {(row["segment"], row["segment_to"]): row for row in results.of("movement")}
    order = {name: number for number, name in enumerate((*SEGMENTS, JOINED))}
    pairs = sorted(
        counts.keys() | statistics.keys(), key=lambda pair: [(order.get(n or "", 9), n or "") for n in pair]
    )
    previous = run.previous_of(BACKTESTED)
    starts: dict[str | None, int] = {}
    for (origin, _), customers in counts.items():
        starts[origin] = starts.get(origin, 0) + customers
    return [
        {
            "as_of_date": run.as_of_date,
            "run_key": run.run_key,
            "previous_as_of_date": previous.as_of_date if previous else None,
            "previous_run_key": previous.run_key if previous else None,
            "from_segment": origin,
            "to_segment": to,
            "customers": counts.get((origin, to), 0) if previous else None,
            "from_customers": starts.get(origin, 0) if previous else None,
            **percent_columns("share_pct", statistics.get((origin, to))),
            **trust_columns(statistics.get((origin, to))),
        }
        for origin, to in pairs
    ]


def backtest_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per segment of the earlier date, then one of all customers; nulls with a reason where there is no such date."""
    counted = warehouse.fetch(
        """
        select customer_segment, sum(n) as customers, sum(prior_s1) as prior_cents, sum(later_s1) as later_cents
        from runs.customer_segment_backtest_cells
        where run_key = ?
        group by customer_segment
        """,
        (run.run_key,),
    )
    found: dict[str | None, Row] = {row.pop("customer_segment"): row for row in counted}
    if found:
        found[None] = {name: sum(row[name] for row in found.values()) for name in counted[0]}
    rows = []
    for segment in (*SEGMENTS, None):
        counts, statistic = found.get(segment), results.find("backtest_spend_ratio", segment)
        rows.append(
            {
                "as_of_date": run.as_of_date,
                "run_key": run.run_key,
                "backtest_as_of_date": run.backtest.as_of_date if run.backtest else None,
                "backtest_run_key": run.backtest.run_key if run.backtest else None,
                "customer_segment": segment or ALL_CUSTOMERS,
                "customers": counts["customers"] if counts else (0 if run.backtest else None),
                "prior_spend": _dollars(counts["prior_cents"]) if counts else None,
                "later_spend": _dollars(counts["later_cents"]) if counts else None,
                **estimate_columns("spend_ratio", statistic),
                **trust_columns(statistic),
            }
        )
    return rows


def _dollars(cents: Any) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)


def _write_customers(run: Run, warehouse: Warehouse, ids: UserIds, target: Path) -> list[WrittenFile]:
    table = tables.CUSTOMERS
    order = ids.order_by("customer_id", warehouse.dialect)
    sql = f"select {', '.join(table.names)} from runs.customer_segments where run_key = ? order by {order}"
    return write_table(
        table, warehouse.batches(sql, (run.run_key, *ids.order_parameters)), target, ids.publish
    )


_AUDIENCE_TABLES = {
    PurePosixPath(table.path).name: table
    for table in (
        tables.HIGH_VALUE_AUDIENCE,
        tables.DECLINING_AUDIENCE,
        tables.NEW_GROWING_AUDIENCE,
        tables.BUDGET_AUDIENCE,
    )
}
_COMPUTED = {"projected_annual_value": "avg_monthly_spend * 12"}
"""SQL of the audiences' columns that the model does not have."""


def _write_audience(
    run: Run, warehouse: Warehouse, ids: UserIds, audience: Audience, target: Path
) -> list[WrittenFile]:
    table = _AUDIENCE_TABLES[audience.name]
    columns = ", ".join(f"{_COMPUTED[name]} as {name}" if name in _COMPUTED else name for name in table.names)
    sql = f"""
        select {columns}
        from runs.customer_segments
        where run_key = ? and {audience.condition}
        order by {audience.order}, {ids.order_by("customer_id", warehouse.dialect)}
        limit {audience.limit:d}
    """
    parameters = (run.run_key, *ids.order_parameters)
    return write_table(table, warehouse.batches(sql, parameters), target, ids.publish)
