"""The files of one pattern have the same columns, and what is mapped is of one kind in all of them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from include.tidemark.errors import SourceError
from include.tidemark.sources.files import LandingFile
from include.tidemark.sources.kinds import Kind, kind_of
from include.tidemark.sources.reading import Reading

if TYPE_CHECKING:
    from include.tidemark.sources.typed import StagedFile

_WORDS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "numbers",
    Kind.NUMBER: "numbers",
    Kind.BOOLEAN: "true and false",
    Kind.DATE: "dates",
    Kind.TIMESTAMP: "times without a zone",
    Kind.ZONED: "times with a zone",
    Kind.JSON: "nested values",
}


@dataclass
class SameColumns:
    """What the files that were looked at before have."""

    _first: tuple[LandingFile, set[str]] | None = None
    _kinds: dict[str, tuple[LandingFile, Kind]] = field(default_factory=dict)
    """By the contract's column, of the first file with a value in it."""

    def names(self, staged: "StagedFile") -> None:
        """Hold the names of a file's columns against those of the first file.

        Raises:
            SourceError: it has others.
        """
        file, names = staged.file, set(staged.types)
        self._first = self._first or (file, names)
        other, known = self._first
        if names == known:
            return
        lacking = [f"lacks {named(file, known - names)}"] if known - names else []
        more = [f"has {named(file, names - known)} besides"] if names - known else []
        raise SourceError(
            f"The landing file {file.uri} has other columns than {other.uri}: it {' and '.join([*lacking, *more])}; files of one"
            " pattern need the same columns."
        )

    def kinds(self, staged: "StagedFile", reading: Reading) -> None:
        """Hold what the mapping finds in a file against what it found in those before.

        Only Parquet has types. A column without a value has none: writers give it any.

        Raises:
            SourceError: a column holds something else.
        """
        if staged.file.format != "parquet":
            return
        found = {name: kind_of(data_type) for name, data_type in reading.types.items()}
        candidates = [
            name
            for name, kind in found.items()
            if name not in self._kinds or _WORDS.get(kind) != _WORDS.get(self._kinds[name][1])
        ]
        for name in staged.with_values(reading, candidates):
            other, known = self._kinds.setdefault(name, (staged.file, found[name]))
            if _WORDS.get(known) != _WORDS.get(found[name]):
                raise SourceError(
                    f"The landing file {staged.file.uri} has {_words(found[name])} in column {name}, and {other.uri} has"
                    f" {_words(known)}; upload it again with the type that the files before have{staged.or_mapping(staged.place(name))}."
                )


def named(file: LandingFile, columns: set[str]) -> str:
    """Columns in a message. The first line of a CSV file without a header is data, so its names are only
    counted."""
    if file.format == "csv":
        return f"{len(columns)} column{'s' if len(columns) > 1 else ''}"
    return ", ".join(sorted(columns))


def _words(kind: Kind) -> str:
    return _WORDS.get(kind, "values of another type")
