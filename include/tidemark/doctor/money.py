"""Columns that look like a currency and that nothing reads: amounts of two currencies would be added up in silence."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from include.tidemark.config.expressions import parse_expression, resolve_columns, to_sql
from include.tidemark.config.sources_file import TableSource
from include.tidemark.doctor.findings import Finding
from include.tidemark.sources.relations import parse_relation
from include.tidemark.sources.rows import RowFlag
from include.tidemark.sources.staged_view import identifier
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


def currencies(
    fetch: Fetch, source: TableSource | None, relation: str, types: Mapping[str, str], dialect: str
) -> dict[str, frozenset[str]]:
    """A few values of each such column in the rows that count.

    Args:
        fetch: computes a query on the source itself.
    """
    where = "true"
    if source is not None and source.where:
        where = to_sql(resolve_columns(parse_expression(source.where, dialect), types, relation), dialect)
    found = {}
    for name in currency_columns(types):
        value = f"upper(trim(cast({identifier(name)} as varchar)))"
        rows = fetch(
            f"select distinct {value} as code from {relation} where ({where}) and {value} <> '' limit {_MOST}"
        )
        found[name] = frozenset(str(row[0]) for row in rows)
    return found


def relation_currencies(
    warehouse: Warehouse, source: TableSource, flags: Sequence[RowFlag]
) -> dict[str, frozenset[str]]:
    """The same of a table of the warehouse; nothing where the mapping already holds its rows against the currency."""
    if is_held_against(flag.name for flag in flags):
        return {}
    relation = parse_relation(source.from_ or "", warehouse.dialect)
    types = warehouse.describe(f"select * from {relation}")
    return currencies(
        lambda sql: [list(row.values()) for row in warehouse.fetch(sql)],
        source,
        relation,
        types,
        warehouse.dialect,
    )


def is_held_against(flags: Iterable[str]) -> bool:
    """Whether a reading counts the rows of another currency itself."""
    return "foreign_currency" in flags


def look_at_currencies(rows: "SeenRows", currency: str) -> Iterator[Finding]:
    """Several currencies, or another than the deployment's."""
    for name, codes in rows.currencies.items():
        if len(codes) > 1:
            several = f"{len(codes)} or more" if len(codes) == _MOST else str(len(codes))
            yield Finding(
                f"{rows.found.contract.name}: amounts", "wrong",
                f"The column {name} names {several} currencies, and nothing reads it: the amounts would be added up as {currency}.",
                f"Leave the others out with `where`, or convert them in a view; `currency: {name}` beside the amount watches over it.",
            )  # fmt: skip
        elif other := [code for code in codes if len(code) == 3 and code.isalpha() and code != currency]:
            yield Finding(
                f"{rows.found.contract.name}: amounts", "wrong",
                f"The column {name} says {other[0]} in every row, but the deployment's currency is {currency}.",
                f"Write `currency: {other[0]}` into rules.yml, or convert the amounts.",
            )  # fmt: skip
