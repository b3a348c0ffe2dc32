"""One file as a DuckDB view of its rows: every option said, none guessed, every record counted."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from include.tidemark.errors import SourceError
from include.tidemark.sources.csv_faults import exact_records, raise_too_long
from include.tidemark.sources.csv_text import cut_trailer, read_header, survey
from include.tidemark.sources.file_names import Compression, compression_by_name
from include.tidemark.sources.ndjson import stage_ndjson
from include.tidemark.sources.sources_file import CsvOptions, FileFormat
from include.tidemark.sources.staged_view import count_rows, explained, literal, make_view, refuse_zero_bytes
from include.tidemark.sources.text import UTF8, Text, check_utf8, to_utf8

__all__ = ["columns_of", "explained", "stage"]

_MAGIC: dict[bytes, Compression] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel workbook (.xls)",
    b"Obj\x01": "an Avro file, which is not read",
    b"\x04\x22\x4d\x18": "compressed with lz4, which is not read",
    b"\xfd7zXZ\x00": "compressed with xz, which is not read",
    **{b"BZh%d1AY&SY" % level: "compressed with bzip2, which is not read" for level in range(1, 10)},
}
"""First bytes of files that hold a table only after they were unpacked."""
_SUFFIX: dict[Compression, str] = {"gzip": ".gz", "zstd": ".zst", "none": ""}


def stage(  # noqa: PLR0917 - a file is all of these
    engine: duckdb.DuckDBPyConnection,
    local: Path,
    uri: str,
    format: FileFormat,
    csv: CsvOptions,
    partitions: Mapping[str, str | None],
    scratch: Path,
    rows: int | None = None,
) -> int:
    """Make the view `landing` over a file, and count its rows by two means that must agree.

    Columns of CSV and of newline-delimited JSON are text. A cell of blanks is null, in every format; in CSV a
    null word is, too. Names lose the blanks around them.

    Args:
        uri: the file's name in messages; its suffix says the compression.
        partitions: columns to add, each with its one value.
        scratch: where a file that is not in UTF-8 is written anew; one file at a time.
        rows: how many there must be, where the sender has said it.

    Returns:
        The number of rows.

    Raises:
        SourceError: the file is not whole, not of its format, or not as `csv` says. The message never holds a
            cell's content.
        duckdb.Error, OSError: this machine lacks memory or disk space.
    """
    compression = _compression(local, uri, format)
    text = Text(local, compression, uri)
    try:
        if format == "parquet":
            count = _stage_parquet(engine, local, uri, partitions)
        elif format == "ndjson":
            count = stage_ndjson(engine, text, partitions, scratch)
        else:
            count = _stage_csv(engine, text, csv, partitions, scratch)
        if format != "csv":  # whose bytes were looked at
            refuse_zero_bytes(engine, uri)
    except duckdb.Error as error:
        failure = explained(error, uri)
    else:
        if rows is not None and rows != count:
            raise SourceError(
                f"The landing file {uri} holds {count} rows, but its .manifest says {rows}; upload both again, whole."
            )
        return count
    raise failure


def columns_of(engine: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of the staged columns, in the file's order, partitions last."""
    return [name for name, *_ in engine.execute("describe landing").fetchall()]


def _compression(local: Path, uri: str, format: FileFormat) -> Compression:
    """What the name says, if the first bytes agree."""
    with local.open("rb") as file:
        start = file.read(10)
    named: Compression = "none" if format == "parquet" else compression_by_name(uri)
    found: Compression = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "none")
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise SourceError(f"The landing file {uri} is {what}; export it as CSV, or unpack it.")
    if not start:
        raise SourceError(f"The landing file {uri} is empty, without even a header; upload it again, whole.")
    if format != "parquet" and start.startswith(b"PAR1"):
        raise SourceError(
            f"The landing file {uri} is a Parquet file, but is to be read as {format}; rename it, or correct format:."
        )
    if found != named:
        raise SourceError(
            f"The landing file {uri} is compressed with {found}, but its name does not end in {_SUFFIX[found]}; rename it."
            if found != "none"
            else f"The landing file {uri} is not compressed, but its name ends in {_SUFFIX[named]}; rename it, or compress it."
        )
    return named


