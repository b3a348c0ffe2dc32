"""The table of the documentation that says what each column of the contract is for."""

import re

from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.sources_file import short_name

PAGE = PROJECT_ROOT / "docs" / "your-data.md"
CURRENCY = "the deployment's currency"
HEAD = "| table | column | what it is | without it |\n|---|---|---|---|\n"


def contract_table() -> str:
    """The table's rows."""
    lines = [
        f"| `{table.name}` | {_named(column.name)} | {column.description.replace('US dollars', CURRENCY)}"
        f" | {column.without or 'Every row needs it.'} |"
        for table in source_tables().values()
        for column in table.file_columns
    ]
    return "\n".join(lines) + "\n"


def _named(column: str) -> str:
    """The name that a mapping uses, and the warehouse's where it is another."""
    short = short_name(column)
    return f"`{short}`" if short == column else f"`{short}` (in the warehouse `{column}`)"


def test_the_page_says_of_each_column_what_the_contract_says():
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(re.escape(HEAD) + r"((?:\|.*\n)*)", text)
    assert found is not None and found[1] == contract_table()


def test_a_column_that_may_be_absent_says_what_is_lost_without_it():
    for table in source_tables().values():
        for column in table.file_columns:
            assert bool(column.without) == (not column.required), f"{table.name}.{column.name}"


def test_the_page_tells_of_zones_currencies_late_rows_testers_and_the_erasure_of_a_person():
    text = PAGE.read_text(encoding="utf-8")
    for subject in ("Time zones", "Currencies", "Late rows", "Test users", "Erasing a person"):
        assert f"\n- **{subject}" in text, subject
    assert "`tidemark forget --user-id-file " in text
