"""A CSV file as text: its header, and the number of its records, found without the reader that loads it."""

import csv
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from include.tidemark.errors import SourceError
from include.tidemark.sources.sources_file import CsvOptions
from include.tidemark.sources.text import CHUNK, Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST_CELL = 1 << 30


@dataclass(frozen=True)
class Survey:
    """What a pass over the bytes found."""

    records: int
    """With the header; exact unless a quote sign stands within a cell that is not quoted."""
    delimiters: int
    """Outside of quotes."""


def read_header(text: Text, options: CsvOptions) -> list[str]:
    """The cells of the first record.

    Raises:
        SourceError: the file is empty, or the first record is no header.
    """
    try:
        with text.lines() as lines:
            header = next(iter(csv_reader(lines, options)), None)
    except csv.Error:
        raise quotes_error(text, 1, options) from None
    if header is None:
        raise SourceError(
            f"The landing file {text.uri} is empty, without even a header; upload it again, whole."
        )
    first = header[0].strip().lower() if header else ""
    if first.startswith("sep="):
        raise SourceError(
            f"The first line of the landing file {text.uri} is a hint for Excel (sep=...), not the header; remove the line."
        )
    if not any(name.strip() for name in header):
        raise SourceError(
            f"The first line of the landing file {text.uri} is blank; the first line must be the header."
        )
    others = [sign for sign in (",", ";", "\t", "|") if sign != options.delimiter and sign in header[0]]
    if len(header) == 1 and others:
        likely = max(others, key=header[0].count)
        raise SourceError(
            f"The header of the landing file {text.uri} is one column when split at {options.delimiter!r}, but holds"
            f" {likely!r}; say csv: {{delimiter: {_yaml(likely)}}} in sources.yml, or write the file with {options.delimiter!r}."
        )
    return header


def quotes_error(text: Text, line: int, options: CsvOptions) -> SourceError:
    """What to raise where a record's quotes do not add up."""
    return SourceError(
        f"The quotes ({options.quote}) of the record that starts in line {line} of the landing file {text.uri} can't be read: one"
        " is not closed, or more text follows the closing one; a quote within a quoted cell must be doubled. If the file was"
        " cut off, upload it again, whole."
    )


def cut_trailer(text: Text, trailer: str, target: "Path") -> tuple[Text, int]:
    """The content without its last line, written to `target` in UTF-8, and how many rows that line says there
    are.

    Args:
        trailer: how the line is written, as `CsvOptions` says.

    Raises:
        SourceError: the last line is another one, so the file may be cut off.
    """
    # Lines are held back until another one follows; blank ones at the end are no last line.
    held: list[str] = []
    with text.lines() as lines, target.open("w", encoding="utf-8", newline="") as out:
        for line in lines:
            if line.strip() and held:
                out.writelines(held)
                held = []
            held.append(line)
    last = next((line for line in held if line.strip()), "")
    parts = re.split(r"(\*|\{rows\})", trailer.strip())
    said = re.fullmatch(
        "".join({"*": ".*", "{rows}": "0*([0-9]{1,15})"}.get(part, re.escape(part)) for part in parts),
        last.strip(),
    )
    if said is None:
        raise SourceError(
            f"The last line of the landing file {text.uri} is not the trailer that csv: {{trailer: ...}} in sources.yml tells of,"
            " so the file may be cut off; upload it again, whole, or correct the trailer."
        )
    return Text(target, "none", text.uri), int(said[1])


def _yaml(sign: str) -> str:
    return '"\\t"' if sign == "\t" else f'"{sign}"'


def csv_reader(lines: IO[str], options: CsvOptions) -> "Iterator[list[str]]":
    """Python's reader in the file's dialect, which refuses what is not well formed."""
    csv.field_size_limit(_LONGEST_CELL)  # of the process; its default would refuse a JSON text of 128 kB
    return csv.reader(
        lines, delimiter=options.delimiter, quotechar=options.quote, doublequote=True, strict=True
    )


def survey(text: Text, options: CsvOptions, columns: int) -> Survey:
    """Count records by their line breaks, fast: half a second per million lines.

    Raises:
        SourceError: the file does not end with a line break, so that its last line may be cut off.
    """
    quote, delimiter = options.quote.encode(), options.delimiter.encode()
    breaks = blanks = delimiters = inside = 0
    previous, held, last = b"\n", b"", b""
    with text.bytes() as stream:
        while chunk := stream.read(CHUNK):
            last = chunk[-1:]
            piece, inside = _outside(chunk, quote, inside)
            piece = held + piece
            held = piece[-1:] if piece.endswith(b"\r") else b""  # its \n may be in the next chunk
            piece = piece[: len(piece) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            breaks += piece.count(b"\n")
            delimiters += piece.count(delimiter)
            blanks += _blank_lines(previous + piece)
            previous = piece[-1:] or previous
    if held:
        breaks += 1
        blanks += previous == b"\n"
    if last not in (b"\r", b"\n"):
        raise SourceError(
            f"The landing file {text.uri} does not end with a line break, so its last line may be cut off; upload it again, whole."
        )
    # Where there is one column, a blank line is a row without a value.
    return Survey(breaks - (blanks if columns > 1 else 0), delimiters)


def _outside(chunk: bytes, quote: bytes, inside: int) -> tuple[bytes, int]:
    """The bytes outside of quotes (and the closing quotes), and whether the chunk ends inside."""
    if quote not in chunk:
        return (b"" if inside else chunk), inside
    bytes_ = np.frombuffer(chunk, np.uint8)
    parity = (np.cumsum(bytes_ == quote[0], dtype=np.uint8) + np.uint8(inside)) & 1
    return bytes_[parity == 0].tobytes(), int(parity[-1])


def _blank_lines(piece: bytes) -> int:
    if b"\n\n" not in piece:
        return 0
    bytes_ = np.frombuffer(piece, np.uint8)
    return int(np.count_nonzero((bytes_[1:] == 10) & (bytes_[:-1] == 10)))
