"""How a CSV file is written, guessed from its start."""

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass

from include.tidemark.errors import SourceError
from include.tidemark.sources.sources_file import CsvOptions

HEAD = 1 << 20
"""Bytes that are looked at."""

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_GUESSED = ("cp1252", "latin-1")
"""Encodings that nothing in a file tells apart from others of their kind."""
_SAME_WIDTH = 0.9
"""Share of records with as many cells as the header; the rest may be damaged, and is refused later with its
line."""


@dataclass(frozen=True)
class CsvGuess:
    """The dialect, and what was not sure in it."""

    options: CsvOptions
    doubts: tuple[str, ...] = ()


def guess_csv(head: bytes, named: str) -> CsvGuess:
    """The dialect of a file.

    Args:
        head: its first bytes, without compression.
        named: what people call it.

    Raises:
        SourceError: it is no text, or no table with a header.
    """
    encoding = _encoding(head)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head[:HEAD]).removeprefix("\ufeff")
    if "\0" in text or not text.strip():
        raise SourceError(
            f"{named} is no text (or an empty one), so it is no CSV file; name a CSV, NDJSON or Parquet file."
        )
    doubts = (f"the encoding {encoding} was guessed from its letters",) if encoding in _GUESSED else ()
    delimiter, quote, header, row = _signs(text, whole=len(head) < HEAD)
    if len(header) < 2:
        raise SourceError(
            f"{named} is no table: its first line has one column, whether it is split at a comma, a semicolon, a tab or a |."
        )
    _refuse_data_as_header(header, row, named)
    return CsvGuess(CsvOptions(delimiter=delimiter, quote=quote, encoding=encoding), doubts)


def _encoding(head: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 4:  # Latin letters have a zero byte each in UTF-16: the higher one
        return "utf-16-le" if odd > even else "utf-16-be"
    for encoding in ("utf-8", _GUESSED[0]):
        try:
            codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return encoding
    return _GUESSED[1]


def _signs(text: str, *, whole: bool) -> tuple[str, str, list[str], list[str]]:
    """Delimiter and quote, with the header and the first record that they give."""
    best: tuple[float, int, str, str, list[str], list[str]] = (0.0, 0, ",", '"', [], [])
    for quote in ('"', "'"):
        for delimiter in _DELIMITERS:
            records = _records(text, delimiter, quote, whole=whole)
            if not records or len(records[0]) < 2:
                continue
            width = len(records[0])
            share = Counter(len(record) for record in records)[width] / len(records)
            # Apostrophes occur in texts, too: they are quotes only where every quoted sign explains more.
            rank = (float(share >= _SAME_WIDTH) + share / 2, width if quote == '"' else width - 0.5)
            if rank > best[:2] and (quote == '"' or f"{delimiter}'" in text):
                best = (*rank, delimiter, quote, records[0], records[1] if len(records) > 1 else [])  # type: ignore[assignment]
    return best[2:]


def _records(text: str, delimiter: str, quote: str, *, whole: bool) -> list[list[str]]:
    try:
        records = [
            record
            for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)
            if record
        ]
    except csv.Error:
        return []
    return records if whole else records[:-1]  # the last one may be cut by the end of the head


def _refuse_data_as_header(header: list[str], row: list[str], named: str) -> None:
    """A first line that has numbers or addresses where names should be is data."""
    if any(_is_number(cell) or "@" in cell for cell in header) or (row and header == row):
        raise SourceError(
            f"The first line of {named} is not a header: it holds values. Write the names of the columns into the first line."
        )


def _is_number(cell: str) -> bool:
    text = cell.strip()
    return any(each.isdigit() for each in text) and not any(each.isalpha() for each in text)
