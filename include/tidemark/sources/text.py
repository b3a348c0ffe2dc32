"""A file as text: what it is compressed with, and its encoding, each said and then held against the bytes."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from include.tidemark.errors import SourceError
from include.tidemark.sources.file_names import Compression

CHUNK = 1 << 20
UTF8 = ("utf-8", "utf-8-sig")
"""As `CsvOptions` spells what needs no conversion."""


@dataclass(frozen=True)
class Text:
    """A file of text, maybe compressed."""

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
            # pyarrow's for damaged data has no number; one that has is the machine's (disk, permission) and
            # not the file's.
            if self.compression != "zstd" or error.errno is not None:
                raise
            raise self._damaged() from None

    @contextmanager
    def lines(self) -> Iterator[IO[str]]:
        """The content of a file in UTF-8, each line with the line break that it has."""
        with self.bytes() as stream:
            yield io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")

    def _damaged(self) -> SourceError:
        return SourceError(
            f"The landing file {self.uri} is cut off or damaged: its {self.compression} data ends too early or is not valid;"
            " upload it again, whole."
        )


def _open(path: Path, compression: Compression) -> IO[bytes]:
    if compression == "gzip":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if compression == "zstd":
        import pyarrow as pa

        return io.BufferedReader(pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def check_utf8(text: Text, advice: str) -> None:
    """Hold the whole content to UTF-8 without zero bytes.

    Args:
        advice: how to say another encoding, with `{}` for its name; empty where none can be said.

    Raises:
        SourceError: it is not; the message says the line, and which encoding it may have.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, start = 1, b""
    with text.bytes() as stream:
        while chunk := stream.read(CHUNK):
            start = start or chunk[:4096]
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                good, bad = error.object[: error.start], error.object[error.start]
                raise _not_utf8(text.uri, lines + _breaks(good), _likely(start, bad), advice) from None
            if b"\0" in chunk:
                line = lines + _breaks(chunk[: chunk.index(b"\0")])
                if likely := _likely_utf16(start):
                    raise _not_utf8(text.uri, line, likely, advice)
                raise SourceError(
                    f"The landing file {text.uri} holds a zero byte in line {line}, which no text has; it may be damaged: write and"
                    " upload it again."
                )
            lines += _breaks(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise SourceError(
            f"The landing file {text.uri} ends within a character, so it is cut off; upload it again, whole."
        ) from None


def _breaks(content: bytes) -> int:
    return content.count(b"\n") or content.count(b"\r")


def _not_utf8(uri: str, line: int, likely: str, advice: str) -> SourceError:
    said = f"say {advice.format(likely)} in sources.yml, or " if advice else ""
    return SourceError(
        f"The landing file {uri} is not in UTF-8 (line {line} has other bytes), but maybe in {likely}; {said}write it in UTF-8."
    )


def _likely(start: bytes, bad: int) -> str:
    return _wide(start) or ("cp1252" if 0x80 <= bad < 0xA0 else "latin-1")


def _wide(start: bytes) -> str | None:
    """The encoding of several bytes for each letter that the first bytes of a file tell of."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return _likely_utf16(start)


def _likely_utf16(start: bytes) -> str | None:
    """Latin letters have a zero byte each in UTF-16: the higher one."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) <= len(start) // 8:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def to_utf8(text: Text, encoding: str, target: Path) -> Text:
    """The content in UTF-8 without a byte order mark, written to `target`.

    Raises:
        SourceError: the content is not in this encoding, or is in UTF-8 although another is said.
    """
    if encoding not in UTF8 and _is_utf8_nevertheless(text, encoding):
        raise SourceError(
            f"The landing file {text.uri} is in UTF-8, although sources.yml says {encoding}; leave csv: {{encoding: ...}} out."
        )
    with text.bytes() as stream:
        wide = _wide(stream.read(4096))
    if wide and not encoding.startswith(("utf-16", "utf-32")):  # one byte per letter reads any bytes
        raise SourceError(
            f"The landing file {text.uri} is not in the encoding {encoding} that sources.yml says, but maybe in {wide}; correct"
            " csv: {encoding: ...}."
        )
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, first, chunk = 1, True, b"..."
    with text.bytes() as stream, target.open("w", encoding="utf-8", newline="") as out:
        while chunk:
            chunk = stream.read(CHUNK)
            try:
                decoded = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                raise _not_as_said(text.uri, encoding, lines, error) from None
            out.write(decoded.removeprefix("\ufeff") if first else decoded)
            lines += decoded.count("\n")
            first = first and not decoded
    return Text(target, "none", text.uri)


def _not_as_said(uri: str, encoding: str, line: int, error: UnicodeError) -> SourceError:
    if isinstance(error, UnicodeDecodeError):
        line += error.object[: error.start].decode(encoding, "ignore").count("\n")
    return SourceError(
        f"The landing file {uri} is not in the encoding {encoding} that sources.yml says (line {line} has other bytes); correct"
        " csv: {encoding: ...}, or leave it out for UTF-8."
    )


def _is_utf8_nevertheless(text: Text, encoding: str) -> bool:
    """Whether the content tells that it is in UTF-8: text in latin-1 with a letter beyond ASCII is hardly
    ever valid in it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    telling = "a".encode(encoding) != b"a"
    with text.bytes() as stream:
        while chunk := stream.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return False
            if b"\0" in chunk:
                return False
            telling = telling or not chunk.isascii()
    return telling
