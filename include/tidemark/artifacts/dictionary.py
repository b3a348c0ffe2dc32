"""The data dictionary: every column of every published table in words, mostly those of the dbt models."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from include.tidemark.artifacts.model_tables import column_words, dbt_models
from include.tidemark.artifacts.tables import Column, PublishedTable, WrittenFile
from include.tidemark.artifacts.writing import write_rows
from include.tidemark.currency import Currency

DICTIONARY = PublishedTable(
    path="data/data_dictionary",
    columns=(
        Column("table", "text", "The published table: the path of its file without suffix."),
        Column("column", "text", "The column."),
        Column(
            "type",
            "text",
            "What it holds: id, text, integer, money (two decimals), number, date, timestamp (UTC) or boolean.",
        ),
        Column("description", "text", "What it means, with its unit."),
    ),
    description="One row per column of every published table.",
)


def write_dictionary(tables: Iterable[PublishedTable], target: Path, currency: Currency) -> list[WrittenFile]:
    """Write `data/data_dictionary.csv` for these tables and for itself, with the names and words of the
    currency."""
    rows = [
        {
            "table": table.path,
            "column": column.name,
            "type": column.kind,
            "description": currency.words(describe(table, column)),
        }
        for table in (*tables, DICTIONARY)
        for column in table.in_currency(currency).columns
    ]
    return write_rows(DICTIONARY, rows, target)


def describe(table: PublishedTable, column: Column) -> str:
    """The column in words: its own, else those of the dbt model; empty when neither has any."""
    return column.description or model_descriptions().get((table.model or "", column.key), "")


@cache
def model_descriptions() -> dict[tuple[str, str], str]:
    """Description of each column of each dbt model, in one line."""
    return {
        (name, str(column["name"]).lower()): column_words(column)
        for name, model in dbt_models().items()
        for column in model.get("columns") or []
    }