def _stage_csv(
    engine: duckdb.DuckDBPyConnection,
    text: Text,
    csv: CsvOptions,
    partitions: Mapping[str, str | None],
    scratch: Path,
) -> int:
    _refuse_impossible(csv)
    if csv.encoding not in UTF8:
        text = to_utf8(text, csv.encoding, scratch / "landing.utf8.csv")
    check_utf8(text, "csv: {{encoding: {}}}")
    if csv.trailer is not None:
        text, promised = cut_trailer(text, csv.trailer, scratch / "landing.body.csv")
        count = _stage_records(engine, text, csv, partitions)
        if count != promised:
            raise SourceError(
                f"The landing file {text.uri} holds {count} rows, but its trailer says {promised}; upload it again, whole."
            )
        return count
    return _stage_records(engine, text, csv, partitions)


def _stage_records(
    engine: duckdb.DuckDBPyConnection, text: Text, csv: CsvOptions, partitions: Mapping[str, str | None]
) -> int:
    """Make the view over a text in UTF-8 that is a header and records, and count them twice."""
    header = read_header(text, csv)
    names = [name.strip() for name in header]
    if "" in names:
        raise SourceError(
            f"Column {names.index('') + 1} in the header of the landing file {text.uri} has no name; name it, or remove the column."
        )
    relation = _csv_relation(text, csv, len(names))
    make_view(engine, text.uri, names, [True] * len(names), relation, partitions, null_words=csv.null_words)
    found = survey(text, csv, len(names))
    try:
        count = count_rows(engine)
    except duckdb.InvalidInputException as error:
        failure: Exception | None = explained(error, text.uri)
    else:
        if (found.records - 1, found.delimiters) == (count, found.records * (len(names) - 1)):
            return count
        failure = None
    records = exact_records(text, csv, len(names))
    if failure is not None:
        raise_too_long(text, csv)
        raise failure
    if records - 1 != count:
        raise SourceError(
            f"The landing file {text.uri} holds {records - 1} records, but {count} were read; report this as a fault of the reader,"
            " and deliver the table as Parquet until then."
        )
    return count


def _refuse_impossible(csv: CsvOptions) -> None:
    if not csv.quote.isascii() or {csv.quote, csv.delimiter} & {"\n", "\r", "\0"}:
        raise SourceError(
            "csv in sources.yml: quote must be a sign of ASCII, and neither quote nor delimiter a line break or a zero byte."
        )


def _csv_relation(text: Text, csv: CsvOptions, columns: int) -> str:
    types = ", ".join(f"c{position}: 'VARCHAR'" for position in range(columns))
    return (
        f"read_csv({literal(str(text.path))}, columns = {{{types}}}, auto_detect = false, header = true, skip = 0,"
        f" delim = {literal(csv.delimiter)}, quote = {literal(csv.quote)}, escape = {literal(csv.quote)}, comment = '',"
        f" encoding = 'utf-8', compression = '{text.compression}', strict_mode = true, null_padding = false,"
        f" ignore_errors = false, nullstr = [''], allow_quoted_nulls = true, hive_partitioning = false)"
    )


def _stage_parquet(
    engine: duckdb.DuckDBPyConnection, local: Path, uri: str, partitions: Mapping[str, str | None]
) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(local) as file:
            names, expected = list(file.schema_arrow.names), file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the machine's own
        raise SourceError(
            f"The landing file {uri} is no whole Parquet file: it is cut off, damaged, or of another format; upload it again, whole."
        ) from None
    relation = f"read_parquet({literal(str(local))}, hive_partitioning = false)"
    described = engine.execute(f"describe select * from {relation}").fetchall()
    texts = [kind == "VARCHAR" for _, kind, *_ in described]
    if blank := next((number for number, name in enumerate(names, start=1) if not name.strip()), None):
        raise SourceError(
            f"Column {blank} of the landing file {uri} has no name; name it, or remove the column."
        )
    make_view(
        engine,
        uri,
        [name.strip() for name in names],
        texts,
        relation,
        partitions,
        reader=[name for name, *_ in described],
    )
    count = count_rows(engine)
    if count != expected:
        raise SourceError(
            f"The landing file {uri} holds {expected} rows, but {count} were read; upload it again, whole."
        )
    return count
