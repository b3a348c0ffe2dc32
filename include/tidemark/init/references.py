"""Columns of a source in SQL, as `sources.yml` takes it."""

import re
from functools import cache

from include.tidemark.documents.expressions import parse_expression
from include.tidemark.documents.reserved import reserved_words
from include.tidemark.errors import SettingsError
from include.tidemark.sql_names import identifier

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CODE = re.compile(r"[A-Z]{3}")


@cache
def reference(name: str, dialect: str) -> str | None:
    """A column's name where SQL takes it as it is, else in double quotes; None where no expression can name
    the column.

    >>> reference("customer_id", "duckdb"), reference("Order No", "duckdb"), reference("order", "duckdb")
    ('customer_id', '"Order No"', '"order"')
    """
    # Three capitals alone would be the code of a currency where `currency` asks for one.
    if _PLAIN.fullmatch(name) and not _CODE.fullmatch(name) and _names(name, name, dialect):
        return name
    quoted = identifier(name)
    return quoted if _names(quoted, name, dialect) else None


def _names(text: str, name: str, dialect: str) -> bool:
    """Whether a text is an expression that is this column alone."""
    import sqlglot

    try:
        parsed = parse_expression(text, dialect)
    except SettingsError:
        return False
    # DuckDB and Snowflake reserve words that sqlglot does not; those of either are quoted.
    reserved = not text.startswith('"') and text.lower() in reserved_words()
    return isinstance(parsed, sqlglot.exp.Column) and parsed.name == name and not reserved
