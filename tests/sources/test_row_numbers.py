"""Rows are numbered in the order of their file, and that order is kept for nothing else: it takes memory and
time."""

import json
from pathlib import Path

import duckdb
import pytest

from include.tidemark.errors import SourceError
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.files import find_files
from include.tidemark.sources.sources_file import TableSource, sources_model
from include.tidemark.sources.staged_view import in_file_order, refuse_zero_bytes
from include.tidemark.sources.typed import staged_file

USERS = {
    "files": "users.ndjson",
    "columns": {"user_id": "uid", "created_at": "joined"},
    "where": "kept = 'yes'",
}


def keeps_order(engine: duckdb.DuckDBPyConnection) -> bool:
    (found,) = engine.execute("select current_setting('preserve_insertion_order')").fetchone() or (None,)
    return bool(found)


@pytest.mark.parametrize("kept", ["no", "yes"])
def test_faults_of_a_file_leave_the_order_of_its_copy_free(tmp_path: Path, kept: str) -> None:
    people = [
        {"uid": "7", "joined": "2025-01-01", "kept": "yes"},
        {"uid": 8.5, "joined": "never", "kept": kept},
    ]
    (tmp_path / "users.ndjson").write_text("".join(json.dumps(one) + "\n" for one in people))
    source: TableSource = sources_model().model_validate({"users": USERS}).mapped()["users"]
    (file,) = find_files(Settings(landing_url=tmp_path.as_uri()), "users", source)
    with staged_file(source_tables()["users"], source, file, tmp_path, "USD", {}) as staged:
        faults = [(fault.flag.column, fault.first_row) for fault in staged.faults(staged.reading())]
        assert faults == ([("user_id", "2"), ("created_at", "2")] if kept == "yes" else [])
        assert not keeps_order(staged.engine)


def test_it_is_set_back_to_what_it_was_also_after_an_error() -> None:
    for before in ("true", "false"):
        with duckdb.connect() as engine:
            engine.execute(f"set preserve_insertion_order = {before}")
            assert in_file_order(engine, "select current_setting('preserve_insertion_order')") == (True,)
            with pytest.raises(duckdb.Error):
                in_file_order(engine, "select nonsense")
            engine.execute("create view landing as select 'a' || chr(0) as name")
            with pytest.raises(SourceError, match="zero byte in column name of data row 1"):
                refuse_zero_bytes(engine, "s3://landing/a.ndjson")
            assert keeps_order(engine) == (before == "true")
