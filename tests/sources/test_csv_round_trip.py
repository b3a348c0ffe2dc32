"""Whatever Python's writer puts into a CSV file, in whatever dialect, comes out cell for cell."""

import csv
import gzip
import io
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from include.tidemark.sources import csv_text, tabular, text
from include.tidemark.sources.sources_file import CsvOptions
from tests.sources.staging import Staged

_AWKWARD = [
    '"',
    "'",
    ",",
    ";",
    "\t",
    "|",
    "#",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\\",
    "NULL",
    "é",
    "€",
    "\ufeff",
    "=",
    "",
    "0",
    "\u2028",
]
_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    st.lists(st.sampled_from(_AWKWARD), max_size=5).map("".join),
)
_LATIN = st.lists(st.sampled_from([*"aé\"',;#\n\r |\\", ""]), max_size=5).map("".join)
_ENCODINGS = {
    "utf-8": _TEXT,
    "utf-8-sig": _TEXT,
    "utf-16": _TEXT,
    "utf-32": _TEXT,
    "latin-1": _LATIN,
    "cp1252": _LATIN,
}
_NAMES = ("id", 'Order "No", all', "dt", "c1", "#")


@st.composite
def tables(draw):
    encoding = draw(st.sampled_from(sorted(_ENCODINGS)))
    width = draw(st.integers(1, len(_NAMES)))
    rows = draw(st.lists(st.tuples(*[_ENCODINGS[encoding]] * width), max_size=8))
    return encoding, [_NAMES[:width], *rows]


def _read(cell: str, null_words: tuple[str, ...]) -> str | None:
    """What a cell means: nothing, where it is blank or a null word."""
    blank = all(sign in "\t\n\f\r " or unicodedata.category(sign).startswith("Z") for sign in cell)
    return None if blank or cell.strip(" ") in null_words else cell


@settings(max_examples=120)
@given(
    table=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|", ":", "^", "a"]),
    quote=st.sampled_from(['"', "'", "~"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_break=st.sampled_from(["\n", "\r\n", "\r"]),
    null_words=st.sampled_from([(), ("NULL", '"')]),
    packed=st.booleans(),
)
def test_every_cell_comes_back_as_it_was_written(
    table, delimiter, quote, quoting, line_break, null_words, packed
):
    encoding, records = table
    if any("\r" in cell or "\n" in cell for record in records for cell in record):
        quoting = csv.QUOTE_ALL  # which line breaks Python's writer quotes depends on its version
    out = io.StringIO(newline="")
    csv.writer(
        out, delimiter=delimiter, quotechar=quote, quoting=quoting, lineterminator=line_break
    ).writerows(records)
    content = out.getvalue().encode(encoding)
    if encoding in ("latin-1", "cp1252"):
        assume(content.isascii() or not _is_utf8(content))
    with tempfile.TemporaryDirectory() as folder:
        staged = Staged(
            Path(folder),
            gzip.compress(content) if packed else content,
            "t.csv.gz" if packed else "t.csv",
            csv=CsvOptions(delimiter=delimiter, quote=quote, encoding=encoding, null_words=null_words),
        )
    assert staged.columns == list(records[0])
    assert staged.rows == [tuple(_read(cell, null_words) for cell in record) for record in records[1:]]
    assert staged.count == len(records) - 1


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 11])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_a_record_is_counted_wherever_a_chunk_of_the_file_ends(tmp_path, monkeypatch, chunk, line_break):
    monkeypatch.setattr(csv_text, "CHUNK", chunk)
    monkeypatch.setattr(tabular, "exact_records", None)  # the fast count is enough
    monkeypatch.setattr(text, "CHUNK", chunk)
    record = f'1,"é""{line_break * 2}, b"{line_break * 3}'
    assert Staged(tmp_path, f"id,é{line_break}" + record * 12).count == 12
