"""Why a CSV file can't be read: a slow and exact pass by Python's reader, taken only when something does not
add up."""

import csv
from collections.abc import Iterator
from typing import IO

from include.tidemark.errors import SourceError
from include.tidemark.sources.csv_text import csv_reader, quotes_error
from include.tidemark.sources.sources_file import CsvOptions
from include.tidemark.sources.text import Text

LONGEST_LINE = 2_000_000
"""Bytes of one record that DuckDB reads."""


class _Lines:
    """Passes lines on, and remembers how long they were and how the last one ended."""

    def __init__(self, lines: IO[str]) -> None:
        self._lines = lines
        self.number = 0
        self.ending = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number += 1
            self.ending = line[len(line.rstrip("\r\n")) :]
            yield line


def exact_records(text: Text, options: CsvOptions, columns: int) -> int:
    """The number of records with the header, each of which is well formed and has all columns.

    Raises:
        SourceError: the first one that is not, by its line.
    """
    records = 0
    with text.lines() as stream:
        lines = _Lines(stream)
        reader = csv_reader(iter(lines), options)  # type: ignore[arg-type]
        start, ending = 1, ""
        try:
            for record in reader:
                records += bool(record) or columns == 1
                _check_record(text, record, columns, start, options, is_first=records == 2)
                ending = ending or lines.ending
                if lines.ending != ending:
                    raise SourceError(
                        f"The landing file {text.uri} has line breaks of two kinds: {_shown(ending)} at first, but"
                        f" {_shown(lines.ending)} after line {lines.number}; write it with one kind."
                    )
                start = lines.number + 1
        except csv.Error:
            raise quotes_error(text, start, options) from None
    return records


def _check_record(
    text: Text, record: list[str], columns: int, line: int, options: CsvOptions, *, is_first: bool
) -> None:
    if (not record and columns > 1) or len(record or [""]) == columns:
        return
    count = len(record)
    hint = "correct the line: a delimiter within a cell must be quoted"
    if count == columns + 1 and not record[-1]:
        hint = f"it ends with {options.delimiter!r}, which the header does not: write both alike"
    elif is_first and count > columns:
        hint = "if lines stand above the header, remove them: the first line must be the header"
    elif count == 1:
        hint = "it may be a footer or a title: remove it; or the file may be cut off there"
    elif count < columns:
        hint = "it may be cut off, or hold a line break within a cell that is not quoted"
    raise SourceError(
        f"Line {line} of the landing file {text.uri} has {count} column{'s' * (count != 1)}, but its header has {columns}; {hint}."
    )


def _shown(ending: str) -> str:
    return repr(ending) if ending else "none"


def raise_too_long(text: Text, options: CsvOptions) -> None:
    """Say which record is longer than DuckDB reads, if one is.

    Raises:
        SourceError: there is one.
    """
    start = 1
    with text.lines() as stream:
        lines = _Lines(stream)
        for record in csv_reader(iter(lines), options):  # type: ignore[arg-type]
            if sum(len(cell.encode()) for cell in record) > LONGEST_LINE - 16 * len(record):
                raise SourceError(
                    f"The record in line {start} of the landing file {text.uri} is longer than {LONGEST_LINE:,} bytes; shorten it."
                )
            start = lines.number + 1
