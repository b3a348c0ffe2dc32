"""What a file's name and its folders say: format, compression, partitions."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote

from include.tidemark.errors import SourceError
from include.tidemark.sources.sources_file import FileFormat

Compression = Literal["none", "gzip", "zstd"]

_COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_FORMATS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
}
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def compression_by_name(name: str) -> Compression:
    """How a file of this name is compressed as a whole."""
    return next((kind for suffix, kind in _COMPRESSIONS.items() if name.lower().endswith(suffix)), "none")


def format_by_name(name: str, where: str) -> FileFormat:
    """The format that a name ends in, before `.gz` or `.zst`.

    Raises:
        SourceError: it ends in none that is known.
    """
    plain = name.lower()
    for suffix in _COMPRESSIONS:
        plain = plain.removesuffix(suffix)
    for suffix, known in _FORMATS.items():
        if plain.endswith(suffix) and not (known == "parquet" and plain != name.lower()):
            return known
    raise SourceError(
        f"{where}: the format of {name.rpartition('/')[2]} can't be told from its name (known: {', '.join(_FORMATS)}, all but"
        f" Parquet also with {' or '.join(_COMPRESSIONS)}); say it by format: csv, parquet or ndjson."
    )


def partitions_of(relative: str, wanted: tuple[str, ...], where: str) -> Mapping[str, str | None]:
    """The values of `key=value` folders above a file, of those that are asked for; only the path below the
    landing URL counts.

    Raises:
        SourceError: one of them is not in the path, or twice.
    """
    folders = [folder.partition("=") for folder in relative.split("/")[:-1] if "=" in folder]
    found: dict[str, str | None] = {}
    for name in wanted:
        values = [value for key, _, value in folders if unquote(key) == name]
        if len(values) != 1:
            raise SourceError(
                f"{where}: partitions asks for {name}, but {relative} has {len(values) or 'no'} folder{'s' * (len(values) > 1)}"
                f" {name}=...; correct partitions, or the pattern."
            )
        found[name] = None if values[0] == _NULL_PARTITION else unquote(values[0])
    return found
