"""A CSV file as text: its encoding, its header, and the number of its records, found without the reader that loads it."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np

from include.tidemark.config.sources_file import CsvOptions
from include.tidemark.errors import SourceError
from include.tidemark.sources.file_names import Compression

UTF8 = ("utf-8", "utf-8-sig")
_CHUNK = 1 << 20
_LONGEST_CELL = 1 << 30


@dataclass(frozen=True)
class Text:
    """A file whose content is UTF-8 text, maybe compressed."""

    path: Path
    compression: Compression
    uri: str

    @contextmanager
    def bytes(self) -> Iterator[IO[bytes]]:
        """The content, without compression.

        Raises:
            SourceError: on reading, the compressed data is cut off or damaged.
        """
        try:
            with _open(self.path, self.compression) as stream:
                yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise self._damaged() from None
        except OSError as error:
            # pyarrow's for damaged data has no number; one that has is the machine's (disk, permission) and not the file's.
            if self.compression != "zstd" or error.errno is not None:
                raise
            raise self._damaged() from None

    @contextmanager
    def lines(self, encoding: str = "utf-8-sig") -> Iterator[IO[str]]:
        """The content as text, each line with the line break that it has."""
        with self.bytes() as stream:
            yield io.TextIOWrapper(stream, encoding=encoding, newline="")

    def _damaged(self) -> SourceError:
        return SourceError(
            f"The landing file {self.uri} is cut off or damaged: its {self.compression} data ends too early or is not valid;"
            " upload it again, whole."
        )


@dataclass(frozen=True)
class Survey:
    """What a pass over the bytes found."""

    records: int
    """With the header; exact unless a quote sign stands within a cell that is not quoted."""
    delimiters: int
    """Outside of quotes."""


def _open(path: Path, compression: Compression) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if compression == "zstd":
        import pyarrow as pa

        return cast("IO[bytes]", pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def check_utf8(text: Text) -> None:
    """Hold the whole content to UTF-8 without zero bytes.

    Raises:
        SourceError: it is not; the message says the line, and which encoding it may have.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 0
    with text.bytes() as stream:
        first = True
        while chunk := stream.read(_CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                bad = error.object[error.start]
                line = lines + error.object[: error.start].count(b"\n") + 1
                raise _wrong_encoding(text.uri, line, bad, chunk if first else b"") from None
            if b"\0" in chunk:
                line = lines + chunk[: chunk.index(b"\0")].count(b"\n") + 1
                raise _zero_byte(text.uri, line, chunk)
            lines += chunk.count(b"\n")
            first = False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise SourceError(
            f"The landing file {text.uri} ends within a character, so it is cut off; upload it again, whole."
        ) from None


def _wrong_encoding(uri: str, line: int, bad: int, start: bytes) -> SourceError:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        likely = "it starts like UTF-16: say csv: {encoding: utf-16} in sources.yml"
    else:
        likely = (
            f"if it is in {'cp1252' if 0x80 <= bad < 0xA0 else 'latin-1 or cp1252'}, say so by csv: {{encoding:"
            f" {'cp1252' if 0x80 <= bad < 0xA0 else 'latin-1'}}} in sources.yml"
        )
    return SourceError(
        f"The landing file {uri} is not UTF-8 (line {line} holds other bytes); {likely}, or write it in UTF-8."
    )


def _zero_byte(uri: str, line: int, chunk: bytes) -> SourceError:
    even, odd = chunk[:4096:2].count(0), chunk[1:4096:2].count(0)
    if max(even, odd) > len(chunk[:4096]) // 4:
        return SourceError(
            f"The landing file {uri} is not UTF-8 but looks like UTF-16; say csv: {{encoding: utf-16-{'le' if odd > even else 'be'}}}"
            " in sources.yml, or write it in UTF-8."
        )
    return SourceError(
        f"The landing file {uri} holds a zero byte in line {line}, which no text has; it may be damaged: write and upload it again."
    )


def to_utf8(text: Text, encoding: str, target: Path) -> Text:
    """The content in UTF-8, written to `target`.

    Raises:
        SourceError: the content is not in this encoding, or is UTF-8 although another is said.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    is_utf8 = encoding in UTF8
    utf8: codecs.IncrementalDecoder | None = None if is_utf8 else codecs.getincrementaldecoder("utf-8")()
    ascii_only, lines, first = True, 0, True
    with text.bytes() as stream, target.open("w", encoding="utf-8", newline="") as out:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                decoded = decoder.decode(chunk, final=not chunk)
            except UnicodeError:
                raise SourceError(
                    f"The landing file {text.uri} is not in the encoding {encoding} that sources.yml says (after line {lines + 1});"
                    " correct csv: {encoding: ...}, or leave it out for UTF-8."
                ) from None
            ascii_only = ascii_only and chunk.isascii()
            utf8 = _still_utf8(utf8, chunk)
            if not chunk and utf8 is not None and not ascii_only:
                raise SourceError(
                    f"The landing file {text.uri} is in UTF-8, although sources.yml says {encoding}; leave csv: {{encoding}} out."
                )
            out.write(decoded.removeprefix("\ufeff") if first else decoded)
            lines += decoded.count("\n")
            first = first and not decoded
            if not chunk:
                return Text(target, "none", text.uri)


def _still_utf8(decoder: codecs.IncrementalDecoder | None, chunk: bytes) -> codecs.IncrementalDecoder | None:
    if decoder is None:
        return None
    try:
        decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError:
        return None
    return decoder


def read_header(text: Text, options: CsvOptions) -> list[str]:
    """The cells of the first record.

    Raises:
        SourceError: the file is empty, or the first record is no header.
    """
    with text.lines() as lines:
        header = next(iter(csv_reader(lines, options)), None)
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
        while chunk := stream.read(_CHUNK):
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
