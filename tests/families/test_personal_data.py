"""Names and e-mail addresses stay in the warehouse: the views of marts show them, and no published file
does."""

import re
from pathlib import Path

import duckdb


def test_no_name_and_no_address_of_a_user_is_in_any_published_file(synthetic_month):
    people = {
        text
        for row in duckdb.sql(
            f"select username, email from '{synthetic_month.landing / 'users.parquet'}'"
        ).fetchall()
        for text in row
    }
    shown = synthetic_month.query("select username, email from marts.user_segmentation_current")
    assert len(people) > 10_000 and {row["email"] for row in shown} <= people

    files = [file for file in synthetic_month.folder.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} >= {".csv", ".parquet", ".json", ".html"}
    for file in files:
        assert not people & set(re.findall(r"[\w.@-]+", _text(file))), file


def test_no_published_table_has_a_column_for_them(synthetic_month):
    columns = {
        (file.name, column)
        for file in synthetic_month.folder.rglob("*.csv")
        for column in file.read_text(encoding="utf-8").splitlines()[0].split(",")
    }
    assert len(columns) > 200
    assert not {column for _, column in columns} & {"username", "email"}


def _text(file: Path) -> str:
    """Everything that a reader can get out of a file."""
    if file.suffix == ".parquet":
        return str(duckdb.sql(f"from '{file}'").fetchall())
    return file.read_text(encoding="utf-8", errors="replace")
