"""From long rows to the wide files that readers know: one line per key, one column per number.

A line holds its keys as values of their type (a fee, a week, a day), and what is counted and no estimate. Where a statistic is
called by a name made of them, `Place` says so in one place, and nobody has to read a number out of a name again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from include.tidemark.artifacts.columns import RUN_COLUMNS, interval_columns, n_column, trust_columns
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import Column, Kind, PublishedTable, WrittenFile, write_rows
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row

Line = Mapping[str, Any]
_SCALED = ("estimate", "ci_low", "ci_high")
Read = Callable[[Any, Run], Any]


class Place(NamedTuple):
    """Which of a metric's rows a line is about."""

    segment: str | None = None
    segment_to: str | None = None
    horizon: str | None = None


@dataclass(frozen=True)
class Statistic:
    """A metric, as columns of a wide table."""

    metric: str
    """Its name; `{key}` stands for a value of the line."""
    at: Callable[[Line], Place]
    method: str | None = None
    """The primary one unless given."""
    factor: float = 1.0
    """100 writes a share as per cent."""

    def row(self, line: Line, results: StatisticRows) -> Row | None:
        """The row that a line is about."""
        return results.at(self.metric.format_map(line), *self.at(line), self.method)

    def column(self, name: str, kind: Kind, description: str, field: str, read: Read | None = None) -> Column:
        """One field of the row as a column; `read` makes something else of its value."""
        return self._filled(Column(name, kind, description), field, read)

    def interval(
        self, name: str, kind: Kind, what: str, ends: tuple[str, str] | None = None
    ) -> tuple[Column, ...]:
        """The estimate and the ends of its interval; `ends` are the names of these where they are not `<name>_ci_low` and so on."""
        columns = interval_columns(name, kind, what)
        names = (name, *(ends or [column.name for column in columns[1:]]))
        return tuple(
            self._filled(replace(column, name=called), field)
            for column, called, field in zip(columns, names, _SCALED, strict=True)
        )

    def trust(self, what: str) -> tuple[Column, ...]:
        """How far the row's number can be relied on, and why it is missing; `what` says which number that is."""
        return tuple(self._filled(column, column.name) for column in trust_columns(what))

    def n(self, what: str) -> Column:
        """The users behind the row's number."""
        return self._filled(n_column(what), "n")

    def closing(self, what: str) -> tuple[Column, ...]:
        """What a reader of a row needs beside the columns that were promised first."""
        return (self.n(what), *self.trust(what), *RUN_COLUMNS)

    def _filled(self, column: Column, field: str, read: Read | None = None) -> Column:
        def source(line: Line, run: Run, results: StatisticRows) -> Any:
            row = self.row(line, results)
            value = row[field] if row else None
            if value is not None and field in _SCALED:
                value *= self.factor
            return read(value, run) if read else value

        return replace(column, source=source)


def wide_rows(table: PublishedTable, run: Run, lines: Iterable[Line], results: StatisticRows) -> list[Row]:
    """The lines with the columns of the table: those of a statistic, of the run, and of the line itself."""
    identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
    return [
        {
            column.key: column.source(line, run, results) if column.source else line[column.key]
            for column in table.columns
        }
        for line in ({**identity, **own} for own in lines)
    ]


def write_wide(
    table: PublishedTable, run: Run, lines: Sequence[Line], results: StatisticRows, target: Path
) -> list[WrittenFile]:
    """Write the table below the folder `target`."""
    return write_rows(table, wide_rows(table, run, lines, results), target)
