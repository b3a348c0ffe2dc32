"""The currency of each amount, where the source tells it: amounts of two currencies can't be added."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from include.tidemark.sources.contract import Column, SourceTable
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.origin import Flag, Origin
from include.tidemark.sources.sources_file import ColumnMapping, short_name
from include.tidemark.sources.values import not_blank
from include.tidemark.sql_names import identifier

CURRENCY = "_currency_of_"
"""Begin of columns of the given rows: the code of the currency that an amount is in, where the source tells
it."""

_CURRENCY_NAMES = frozenset(
    {
        "currency", "currencycode", "currencyiso", "isocurrency", "ordercurrency", "paymentcurrency", "transactioncurrency", "ccy",
        "waehrung", "währung", "waehrungscode", "währungscode",
    }
)  # fmt: skip
"""What a column is called that says it, in lower case and without what stands between the words of a name."""


@dataclass(frozen=True)
class Code:
    """The code of the currency of each amount of a column."""

    sql: str
    found: str = ""
    """The source's column, where the mapping does not name it and its name says what it holds."""


def currency_codes(
    table: SourceTable, mappings: Mapping[Column, ColumnMapping | None], origin: Origin
) -> dict[str, Code]:
    """By amount, the code of each row: what the mapping names, else a column that is called so and that no
    other column reads."""
    read = {
        name.lower()
        for mapping in mappings.values()
        if mapping is not None
        for name in origin.columns_of(mapping.from_)
    }
    called_so = next(
        (name for name in origin.types if _bare(name) in _CURRENCY_NAMES and name.lower() not in read), None
    )
    codes = {}
    for column, mapping in mappings.items():
        if mapping is None or short_name(column.name) == column.name:
            continue
        if mapping.currency and not mapping.currency_code:
            codes[column.name] = Code(origin.sql_of(origin.place(table.name, column.name), mapping.currency))
        elif called_so is not None:
            codes[column.name] = Code(identifier(called_so), called_so)
    return codes


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def foreign_currency(column: str, code: Code, currency: str, place: str) -> Flag:
    """An amount of another currency; of none, too, where the mapping names what tells it."""
    given = f"{not_blank(f'upper(cast(given.{CURRENCY}{column} as varchar))')}"
    other = f"{given} <> {text_literal(currency)}"
    what = f"in another currency than {currency}, which is the deployment's"
    if code.found:
        what += f", as the column {code.found} says (where it is about something else, write currency: \"'{currency}'\")"
    else:
        other, what = f"coalesce({other}, true)", f"{what}, or in none"
    name = "foreign_currency" if column == "amount_usd" else f"foreign_currency_{column}"
    return Flag(name, column, f"given.{column} is not null and {other}", what, place)
