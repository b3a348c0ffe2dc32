"""The data dictionary: every column of every published table in words, mostly those of the dbt models."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from include.tidemark.artifacts.tables import Column, PublishedTable, WrittenFile, write_rows
from include.tidemark.currency import Currency
from include.tidemark.paths import DBT_DIR
from include.tidemark.yaml_reading import read_yaml

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
    """Write `data/data_dictionary.csv` for these tables and for itself, with the names and words of the currency."""
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
    found = {}
    for file in sorted((DBT_DIR / "models").rglob("*.yml")):
        for model in (read_yaml(file.read_text(encoding="utf-8")) or {}).get("models") or []:
            for column in model.get("columns") or []:
                text = re.sub(r"\s+", " ", str(column.get("description") or "")).strip()
                found[str(model["name"]), str(column["name"]).lower()] = text
    return found
