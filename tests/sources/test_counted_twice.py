"""The records of a file are counted by other means than the reader's, so that rows which a reader drops stop
the load."""

import json
import re

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.tidemark.errors import SourceError
from include.tidemark.sources import ndjson, tabular
from include.tidemark.sources.sources_file import CsvOptions
from include.tidemark.sources.text import Text
from tests.sources.staging import Staged

REVIEWED = set(
    """
    all_varchar allow_empty auto_type_candidates buffer_size column_names column_statistics column_types date_format dateformat
    decimal_separator delimiter dtypes file_row_number filename files_to_sniff force_not_null hive_types hive_types_autocast
    max_line_size maximum_line_size names new_line normalize_names null parallel path paths rejects_limit
    rejects_line_size_limit rejects_scan rejects_table sample_size schema sep separator store_rejects thousands timestamp_format
    timestampformat types union_by_name
    """.split()  # noqa: SIM905 - names to read
)
"""Options of DuckDB's reader that are not set: other names of those that are, what is about types (every
column is text), about samples (none is taken), several files (one is read) and rejected rows (none may be).
Line breaks are read as they stand, and the count of records refuses two kinds in one file."""


def test_every_option_of_the_reader_is_set_or_was_looked_at(tmp_path) -> None:
    relation = tabular._csv_relation(Text(tmp_path / "a.csv", "none", "a.csv"), CsvOptions(), 2)
    said = set(re.findall(r"(\w+) = ", relation))
    (known,) = duckdb.sql(
        "select list(distinct name) from (select unnest(parameters) as name from duckdb_functions() where function_name = 'read_csv')"
    ).fetchall()[0]
    assert set(known) - said - REVIEWED - {"col0"} == set()
    assert {
        "auto_detect",
        "delim",
        "quote",
        "escape",
        "comment",
        "encoding",
        "header",
        "skip",
        "nullstr",
        "hive_partitioning",
    } <= said


def test_rows_that_the_reader_takes_for_comments_stop_the_load(tmp_path, monkeypatch) -> None:
    set_here = tabular._csv_relation
    monkeypatch.setattr(
        tabular, "_csv_relation", lambda *given: set_here(*given).replace("comment = ''", "comment = '#'")
    )
    rows = "".join(f"{'#' * (n % 10 == 0)}id{n},{n}\n" for n in range(500))
    with pytest.raises(SourceError, match="holds 500 records, but 450 were read"):
        Staged(tmp_path, "id,n\n" + rows)


@pytest.mark.parametrize("format", ["parquet", "ndjson"])
def test_a_row_that_another_reader_loses_stops_the_load(tmp_path, monkeypatch, format: str) -> None:
    for module in (tabular, ndjson):
        monkeypatch.setattr(module, "count_rows", lambda engine: 2)
    file = tmp_path / "a"
    if format == "parquet":
        pq.write_table(pa.table({"id": ["a", "b", "c"]}), file)
    else:
        file.write_text("".join(json.dumps({"id": n}) + "\n" for n in range(3)))
    with pytest.raises(SourceError, match="holds 3 (rows|lines), but 2 (rows )?were read"):
        Staged(tmp_path, file.read_bytes(), f"a.{format}", format)  # type: ignore[arg-type]
