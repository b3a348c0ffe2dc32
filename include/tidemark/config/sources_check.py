"""What can be said of `sources.yml` before a warehouse or a file is looked at: its expressions, names and
currencies."""

from collections.abc import Iterator
from contextlib import contextmanager

from include.tidemark.currency import is_currency
from include.tidemark.documents.document import Document, Place
from include.tidemark.documents.expressions import TEMPLATE_MARKS, parse_expression
from include.tidemark.errors import ContradictionError, SettingsError, SourceError
from include.tidemark.rules import Rules
from include.tidemark.shared_texts import shown
from include.tidemark.sources.contract import Column, source_tables
from include.tidemark.sources.dialects import snowflake_format
from include.tidemark.sources.folders import refuse_outside
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.relations import parse_relation
from include.tidemark.sources.sources_file import (
    EPOCH_FORMATS,
    ColumnMapping,
    Sources,
    TableSource,
    short_name,
)


def check_sources(document: Document, sources: Sources, rules: Rules, warehouse: str) -> None:
    """Read every expression, and hold the currencies against the deployment's.

    Args:
        warehouse: the warehouse's dialect; landing files are read by DuckDB whatever it is.

    Raises:
        SettingsError: something can't be used; the message names file, line and key.
    """
    for name, source in sources.mapped().items():
        dialect = warehouse if source.from_ is not None else "duckdb"
        with _at(document, (name, "from")):
            if source.from_ is not None:
                parse_relation(source.from_, dialect)
        with _at(document, (name, "files")):
            if source.files is not None:
                refuse_outside(source.files, f"the pattern {shown(source.files)}")
        for place, text in _expressions(name, source):
            with _at(document, place):
                parse_expression(text, dialect)
        for place, mapping in _mappings(name, source):
            with _at(document, place):
                _check_mapping(_contract_column(name, str(place[-1])), mapping, rules.currency, dialect)


@contextmanager
def _at(document: Document, place: Place) -> Iterator[None]:
    """Whatever is wrong in the block is wrong at this place."""
    try:
        yield
    except (SettingsError, SourceError, ValueError) as error:
        place = document.place_of(place, error)
        end = "" if str(error).endswith((".", "?")) else "."
        raise SettingsError(f"{document.where(place)}: {'.'.join(map(str, place))}: {error}{end}") from None


def _expressions(name: str, source: TableSource) -> Iterator[tuple[Place, str]]:
    for place, mapping in _mappings(name, source):
        yield place, mapping.from_
        if mapping.currency and not mapping.currency_code:
            yield (*place, "currency"), mapping.currency
    if source.where is not None:
        yield (name, "where"), source.where
    if source.loaded_at is not None:
        yield (name, "loaded_at"), source.loaded_at


def _mappings(name: str, source: TableSource) -> Iterator[tuple[Place, ColumnMapping]]:
    if source.columns is None:
        return
    for column in type(source.columns).model_fields:
        if (mapping := getattr(source.columns, column)) is not None:
            yield (name, "columns", column), mapping


def _contract_column(table: str, key: str) -> Column:
    columns = source_tables()[table].file_columns
    return next(column for column in columns if key in (column.name, short_name(column.name)))


def _check_mapping(column: Column, mapping: ColumnMapping, currency: str, dialect: str) -> None:
    kind = column.data_type.partition("(")[0]
    if mapping.currency and short_name(column.name) == column.name:
        raise ContradictionError(
            "currency is about amounts of money, which this is not; remove it.", "currency"
        )
    if mapping.currency_code and not is_currency(mapping.currency_code):
        raise ContradictionError(
            f"{mapping.currency_code!r} is not the ISO 4217 code of a currency, such as EUR; write a column of that"
            " name in double quotes.",
            "currency",
        )
    if mapping.currency_code and mapping.currency_code != currency:
        raise ContradictionError(
            f"the amounts are in {mapping.currency_code}, but the deployment's currency is {currency}; all amounts are of one"
            f" currency: write `currency: {mapping.currency_code}` into rules.yml, or convert the amounts.",
            "currency",
        )
    if (mapping.format or mapping.timezone) and kind not in ("timestamp", "date"):
        raise ContradictionError(
            f"format and timezone are about times, but the contract's type is {kind}; remove them.",
            "format",
            "timezone",
        )
    if kind == "date" and (mapping.timezone or mapping.format in EPOCH_FORMATS):
        raise ContradictionError(
            "the contract's type is date, which has no zone; remove timezone, or give a format of dates.",
            "timezone",
            "format",
        )
    if mapping.timezone and "%z" in (mapping.format or ""):
        raise ContradictionError(
            "the format has an offset (%z), so timezone would say it twice; remove one of them.",
            "timezone",
        )
    for theirs, ours in (mapping.values or {}).items():
        if isinstance(ours, bool) and kind != "boolean":
            raise ContradictionError(
                f"YAML reads what stands behind {theirs} as {str(ours).lower()}, but the contract's type is {kind}; write it in quotes.",
                "values",
            )
    for text in (mapping.format or "", *(mapping.values or {}), *map(str, (mapping.values or {}).values())):
        text_literal(text)
        if any(mark in text for mark in TEMPLATE_MARKS):
            raise ContradictionError(
                f"{text!r} holds template marks, which mean nothing here; remove the braces.",
                "format" if text == mapping.format else "values",
            )
    if dialect == "snowflake" and mapping.format and "%" in mapping.format:
        snowflake_format(mapping.format)
