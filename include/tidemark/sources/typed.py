"""Landing files as Parquet files with the contract's columns and types; what can't be read is an error that
says where."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from include.tidemark.errors import SourceError
from include.tidemark.sources.contract import LOADED_AT, SourceTable
from include.tidemark.sources.dialects import DIALECTS
from include.tidemark.sources.files import LandingFile, local_copy
from include.tidemark.sources.json_kinds import KINDS, no_texts
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.loads import FILE
from include.tidemark.sources.reading import Flag, Origin, Reading, make_reading
from include.tidemark.sources.same_columns import SameColumns, named
from include.tidemark.sources.sources_file import CsvOptions, TableSource
from include.tidemark.sources.staged_view import in_file_order
from include.tidemark.sources.tabular import explained, stage
from include.tidemark.sql_names import identifier

log = logging.getLogger(__name__)

_POSITION = "_position"


@dataclass(frozen=True)
class TypedFile:
    """The rows of one landing file."""

    path: Path
    row_count: int
    delivered: int
    """Rows that the file holds; `where` may have left out some."""
    names_its_file: bool
    rounded: int
    """Values with more decimals than the contract's types have."""


def write_typed(  # noqa: PLR0917 - one call
    table: SourceTable,
    source: TableSource | None,
    files: Sequence[LandingFile],
    folder: Path,
    loaded_at: datetime,
    currency: str,
    places: Mapping[str, str],
    before: LandingFile | None = None,
) -> list[TypedFile]:
    """Read the files one after another and write the rows of each below a folder.

    Args:
        before: a file that was loaded before, whose rows stay.

    Raises:
        SourceError: a file can't be read, lacks a column, has other columns than the first, a column of
            another type than those before, or a value of the wrong type.
    """
    written: list[TypedFile] = []
    same = SameColumns()
    if before is not None and before.format == "parquet":
        with staged_file(table, source, before, folder, currency, places) as staged:
            same.kinds(staged, staged.reading())
    for number, file in enumerate(files):
        target = folder / f"{table.name}-{number}.parquet"
        append = source is not None and source.mode == "append"
        with staged_file(table, source, file, folder, currency, places) as staged:
            same.names(staged)
            staged.check_columns()
            reading = staged.reading()
            same.kinds(staged, reading)
            for fault in staged.faults(reading):
                raise SourceError(staged.explain(fault))
            count = staged.copy(reading, target, loaded_at, names_its_file=append)
            delivered = staged.row_count() if staged.source.where else count
            rounded = staged.rounded(reading)
        written.append(TypedFile(target, count, delivered, append, rounded))
    if not any(file.row_count for file in written) and not (source and source.mode == "append"):
        named = files[0].uri if len(files) == 1 else f"{files[0].uri} and {len(files) - 1} more"
        if source is not None and source.where is not None:
            raise SourceError(
                f"{places.get(f'{table.name}.where', 'sources.yml')}: {table.name}.where keeps no row of the landing file {named};"
                f" correct the condition. Table {table.name} stays as it was."
            )
        raise SourceError(
            f"The landing file {named} holds no row; table {table.name} stays as it was. Upload the whole file."
        )
    return written


@contextmanager
def staged_file(  # noqa: PLR0917 - one call
    table: SourceTable,
    source: TableSource | None,
    file: LandingFile,
    folder: Path,
    currency: str,
    places: Mapping[str, str],
) -> Iterator["StagedFile"]:
    """A landing file, copied to this machine where it is elsewhere, as a view of its rows until the end of
    the block.

    Raises:
        SourceError: the file is not whole, not of its format, or not as its dialect says.
    """
    with duckdb.connect() as engine, local_copy(file, folder) as local:
        engine.execute("set timezone = 'UTC'")
        engine.execute("set preserve_insertion_order = false")
        options = (source.csv if source else None) or CsvOptions()
        stage(engine, local, file.uri, file.format, options, file.partitions, folder, file.sidecar.rows)
        types = {str(name): str(kind) for name, kind, *_ in engine.execute("describe landing").fetchall()}
        staged = StagedFile(
            table, source or TableSource(files=table.name), file, engine, types, options, currency, places
        )
        try:
            yield staged
        except duckdb.Error as error:  # a damaged page of a Parquet file shows when its rows are read
            failure = explained(error, file.uri)
        else:
            return
        raise failure


