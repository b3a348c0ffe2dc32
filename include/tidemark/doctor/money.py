"""Columns that look like a currency and that nothing reads: amounts of two currencies would be added up in
silence."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from include.tidemark.doctor.findings import Finding
from include.tidemark.documents.expressions import parse_expression, resolve_columns, to_sql
from include.tidemark.sources.contract import SourceTable
from include.tidemark.sources.origin import Flag
from include.tidemark.sources.reading import Reading
from include.tidemark.sources.rows import RowFlag
from include.tidemark.sources.typed import StagedFile
from include.tidemark.sql_names import identifier
from include.tidemark.warehouse.base import Warehouse

if TYPE_CHECKING:
    from include.tidemark.doctor.sources import SeenRows

_WORDS = ("currency", "waehrung", "währung", "valuta", "devise", "moneda")
_NAMES = frozenset({"ccy", "cur", "curr", "iso4217", "iso_4217"})
_MOST = 10

Fetch = Callable[[str], Sequence[Sequence[object]]]


def currency_columns(names: Iterable[str]) -> list[str]:
    """The columns whose name says that they hold a currency.

    >>> currency_columns(["Order No", "presentment_currency", "Währung", "concurrency", "ccy"])
    ['presentment_currency', 'Währung', 'ccy']
    """
    return [
        name
        for name in names
        if name.lower() in _NAMES or any(_begins(name.lower(), word) for word in _WORDS)
    ]


def _begins(name: str, word: str) -> bool:
    at = name.find(word)
    return at == 0 or (at > 0 and not name[at - 1].isalpha())


def file_currencies(staged: StagedFile, reading: Reading) -> dict[str, frozenset[str]]:
    """A few values of each such column in the rows of a landing file that count."""
    if _is_of_no_matter(staged.table, reading.flags):
        return {}
    return _currencies(
        lambda sql: staged.engine.execute(sql).fetchall(),
        staged.source.where,
        "landing",
        staged.types,
        "duckdb",
    )


def relation_currencies(
    warehouse: Warehouse, table: SourceTable, relation: str, where: str | None, flags: Sequence[RowFlag]
) -> dict[str, frozenset[str]]:
    """The same of a table of the warehouse.

    Args:
        relation: its name in SQL.
    """
    if _is_of_no_matter(table, flags):
        return {}
    types = warehouse.describe(f"select * from {relation}")
    return _currencies(
        lambda sql: [tuple(row.values()) for row in warehouse.fetch(sql)],
        where,
        relation,
        types,
        warehouse.dialect,
    )


def _is_of_no_matter(table: SourceTable, flags: Sequence[Flag | RowFlag]) -> bool:
    """Whether there are no amounts, or reading them already counts those of another currency."""
    has_amounts = any(column.data_type.startswith("decimal") for column in table.columns)
    return not has_amounts or any(flag.name.startswith("foreign_currency") for flag in flags)


def _currencies(
    fetch: Fetch, where: str | None, relation: str, types: Mapping[str, str], dialect: str
) -> dict[str, frozenset[str]]:
    condition = "true"
    if where:
        condition = to_sql(resolve_columns(parse_expression(where, dialect), types, relation), dialect)
    found = {}
    for name in currency_columns(types):
        value = f"upper(trim(cast({identifier(name)} as varchar)))"
        rows = fetch(
            f"select distinct {value} as code from {relation} where ({condition}) and {value} <> '' limit {_MOST}"
        )
        found[name] = frozenset(str(row[0]) for row in rows)
    return found


def look_at_currencies(rows: "SeenRows", currency: str) -> Iterator[Finding]:
    """Several currencies, or another than the deployment's."""
    for name, codes in rows.currencies.items():
        if len(codes) > 1:
            several = f"{len(codes)} or more" if len(codes) == _MOST else str(len(codes))
            yield Finding(
                f"{rows.found.contract.name}: amounts",
                "wrong",
                f"The column {name} names {several} currencies, and nothing reads it: the amounts would be added up as {currency}.",
                f"Leave the others out with `where`, or convert them in a view; `currency: {name}` beside the amount watches over it. Where"
                f" the column is about something else, write `currency: \"'{currency}'\"`.",
            )
        elif other := [code for code in codes if len(code) == 3 and code.isalpha() and code != currency]:
            yield Finding(
                f"{rows.found.contract.name}: amounts",
                "wrong",
                f"The column {name} says {other[0]} in every row, but the deployment's currency is {currency}.",
                f"Write `currency: {other[0]}` into rules.yml, or convert the amounts.",
            )
