"""The run's statistics, as the files and the report look at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs

from include.tidemark.artifacts.columns import KINDS
from include.tidemark.artifacts.tables import Column, PublishedTable, WrittenFile
from include.tidemark.artifacts.writing import write_rows
from include.tidemark.currency import Currency
from include.tidemark.errors import TidemarkError
from include.tidemark.run import Run
from include.tidemark.statistics.results import COLUMNS, result_schema
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.warehouse.control import run_tables

_ORDER = ("family", "metric", "segment", "segment_to", "horizon", "method")
STATISTICS = PublishedTable(
    path="data/statistics",
    columns=tuple(
        Column(
            name,
            KINDS[run_tables()["runs.statistics"][name]],
            result_schema()["properties"][name]["description"],
        )
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
    """Write `data/statistics.csv` and `.parquet`; metrics that end in `_usd` end in the code of the
    currency."""
    return write_rows(STATISTICS, [row | _named(row, currency) for row in results.rows], target)


def _named(row: Row, currency: Currency) -> Row:
    """What names metrics, as it is published; a family of comparisons is named by its metric and more."""
    family = row["comparison_family"]
    parts = [currency.name(part) for part in family.split(" / ")] if family else []
    return {"metric": currency.name(row["metric"]), "comparison_family": " / ".join(parts) or family}


def _plain(row: Row) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
