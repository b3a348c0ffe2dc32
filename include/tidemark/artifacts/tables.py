"""Published tables: what a column is, and how its values are written so that the same rows give the same bytes."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.tidemark.currency import Currency
from include.tidemark.errors import TidemarkError

Kind = Literal["id", "text", "integer", "money", "number", "date", "timestamp", "boolean"]

ARROW_TYPES: Mapping[Kind, pa.DataType] = {
    "id": pa.string(),
    "text": pa.string(),
    "integer": pa.int64(),
    "money": pa.decimal128(18, 2),
    "number": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("s"),
    "boolean": pa.bool_(),
}
SIGNIFICANT_DIGITS = 12
"""Digits of a published float; those beyond depend on the machine's mathematics library."""

_ROW_GROUP = 65_536
_FORMULA = re.compile("^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What spreadsheets take for the start of a formula, the full-width forms included."""


@dataclass(frozen=True)
class Column:
    """One published column."""

    name: str
    kind: Kind
    description: str = ""
    """In words; empty where the dbt model of the table describes the column of that name."""
    inside: str = ""
    """The name of its values inside the project, where it is published under another one."""
    source: Callable[..., Any] | None = field(default=None, compare=False)
    """What its values are made of in a wide table, where they are those of a statistic (`include/tidemark/artifacts/wide_tables.py`)."""

    @property
    def key(self) -> str:
        """The name of its values inside the project: in the rows that are written, and in the dbt model."""
        return self.inside or self.name

    def in_currency(self, currency: Currency) -> "Column":
        """The column under its published name where amounts are of that currency."""
        name = currency.name(self.name)
        return self if name == self.name else replace(self, name=name, inside=self.key)


@dataclass(frozen=True)
class PublishedTable:
    """One published table: a CSV file, and for the large ones a Parquet file of the same rows."""

    path: str
    """Path below the run's folder, without a suffix, such as `data/segment_summary`."""
    columns: tuple[Column, ...]
    description: str
    model: str | None = None
    """The dbt model that describes the columns which do not describe themselves."""
    parquet: bool = False
    schema_version: int = 1
    """Raised when a column is renamed, removed, or changes its meaning."""

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    def in_currency(self, currency: Currency) -> Self:
        """The table with the published names of its columns where amounts are of that currency."""
        return replace(self, columns=tuple(column.in_currency(currency) for column in self.columns))

    def plus(self, *columns: Column) -> Self:
        """The table with more columns at its end."""
        return replace(self, columns=(*self.columns, *columns))

    @property
    def arrow_schema(self) -> pa.Schema:
        """The types that are written, whatever the warehouse calls its own."""
        return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in self.columns])


@dataclass(frozen=True)
class WrittenFile:
    """One file of the run's folder."""

    path: str
    rows: int | None
    """Data rows of a table; None for what is no table."""
    schema_version: int = 1
    has_ids: bool = False
    """Whether its rows name users, if only by hashed ids."""


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
        with csv_file.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(_LineFeeds(handle), lineterminator="\r\n")
            writer.writerow(table.names)
            for batch in _regroup(_conform(table, batch, publish_id) for batch in batches):
                writer.writerows(zip(*_cells(table, batch), strict=True))
                if parquet is not None:
                    parquet.write_batch(batch, row_group_size=_ROW_GROUP)
                rows += batch.num_rows
    finally:
        if parquet is not None:
            parquet.close()
    written = [WrittenFile(f"{table.path}.csv", rows, table.schema_version, has_ids)]
    return [*written, replace(written[0], path=f"{table.path}.parquet")] if table.parquet else written


def write_rows(table: PublishedTable, rows: Sequence[Mapping[str, Any]], target: Path) -> list[WrittenFile]:
    """Write a small table from dictionaries whose keys are those of its columns."""
    typed = [{c.key: _python_value(c, row[c.key]) for c in table.columns} for row in rows]
    schema = pa.schema([(c.key, ARROW_TYPES[c.kind]) for c in table.columns])
    return write_table(table, pa.Table.from_pylist(typed, schema=schema).to_batches(), target)


def write_parquet(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write the rows as those of a published table are written: the same rows in one order give the same bytes."""
    with _parquet_writer(file, schema) as parquet:
        for batch in _regroup(batches):
            parquet.write_batch(batch, row_group_size=_ROW_GROUP)


def escape_formula(text: str) -> str:
    """The text, marked as text for spreadsheets when they would run it as a formula.

    >>> escape_formula("=1+1"), escape_formula("a=b")
    ("'=1+1", 'a=b')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def format_number(value: float) -> str:
    """A float with 12 significant digits and no minus before zero.

    >>> format_number(1 / 3), format_number(-0.0), format_number(25.0)
    ('0.333333333333', '0', '25')
    """
    return format(value + 0.0, f".{SIGNIFICANT_DIGITS}g")


class _LineFeeds:
    """Ends lines with a line feed. Told to do so itself, the csv module would no longer quote a carriage return in a cell."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> int:
        return self._file.write(line.removesuffix("\r\n") + "\n")


def _parquet_writer(file: Path, schema: pa.Schema) -> pq.ParquetWriter:
    # Stated, although some are defaults: a library's new default must not change the bytes of a recomputed month.
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
            if publish_id is None:
                raise TidemarkError(
                    f"The table {table.path} holds user ids, so it needs a way to publish them."
                )
            values = pa.array(
                [None if v is None else publish_id(str(v)) for v in values.to_pylist()], pa.string()
            )
        # A moment is published to the second; the warehouses keep different fractions of it.
        values = values.cast(ARROW_TYPES[column.kind], safe=column.kind != "timestamp")
        if column.kind == "number":
            values = pa.array(
                [None if v is None else float(format_number(v)) for v in values.to_pylist()], pa.float64()
            )
            _refuse_not_finite(table, column, values)
        arrays.append(values)
    return pa.RecordBatch.from_arrays(arrays, schema=table.arrow_schema)


def _refuse_not_finite(table: PublishedTable, column: Column, values: pa.Array) -> None:
    if pc.any(pc.invert(pc.is_finite(values))).as_py():
        raise TidemarkError(
            f"The table {table.path} has a value in column {column.name} that is NaN or infinite; a number that can't be"
            " computed has to be null. Correct the model or statistic that makes it."
        )


def _cells(table: PublishedTable, batch: pa.RecordBatch) -> list[list[str | None]]:
    return [_column_cells(column.kind, batch.column(i)) for i, column in enumerate(table.columns)]


def _column_cells(kind: Kind, values: pa.Array) -> list[str | None]:
    if kind == "number":
        return [None if v is None else format_number(v) for v in values.to_pylist()]
    if kind in ("id", "text"):
        return [None if v is None else escape_formula(v) for v in values.to_pylist()]
    if kind == "timestamp":
        return pc.strftime(values, format="%Y-%m-%dT%H:%M:%SZ").to_pylist()  # type: ignore[no-any-return]
    return values.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]


def _python_value(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == "money":
        return Decimal(str(value)).quantize(Decimal("0.01"))
    return int(value) if column.kind == "integer" else value
