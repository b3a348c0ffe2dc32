"""How published tables are written: the same rows give the same bytes, on every machine.

Rows pass as Arrow batches. A CSV cell is made by DuckDB's vectorised expressions, so that no row becomes a
Python object; the lines leave it as one Arrow buffer, which is what the file holds.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.tidemark.artifacts.tables import ARROW_TYPES, Column, Kind, PublishedTable, WrittenFile
from include.tidemark.errors import TidemarkError

if TYPE_CHECKING:
    import duckdb

SIGNIFICANT_DIGITS = 12
"""Digits of a published float; those beyond depend on the machine's mathematics library."""

_ROW_GROUP = 65_536
_FORMULA = "^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""What spreadsheets take for the start of a formula, the full-width forms included."""


def write_table(
    table: PublishedTable,
    batches: Iterable[pa.RecordBatch],
    target: Path,
    publish_id: Callable[[str], str] | None = None,
) -> list[WrittenFile]:
    """Write the rows below the folder `target`, holding one batch in memory at a time.

    Args:
        publish_id: what becomes of a user id; needed when the table has a column of kind `id`.

    Returns:
        The CSV file, then the Parquet file if the table has one.
    """
    csv_file = target / f"{table.path}.csv"
    csv_file.parent.mkdir(parents=True, exist_ok=True)
    parquet_file = csv_file.with_suffix(".parquet")
    rows, has_ids = 0, any(column.kind == "id" for column in table.columns)
    parquet = _parquet_writer(parquet_file, table.arrow_schema) if table.parquet else None
    try:
        with csv_file.open("wb") as handle:
            handle.write((",".join(table.names) + "\n").encode())
            for batch in _regroup(_conform(table, batch, publish_id) for batch in batches):
                written, lines = _written(table, batch)
                handle.write(lines)
                if parquet is not None:
                    parquet.write_batch(written, row_group_size=_ROW_GROUP)
                rows += batch.num_rows
    finally:
        if parquet is not None:
            parquet.close()
    files = [WrittenFile(f"{table.path}.csv", rows, table.schema_version, has_ids)]
    return [*files, replace(files[0], path=f"{table.path}.parquet")] if table.parquet else files


def write_rows(table: PublishedTable, rows: Sequence[Mapping[str, Any]], target: Path) -> list[WrittenFile]:
    """Write a small table from dictionaries whose keys are those of its columns."""
    typed = [{c.key: _python_value(c, row[c.key]) for c in table.columns} for row in rows]
    schema = pa.schema([(c.key, ARROW_TYPES[c.kind]) for c in table.columns])
    return write_table(table, pa.Table.from_pylist(typed, schema=schema).to_batches(), target)


