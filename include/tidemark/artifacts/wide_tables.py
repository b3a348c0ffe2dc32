"""From long rows to the wide files that readers know, one line per key and one column per number, as a
`tables.yml` says them.

    statistics:
      rate: {metric: retention_in_window, segment: "{fee:g} bps", horizon: "week {k}"}
    tables:
      data/user_cohorts: {}             # as a model's yml publishes it
      data/retention_by_fee:
        rows: One row per acquisition fee and week k.
        lines: select distinct fee, k from runs.cohorts where run_key = '$run_key' order by 1, 2
        columns:
          - {column: k, kind: integer, words: Fee weeks after that of the first swap.}
          - {interval: retention_rate, kind: number, words: Share of the users who swapped in week k, of: rate}
          - {closing: retention_rate, of: rate}

A statistic says by what keys of a line its rows are called; `{segment}` alone stands for the value itself,
which may be null. It may name the `method` that is not the primary one, the second segment `to`, and a
`factor`: 100 writes a share as per cent.

| entry | columns |
|---|---|
| `run` | the run's date and key |
| `column` | one: a value of the line or, with `of`, the `field` of a statistic (`estimate` unless given). `at_most` and `at_least` make of it whether it keeps a rule, `known: true` whether there is one, `holds: true` whether it is known to be true |
| `interval` | a statistic and the ends of its interval; `ends` are the names of these where they are not `<name>_ci_low` and so on |
| `trust`, `n`, `closing` | how far the named number can be relied on; the users behind it; both and the run's |
| `group` | a list of entries, which are all `of` one statistic |

A line holds its keys as values of their type (a fee, a week, a day), and what is counted and no estimate; a
statistic says in one place how it is called by them, so that nobody has to read a number out of a name again.
`lines` of a table is SQL, in which `$run_key` and `$rules.<rule>` are the run's, and other names what the
family's `values` give; where it has none, the family's module `artifacts` makes the lines.

A table that has the `columns` of a model takes them at its end. `parquet: true` publishes it in that format,
too. `$reason` in words is what every reason is.
"""  # noqa: W505

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from include.tidemark.artifacts.columns import (
    REASON,
    RUN_COLUMNS,
    interval_columns,
    n_column,
    trust_columns,
)
from include.tidemark.artifacts.model_tables import ModelTable, model_rows, model_table, write_model_table
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import Column, Kind, PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.writing import write_rows
from include.tidemark.families.family import folder_of
from include.tidemark.families.values import Text, rules_of, values_of
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.yaml_reading import read_yaml

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
        """The estimate and the ends of its interval; `ends` are the names of these where they are not
        `<name>_ci_low` and so on."""
        columns = interval_columns(name, kind, what)
        names = (name, *(ends or [column.name for column in columns[1:]]))
        return tuple(
            self._filled(replace(column, name=called), field)
            for column, called, field in zip(columns, names, _SCALED, strict=True)
        )

    def trust(self, what: str) -> tuple[Column, ...]:
        """How far the row's number can be relied on, and why it is missing; `what` says which number that
        is."""
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


@dataclass(frozen=True)
class WideTables:
    """What a file says."""

    statistics: Mapping[str, Statistic]
    tables: Mapping[str, PublishedTable]
    """By path, in the order of the data dictionary."""
    lines: Mapping[str, str]
    """By path, the SQL of those that have it."""

    def __getitem__(self, path: str) -> PublishedTable:
        return self.tables[path]


@cache
def wide_tables(file: Path, **decided: tuple[Column, ...]) -> WideTables:
    """The tables of a file.

    Args:
        decided: the columns that replace each `$name` of a model's list.
    """
    said = read_yaml(file.read_text(encoding="utf-8"))
    statistics = {name: _statistic(**of) for name, of in said["statistics"].items()}
    tables = {path: _table(path, of, statistics, decided) for path, of in said["tables"].items()}
    lines = {path: of["lines"] for path, of in said["tables"].items() if "lines" in of}
    return WideTables(statistics, tables, lines)