@dataclass(frozen=True)
class Fault:
    """Values of one column that can't be taken as they are."""

    flag: Flag
    count: int
    first_row: str
    """Number of the first such row in the file, from 1."""


@dataclass(frozen=True)
class StagedFile:
    """One landing file on its way to the contract's types. Its rows are the view `landing`."""

    table: SourceTable
    source: TableSource
    file: LandingFile
    engine: duckdb.DuckDBPyConnection
    types: Mapping[str, str]
    """The file's own columns."""
    options: CsvOptions
    currency: str
    places: Mapping[str, str]

    def copy(self, reading: Reading, target: Path, loaded_at: datetime, *, names_its_file: bool) -> int:
        """Write the rows of a reading, faults or not; returns their number."""
        more = {LOADED_AT: f"cast('{loaded_at.isoformat()}' as timestamp)"}
        if names_its_file:
            more[FILE] = text_literal(self.file.uri)
        quoted = str(target).replace("'", "''")
        copied = self._compute(reading, f"copy ({reading.with_columns(more)}) to '{quoted}' (format parquet)")
        return int(copied[0])

    def row_count(self) -> int:
        """Rows of the file, whatever the mapping makes of them."""
        return int((self.engine.execute("select count(*) from landing").fetchone() or (0,))[0])

    def reading(self, source: TableSource | None = None) -> Reading:
        """How the contract's columns are made of the file's.

        Args:
            source: another mapping than the table's own, such as a part of it.

        Raises:
            SourceError: a column does not exist, or can't be read as what the contract says.
        """
        return self._reading(source or self.source)

    def faults(self, reading: Reading) -> Iterator[Fault]:
        """Columns with values that can't be read, in the order of the contract."""
        if self.file.format == "ndjson":
            for flag in no_texts(self.engine, self.table, self.source, self._origin()):
                if fault := self._among_kept_rows(flag):
                    yield fault
        flags = [flag for flag in reading.flags if flag.stops]
        if not flags:
            return
        counts = ", ".join(f"count(*) filter ({flag.condition})" for flag in flags)
        found = self._compute(reading, f"select {counts} from ({reading.given}) as given")
        for flag, count in zip(flags, found, strict=True):
            if count:
                yield Fault(flag, int(count), self._first_row(flag))

    def with_values(self, reading: Reading, columns: Sequence[str]) -> list[str]:
        """Those of the contract's columns that hold a value in some row."""
        if not columns:
            return []
        counts = ", ".join(f"count({name})" for name in columns)
        found = self._compute(reading, f"select {counts} from ({reading.given}) as given")
        return [name for name, count in zip(columns, found, strict=True) if count]

    def rounded(self, reading: Reading) -> int:
        """How many values have more decimals than the contract's types."""
        counts = [f"count(*) filter ({flag.condition})" for flag in reading.flags if not flag.stops]
        if not counts:
            return 0
        found = self._compute(reading, f"select {' + '.join(counts)} from ({reading.given}) as given")
        return int(found[0])

    def _compute(self, reading: Reading, query: str) -> tuple[Any, ...]:
        """The one row of a query over the reading; DuckDB's own error would hold the value that an expression
        stumbles over."""

        def fails(part: str) -> bool:
            try:
                self.engine.execute(part).fetchall()
            except (duckdb.DataError, duckdb.InvalidInputException):
                return True
            return False

        try:
            return self.engine.execute(query).fetchone() or ()
        except duckdb.DataError:
            pass
        except (
            duckdb.InvalidInputException
        ):  # of an expression, such as text that is no JSON, or of a damaged file
            lengths = (f"max(length(cast({identifier(name)} as varchar)))" for name in self.types)
            self.engine.execute(f"select {', '.join(lengths)} from landing").fetchall()
        raise SourceError(
            f"{reading.failing_part(fails)}: this can't be computed for some row of the landing file {self.file.uri}; use try_cast"
            " in place of cast, or leave the row out with `where`."
        )

    def explain(self, fault: Fault) -> str:
        """What is wrong, where, and what to do."""
        return (
            f"The landing file {self.file.uri} has {fault.count} values in column {fault.flag.column} {fault.flag.what}"
            f" (the first in data row {fault.first_row}); correct them and upload the file again{self.or_mapping(fault.flag.place)}."
        )

    def _reading(self, source: TableSource, *, numbered: bool = False) -> Reading:
        return make_reading(self.table, source, self._origin(numbered=numbered), self.currency)

    def _origin(self, *, numbered: bool = False) -> Origin:
        position = self._position
        return Origin(
            relation=f"(select row_number() over () as {position}, * from landing)"
            if numbered
            else "landing",
            name=f"the landing file {self.file.uri}",
            types=dict(self.types) | ({position: "BIGINT"} if numbered else {}),
            describe=self._describe,
            dialect=DIALECTS["duckdb"],
            csv=self.options,
            places=self.places,
            names_are_known=self.file.format != "csv",
            kept=(position,) if numbered else (),
        )

    @property
    def _position(self) -> str:
        """A name for the number of a row that no column of the file has."""
        name, taken = _POSITION, {column.lower() for column in self.types}
        while name in taken:
            name += "_"
        return name

    def _describe(self, query: str) -> dict[str, str]:
        try:
            rows = self.engine.execute(f"describe {query}").fetchall()
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError):
            raise SourceError(
                f"this can't be computed on the landing file {self.file.uri}: the expression does not fit the types of its columns"
                " (those of CSV and JSON are text); cast them in sources.yml."
            ) from None
        return {str(name).lower(): str(kind) for name, kind, *_ in rows}

    def check_columns(self) -> None:
        """Without a mapping the file has the contract's own columns.

        Raises:
            SourceError: it lacks one.
        """
        if self.source.columns is not None:
            return
        found = {name.lower() for name in self.types}
        missing = [column.name for column in self.table.file_columns if column.name not in found]
        if missing:
            raise SourceError(
                f"The landing file {self.file.uri} has no column {', '.join(missing)}; table {self.table.name} needs"
                f" {', '.join(column.name for column in self.table.file_columns)}."
            )
        if extra := found - {column.name for column in self.table.columns}:
            log.warning(
                "The landing file %s has columns that the contract does not know, left out: %s",
                self.file.uri,
                named(self.file, extra),
            )

    def _among_kept_rows(self, flag: Flag) -> Fault | None:
        """What is wrong with values as JSON has them, where `where` does not leave them out."""
        kept = f"select {self._position} from ({self._reading(self.source, numbered=True).given})"
        rows = f"select row_number() over () as {self._position}, * from {KINDS}"
        count, first = in_file_order(
            self.engine,
            f"select count(*), min({self._position}) from ({rows}) where {flag.condition} and {self._position} in ({kept})",
        ) or (0, None)
        return Fault(flag, count, str(first)) if count else None

    def _first_row(self, flag: Flag) -> str:
        numbered = self._reading(self.source, numbered=True)
        first = in_file_order(
            self.engine,
            f"select min({self._position}) from ({numbered.given}) as given where {flag.condition}",
        )
        return str(first[0]) if first else "?"

    def or_mapping(self, place: str) -> str:
        """The end of a sentence that tells to correct a column of the file: the mapping may be corrected as
        well."""
        return "" if self.source.columns is None else f", or correct the mapping ({place})"

    def place(self, column: str) -> str:
        """Where the deployment says how a column of the contract is made."""
        return self._origin().place(self.table.name, column)