def write_parquet(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write the rows as those of a published table are written: the same rows in one order give the same
    bytes."""
    with _parquet_writer(file, schema) as parquet:
        for batch in _regroup(batches):
            parquet.write_batch(batch, row_group_size=_ROW_GROUP)


def escape_formula(text: str) -> str:
    """The text, marked as text for spreadsheets when they would run it as a formula.

    >>> escape_formula("=1+1"), escape_formula("a=b")
    ("'=1+1", 'a=b')
    """
    return f"'{text}" if re.match(_FORMULA, text) else text


def _parquet_writer(file: Path, schema: pa.Schema) -> pq.ParquetWriter:
    # Stated, although some are defaults: a library's new default must not change the bytes of a recomputed
    # month.
    return pq.ParquetWriter(
        file,
        schema,
        version="2.6",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        data_page_version="1.0",
        store_schema=False,
    )


def _regroup(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of one fixed length, since a warehouse may cut the same rows differently each time."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += batch.num_rows
        while count >= _ROW_GROUP:
            (whole,) = pa.Table.from_batches(waiting).combine_chunks().to_batches()
            yield whole.slice(0, _ROW_GROUP)
            waiting = [whole.slice(_ROW_GROUP)]
            count -= _ROW_GROUP
    if count:
        yield from pa.Table.from_batches(waiting).combine_chunks().to_batches()


def _conform(
    table: PublishedTable, batch: pa.RecordBatch, publish_id: Callable[[str], str] | None
) -> pa.RecordBatch:
    arrays = []
    for column in table.columns:
        values = batch.column(column.key)
        if column.kind == "id":
            values = _published_ids(table, values, publish_id)
        # A moment is published to the second; the warehouses keep different fractions of it.
        values = values.cast(ARROW_TYPES[column.kind], safe=column.kind != "timestamp")
        if column.kind == "number":
            _refuse_not_finite(table, column, values)
        arrays.append(values)
    return pa.RecordBatch.from_arrays(arrays, schema=table.arrow_schema)


def _published_ids(
    table: PublishedTable, values: pa.Array, publish_id: Callable[[str], str] | None
) -> pa.Array:
    if publish_id is None:
        raise TidemarkError(f"The table {table.path} holds user ids, so it needs a way to publish them.")
    # A user may have many rows: each id is hashed once per batch.
    encoded = values.cast(pa.string()).dictionary_encode()
    published = pa.array([publish_id(each) for each in encoded.dictionary.to_pylist()], pa.string())
    return published.take(encoded.indices)


def _refuse_not_finite(table: PublishedTable, column: Column, values: pa.Array) -> None:
    if pc.any(pc.invert(pc.is_finite(values))).as_py():
        raise TidemarkError(
            f"The table {table.path} has a value in column {column.name} that is NaN or infinite; a number that can't be"
            " computed has to be null. Correct the model or statistic that makes it."
        )


def _written(table: PublishedTable, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.Buffer]:
    """The batch with its numbers as they are published, and its lines of the CSV file."""
    # By position, so that no name of a column is SQL.
    held = pa.Table.from_batches([batch]).rename_columns([f"c{place}" for place in range(len(table.columns))])
    sql = _lines_sql(tuple(column.kind for column in table.columns))
    made = _engine().cursor().from_arrow(held).query("held", sql)
    (found,) = made.to_arrow_table().combine_chunks().to_batches()  # type: ignore[union-attr]  # a query has a result
    numbers = {place: c.kind == "number" for place, c in enumerate(table.columns)}
    columns = [found.column(f"c{place}") if numbers[place] else batch.column(place) for place in numbers]
    lines = found.column("line")
    joined = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), "")
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema), joined[0].as_buffer()


@cache
def _engine() -> "duckdb.DuckDBPyConnection":
    import duckdb  # not needed where the DAG is parsed

    # One thread: a batch is small, and the tables may be written side by side.
    return duckdb.connect(config={"threads": 1})


@cache
def _lines_sql(kinds: tuple[Kind, ...]) -> str:
    texts = ", ".join(f"{_text(kind, f'c{place}')} as t{place}" for place, kind in enumerate(kinds))
    numbers = "".join(f"t{p}::double as c{p}, " for p, kind in enumerate(kinds) if kind == "number")
    cells = ", ',', ".join(_cell(kind, f"t{place}") for place, kind in enumerate(kinds))
    # concat takes a null for nothing.
    return f"select {numbers}concat({cells}, chr(10)) as line from (select {texts} from held)"


def _text(kind: Kind, column: str) -> str:
    if kind == "number":
        # No minus before zero. Equal to Python's format for all doubles that were tried
        # (tests/artifacts/test_writing.py).
        return f"format('{{:.{SIGNIFICANT_DIGITS}g}}', {column} + 0.0)"
    if kind in ("id", "text"):
        return f"case when regexp_matches({column}, '{_FORMULA}') then '''' || {column} else {column} end"
    return f"strftime({column}, '%Y-%m-%dT%H:%M:%SZ')" if kind == "timestamp" else f"{column}::varchar"


def _cell(kind: Kind, text: str) -> str:
    if kind not in ("id", "text"):
        return text
    quoted = f"""'"' || replace({text}, '"', '""') || '"'"""
    return f"case when regexp_matches({text}, '[\",\r\n]') then {quoted} else {text} end"


def _python_value(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == "money":
        return Decimal(str(value)).quantize(Decimal("0.01"))
    return int(value) if column.kind == "integer" else value
