"""The run's statistics, as the files and the report look at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs

from include.tidemark.artifacts.tables import Column, Kind, PublishedTable, WrittenFile, write_rows
from include.tidemark.currency import Currency
from include.tidemark.errors import TidemarkError
from include.tidemark.run import Run
from include.tidemark.statistics.results import COLUMNS, result_schema
from include.tidemark.warehouse.base import Row, Warehouse

_KINDS: dict[str, Kind] = {
    "as_of_date": "date",
    "is_mature": "boolean",
    "is_primary": "boolean",
    **dict.fromkeys(("estimate", "ci_low", "ci_high", "confidence_level", "p_value", "p_adjusted"), "number"),
    **dict.fromkeys(("n", "n_resamples", "family_size"), "integer"),
}
_ORDER = ("family", "metric", "segment", "segment_to", "horizon", "method")
STATISTICS = PublishedTable(
    path="data/statistics",
    columns=tuple(
        Column(name, _KINDS.get(name, "text"), result_schema()["properties"][name]["description"])
        for name in COLUMNS
    ),
    description="One row per published number, of every metric, with its interval and how it was made.",
    parquet=True,
)


@dataclass(frozen=True)
class StatisticRows:
    """The long results of one run, in a fixed order."""

    rows: tuple[Row, ...]

    def of_family(self, family: str) -> "StatisticRows":
        """The rows of one family: metrics are named within it."""
        return StatisticRows(tuple(row for row in self.rows if row["family"] == family))

    def at(
        self,
        metric: str,
        segment: str | None = None,
        segment_to: str | None = None,
        horizon: str | None = None,
        method: str | None = None,
    ) -> Row | None:
        """The row of a number by a method, the primary one unless given, or None."""
        return self._index.get((metric, segment, segment_to, horizon, method))

    @cached_property
    def _index(self) -> Mapping[tuple[str | None, ...], Row]:
        names = ("metric", "segment", "segment_to", "horizon")
        numbers = [(tuple(row[name] for name in names), row) for row in self.rows]
        primary = {(*number, None): row for number, row in numbers if row["is_primary"]}
        return primary | {(*number, row["method"]): row for number, row in numbers}

    def of(self, metric: str) -> list[Row]:
        """All rows of a metric."""
        return [row for row in self.rows if row["metric"] == metric]

    def find(self, metric: str, segment: str | None, method: str | None = None) -> Row | None:
        """The first row of a metric and segment (and method), or None."""
        return next(
            (row for row in self.of(metric) if row["segment"] == segment and method in (None, row["method"])),
            None,
        )


def read_statistics(run: Run, warehouse: Warehouse) -> StatisticRows:
    """The run's statistics, each held against the JSON Schema of a result.

    Raises:
        TidemarkError: a row is not of the shape that is promised to readers of `statistics.csv`.
    """
    rows = warehouse.fetch(
        f"select {', '.join(COLUMNS)} from runs.statistics where run_key = ?", (run.run_key,)
    )
    # Sorted here, so that the order does not depend on how a warehouse collates text or where it puts nulls.
    rows.sort(key=lambda row: [row[name] or "" for name in _ORDER])
    validator = jsonschema_rs.Draft202012Validator(result_schema())
    for row in rows:
        for error in validator.iter_errors(_plain(row)):
            raise TidemarkError(
                f"The statistic {row['metric']} of segment {row['segment']!r} can't be published: {error.message}."
                " Correct the function that computes it."
            )
    return StatisticRows(tuple(rows))


def write_statistics(results: StatisticRows, target: Path, currency: Currency) -> list[WrittenFile]:
    """Write `data/statistics.csv` and `.parquet`; metrics that end in `_usd` end in the code of the currency."""
    rows = [row | {"metric": currency.name(row["metric"])} for row in results.rows]
    return write_rows(STATISTICS, rows, target)


def estimate_columns(name: str, statistic: Row | None, factor: float = 1.0) -> Row:
    """A number and its interval as the columns `<name>`, `<name>_ci_low` and `<name>_ci_high` of a wide table.

    Args:
        factor: 100 writes a share as per cent.
    """
    ends = {name: "estimate", f"{name}_ci_low": "ci_low", f"{name}_ci_high": "ci_high"}
    values = {column: statistic[end] if statistic else None for column, end in ends.items()}
    return {column: None if value is None else value * factor for column, value in values.items()}


def mean_columns(metric: str, results: StatisticRows, segment: str | None) -> Row:
    """A mean by both of its methods, and how far it can be relied on, as columns of a wide table that begin with the metric's name."""
    bootstrap = results.find(metric, segment, method="percentile_bootstrap")
    skew = results.find(metric, segment, method="hall_skew_t")
    return {
        **estimate_columns(metric, bootstrap),
        f"{metric}_skew_ci_low": skew["ci_low"] if skew else None,
        f"{metric}_skew_ci_high": skew["ci_high"] if skew else None,
        f"{metric}_trust": bootstrap["trust"] if bootstrap else None,
        f"{metric}_reason": bootstrap["reason"] if bootstrap else None,
    }


def percent_columns(name: str, statistic: Row | None) -> Row:
    """A share and its interval in per cent, as columns of a wide table."""
    return estimate_columns(name, statistic, 100.0)


def trust_columns(statistic: Row | None) -> Row:
    """How far a number can be relied on, and why not or why it is missing: the columns `trust` and `reason`."""
    return {name: statistic[name] if statistic else None for name in ("trust", "reason")}


def _plain(row: Row) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
