"""A family's published tables, as its `tables.yml` says them.

    statistics:
      rate: {metric: retention_in_window, segment: "{fee:g} bps", horizon: "week {k}"}
    tables:
      data/user_cohorts: {}             # as a model's yml publishes it
      data/retention_by_fee:
        rows: One row per acquisition fee and week k.
        columns:
          - {column: k, kind: integer, words: Fee weeks after that of the first swap.}
          - {interval: retention_rate, kind: number, words: Share of the users who swapped in week k, of: rate}
          - {closing: retention_rate, of: rate}

A statistic says by what keys of a line its rows are called; `{segment}` alone stands for the value itself, which may be null. It may name the `method`
that is not the primary one, the second segment `to`, and a `factor`: 100 writes a share as per cent.

| entry | columns |
|---|---|
| `run` | the run's date and key |
| `column` | one: a value of the line or, with `of`, the `field` of a statistic (`estimate` unless given). `at_most` and `at_least` make of it whether it keeps a rule, `known: true` whether there is one, `holds: true` whether it is known to be true |
| `interval` | a statistic and the ends of its interval; `ends` are the names of these where they are not `<name>_ci_low` and so on |
| `trust`, `n`, `closing` | how far the named number can be relied on; the users behind it; both and the run's |
| `group` | a list of entries, which are all `of` one statistic |

A table that has the `columns` of a model takes them at its end. `parquet: true` publishes it in that format, too. `$reason` in words is what every reason is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from include.tidemark.artifacts.columns import REASON, RUN_COLUMNS
from include.tidemark.artifacts.model_tables import ModelTable, model_rows, model_table, write_model_table
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import Column, PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.wide import Line, Place, Read, Statistic, write_wide
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.yaml_reading import read_yaml


@dataclass(frozen=True)
class WideTables:
    """What a file says."""

    statistics: Mapping[str, Statistic]
    tables: Mapping[str, PublishedTable]
    """By path, in the order of the data dictionary."""

    def __getitem__(self, path: str) -> PublishedTable:
        return self.tables[path]


@cache
def wide_tables(file: Path, **decided: tuple[Column, ...]) -> WideTables:
    """The tables of a file.

    Args:
        decided: the columns that stand in the place of each `$name` of a model's list.
    """
    said = read_yaml(file.read_text(encoding="utf-8"))
    statistics = {name: _statistic(**of) for name, of in said["statistics"].items()}
    tables = {path: _table(path, of, statistics, decided) for path, of in said["tables"].items()}
    return WideTables(statistics, tables)


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
            written += write_wide(table.in_currency(run.rules.money), run, lines[path], results, target)
        elif isinstance(table, ModelTable) and any(column.source for column in table.columns):
            written += write_wide(table, run, model_rows(table, run, warehouse), results, target)
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