def published_tables(family: str, run: Run) -> tuple[PublishedTable, ...]:  # noqa: ARG001 - as every family's
    """Every table of a family that its `tables.yml` alone says, for the data dictionary."""
    return tuple(wide_tables(folder_of(family) / "tables.yml").tables.values())


def export(  # noqa: PLR0917 - as every export
    family: str, run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write them below the folder `target`."""
    tables = wide_tables(folder_of(family) / "tables.yml")
    values = {"run_key": run.run_key, **rules_of(run), **values_of(family, run)}
    lines = {path: warehouse.fetch(Text(sql).substitute(values)) for path, sql in tables.lines.items()}
    return write_tables(tables, lines, run, warehouse, results, ids, target)


def write_tables(  # noqa: PLR0917 - as every export
    tables: WideTables,
    lines: Mapping[str, Sequence[Line]],
    run: Run,
    warehouse: Warehouse,
    results: StatisticRows,
    ids: UserIds,
    target: Path,
) -> list[WrittenFile]:
    """Write the tables below the folder `target`, in their order.

    Args:
        lines: by path, those of the tables that are no model's.
    """
    written: list[WrittenFile] = []
    for path, table in tables.tables.items():
        if path in lines:
            of_currency = table.in_currency(run.rules.money)
            written += write_rows(of_currency, wide_rows(of_currency, run, lines[path], results), target)
        elif isinstance(table, ModelTable) and any(column.source for column in table.columns):
            rows = wide_rows(table, run, model_rows(table, run, warehouse), results)
            written += write_rows(table, rows, target)
        elif isinstance(table, ModelTable):
            written += write_model_table(table, run, warehouse, ids, target)
    return written


def _statistic(
    *,
    metric: str,
    segment: str | None = None,
    to: str | None = None,
    horizon: str | None = None,
    method: str | None = None,
    factor: float = 1.0,
) -> Statistic:
    keys = [_key(text) for text in (segment, to, horizon)]
    return Statistic(metric, lambda line: Place(*(key(line) for key in keys)), method, factor)


def _key(text: str | None) -> Callable[[Line], Any]:
    if text is None:
        return lambda _: None
    name = text[1:-1]
    if text == f"{{{name}}}" and name.isidentifier():
        value = itemgetter(name)
        return lambda line: None if value(line) is None else str(value(line))
    return text.format_map


def _table(
    path: str,
    said: Mapping[str, Any],
    statistics: Mapping[str, Statistic],
    decided: Mapping[str, tuple[Column, ...]],
) -> PublishedTable:
    columns = tuple(_columns(said.get("columns", ()), statistics))
    if "rows" not in said:
        return model_table(path, **decided).plus(*columns)
    return PublishedTable(path, columns, said["rows"], parquet=said.get("parquet", False))


def _columns(entries: Any, statistics: Mapping[str, Statistic], of: str | None = None) -> Iterator[Column]:
    for entry in entries:
        if isinstance(entry, list):
            yield from _columns(entry, statistics, of)
        elif entry == "run":
            yield from RUN_COLUMNS
        elif "group" in entry:
            yield from _columns(entry["group"], statistics, entry["of"])
        else:
            named = entry.get("of", of)
            yield from _entry(entry, statistics[named] if named else None)


def _entry(said: Mapping[str, Any], of: Statistic | None) -> tuple[Column, ...]:
    words = said.get("words", "").replace("$reason", REASON)
    if of is None:
        return (Column(said["column"], said["kind"], words),)
    if "interval" in said:
        return of.interval(said["interval"], said["kind"], words, said.get("ends"))
    if "closing" in said:
        return of.closing(said["closing"])
    if "trust" in said:
        return of.trust(said["trust"])
    if "n" in said:
        return (of.n(said["n"]),)
    return (of.column(said["column"], said["kind"], words, said.get("field", "estimate"), _read(said)),)


def _read(said: Mapping[str, Any]) -> Read | None:
    if said.get("known"):
        return lambda value, _: value is not None
    if said.get("holds"):
        return lambda value, _: value is True
    if "at_most" in said:
        return lambda value, run: None if value is None else value <= getattr(run.rules, said["at_most"])
    if "at_least" in said:
        return lambda value, run: None if value is None else value >= getattr(run.rules, said["at_least"])
    return None


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
