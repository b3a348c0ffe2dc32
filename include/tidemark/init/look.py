"""A sample of each source, read by the same means by which a run reads it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb

from include.tidemark.errors import SettingsError, SourceError, TidemarkError
from include.tidemark.init.csv_dialect import HEAD, guess_csv
from include.tidemark.init.places import FilesPlace, TablePlace
from include.tidemark.init.seen import Look, SeenColumn, spread
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings
from include.tidemark.sources.file_names import compression_by_name, format_by_name
from include.tidemark.sources.folders import LandingFolder, files_of_pattern, landing_folder, relative_to
from include.tidemark.sources.kinds import Kind, kind_of
from include.tidemark.sources.relations import parse_relation
from include.tidemark.sources.sources_file import CsvOptions, FileFormat
from include.tidemark.sources.tabular import stage
from include.tidemark.sources.text import Text
from include.tidemark.sql_names import identifier
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse, WarehouseRefusedError

SAMPLE_ROWS = 5_000
"""Of all files of a source together."""
TABLE_ROWS = 1_000
_FILES = 5
"""Files of a pattern that are looked at, from the first to the last."""
_OTHERS = (b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1")
"""How zip archives, gzip and zstd data and Parquet files begin."""
_NOT_LOOKED_AT = (Kind.JSON, Kind.OTHER)


def look_at(places: Sequence[FilesPlace | TablePlace], settings: Settings) -> list[Look]:
    """Look at every source, in the order in which they were named.

    Raises:
        SourceError: one can't be read, or is no table; the message holds no content of it.
        SettingsError: the warehouse of the settings is not there.
    """
    tables = [place for place in places if isinstance(place, TablePlace)]
    found: dict[FilesPlace | TablePlace, Look] = {}
    for place in places:
        if isinstance(place, FilesPlace):
            found[place] = _files(place, settings)
    if tables:
        with _warehouse(settings) as warehouse:
            found |= {place: _table(place, warehouse) for place in tables}
    return [found[place] for place in places]


@contextmanager
def _warehouse(settings: Settings) -> Iterator[Warehouse]:
    path = settings.duckdb_path
    if settings.warehouse == "duckdb" and not path.exists():
        raise SettingsError(
            f"There is no DuckDB warehouse at {path}; correct TIDEMARK_DUCKDB_PATH (or TIDEMARK_WAREHOUSE), or name files."
        )
    with ExitStack() as stack:
        try:
            warehouse = stack.enter_context(open_warehouse(settings))
        except TidemarkError:
            raise
        except (
            Exception
        ) as error:  # of a driver, or of the connection's back end; its message may hold an account's name
            where = (
                path if settings.warehouse == "duckdb" else f"of the connection {settings.snowflake_conn_id}"
            )
            raise SettingsError(
                f"The warehouse {where} can't be opened ({type(error).__name__}); look at the settings, or whether another process"
                " holds it. `tidemark doctor` looks at each part of the way to it."
            ) from None
        yield warehouse


def _table(place: TablePlace, warehouse: Warehouse) -> Look:
    relation = parse_relation(place.relation, warehouse.dialect)
    try:
        types = warehouse.describe(f"select * from {relation}")
    except WarehouseRefusedError:
        raise SourceError(
            f"The table {place.relation} can't be read: it does not exist, or the pipeline's role has no SELECT on it. If a file is"
            " meant, write its path with its suffix."
        ) from None
    kinds = {name: kind_of(kind) for name, kind in types.items()}
    rows = warehouse.fetch(f"select {_as_text(kinds)} from {relation} limit {TABLE_ROWS}")
    cells = [list(row.values()) for row in rows]
    _refuse_no_rows(cells, place.relation)
    return Look(
        named=place.relation,
        dialect=warehouse.dialect,
        columns=_columns(kinds, cells, ()),
        sampled=len(cells),
        row_count=None,
        relation=place.relation,
    )


def _files(place: FilesPlace, settings: Settings) -> Look:
    landing = landing_folder(place.root, settings.landing_conn_id)
    where = f"The files {place.pattern!r}"
    try:
        paths = [path for path, _ in files_of_pattern(landing, place.pattern, where)]
        samples = []
        with scratch_folder(settings, "init") as scratch:
            wanted = spread(paths, _FILES)
            for path in wanted:
                samples.append(_sample(landing, path, scratch, SAMPLE_ROWS // len(wanted)))
    except OSError as error:
        raise SourceError(
            f"{where} below {place.root} can't be read ({error.strerror or type(error).__name__}); correct the name or its permissions."
        ) from None
    return _merged(place, samples, many=len(paths) > 1)


@dataclass(frozen=True)
class _Form:
    """What one file is."""

    format: FileFormat
    is_named: bool
    csv: CsvOptions | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sample:
    """Some rows of one file."""

    relative: str
    form: _Form
    kinds: dict[str, Kind]
    partitions: tuple[str, ...]
    cells: list[list[Any]]
    row_count: int


def _sample(landing: LandingFolder, path: str, scratch: Path, rows: int) -> _Sample:
    relative = relative_to(landing, path)
    uri = str(landing / relative)
    local = Path(path)
    if landing.protocol != "file":
        local = scratch / relative.replace("/", "_")[-100:]
        landing.fs.get_file(path, str(local))
    form = _recognised(local, uri, relative)
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        row_count = stage(engine, local, uri, form.format, form.csv or CsvOptions(), {}, scratch)
        kinds = {
            str(name): kind_of(str(kind)) for name, kind, *_ in engine.execute("describe landing").fetchall()
        }
        engine.execute("set threads = 1")  # without it the same seed gives other rows
        found = engine.execute(
            f"select {_as_text(kinds)} from landing using sample reservoir({rows} rows) repeatable (7)"
        ).fetchall()
    folders = _partitions(relative, kinds)
    cells = [[*row, *folders.values()] for row in found]
    return _Sample(
        relative, form, kinds | dict.fromkeys(folders, Kind.TEXT), tuple(folders), cells, row_count
    )


def _partitions(relative: str, kinds: dict[str, Kind]) -> dict[str, str]:
    """The folders `name=value` above a file that could become columns, which the file itself has not."""
    own = {name.lower() for name in kinds}
    folders = (part.partition("=") for part in relative.split("/")[:-1] if "=" in part)
    return {unquote(name): unquote(value) for name, _, value in folders if unquote(name).lower() not in own}


def _recognised(local: Path, uri: str, relative: str) -> _Form:
    """The format of a file, and the dialect of a CSV file."""
    with Text(local, compression_by_name(uri), uri).bytes() as stream:
        head = stream.read(HEAD)
    try:
        form, named = format_by_name(relative, ""), True
    except SourceError:
        form, named = _format_of(head), False
    if form != "csv" or not head or head.startswith(_OTHERS):
        return _Form(form, named)  # what is not of its format, `stage` says
    guess = guess_csv(head, uri)
    return _Form(form, named, guess.options, guess.doubts)


def _format_of(head: bytes) -> FileFormat:
    if head.startswith(b"PAR1"):
        return "parquet"
    return "ndjson" if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" else "csv"


def _merged(place: FilesPlace, samples: list[_Sample], *, many: bool) -> Look:
    first = samples[0]
    for other in samples[1:]:
        if set(other.kinds) != set(first.kinds):
            lacking = sorted(set(first.kinds) ^ set(other.kinds))
            raise SourceError(
                f"The files {place.pattern!r} have different columns ({first.relative} and {other.relative} differ in"
                f" {', '.join(lacking)}); name files of one table, one after another, or a pattern that fits only those."
            )
    names = list(first.kinds)
    cells = [
        [row[list(sample.kinds).index(name)] for name in names] for sample in samples for row in sample.cells
    ]
    _refuse_no_rows(cells, place.pattern)
    return Look(
        named=place.named,
        dialect="duckdb",
        columns=_columns(first.kinds, cells, first.partitions),
        sampled=len(cells),
        row_count=None if many else first.row_count,
        files=place.pattern,
        format=first.form.format,
        format_is_named=first.form.is_named,
        csv=first.form.csv,
        many=many,
        doubts=first.form.doubts,
    )


def _as_text(kinds: dict[str, Kind]) -> str:
    return ", ".join(
        f"cast({'null' if kind in _NOT_LOOKED_AT else identifier(name)} as varchar) as c{position}"
        for position, (name, kind) in enumerate(kinds.items())
    )


def _columns(
    kinds: dict[str, Kind], cells: list[list[Any]], partitions: tuple[str, ...]
) -> tuple[SeenColumn, ...]:
    return tuple(
        SeenColumn(
            name=name,
            kind=kind,
            cells=tuple(
                None if row[position] is None else str(row[position]).strip() or None for row in cells
            ),
            partition=name in partitions,
        )
        for position, (name, kind) in enumerate(kinds.items())
    )


def _refuse_no_rows(cells: list[list[Any]], named: str) -> None:
    if not cells:
        raise SourceError(
            f"{named} holds no row, so nothing can be told of its columns; name one that has rows."
        )
