"""The dialect of a CSV file, from its first bytes."""

import csv
import io

import pytest

from include.tidemark.errors import SourceError
from include.tidemark.init.csv_dialect import HEAD, guess_csv

ROWS = [["Nr", "Name", "Betrag"], ["1", "Müller; Söhne, Köln", "1,50"], ["2", 'die "Krone"', "2,75"]]


def written(delimiter: str, encoding: str, quote: str = '"') -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quotechar=quote, lineterminator="\r\n").writerows(ROWS)
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
)
def test_delimiter_and_encoding_are_found(delimiter, encoding):
    found = guess_csv(written(delimiter, encoding), "x.csv")
    assert found.options.delimiter == delimiter
    expected = {"utf-8-sig": "utf-8", "latin-1": "cp1252"}.get(encoding, encoding)
    assert found.options.encoding == expected
    assert bool(found.doubts) == (expected == "cp1252")


def test_single_quotes_are_found_where_they_hold_delimiters():
    head = b"id,text\n1,'a, b'\n2,'c, d'\n"
    assert guess_csv(head, "x.csv").options.quote == "'"
    assert guess_csv(b"id,text\n1,it's\n2,don't\n", "x.csv").options.quote == '"'


def test_a_head_that_ends_within_a_character_or_a_line_is_read_up_to_there():
    line = "1;Größe;3\n".encode()
    head = (b"Nr;Wort;Zahl\n" + line * (HEAD // len(line) + 1))[:HEAD]
    found = guess_csv(head[:-3] + b"\xc3", "x.csv") if head[-1:] != b"\xc3" else guess_csv(head, "x.csv")
    assert (found.options.delimiter, found.options.encoding) == (";", "utf-8")


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"\x00\x01\x02\x03binary data and more of it\x00", "is no text"),
        (b"   \n", "is no text"),
        (b"Dear reader\nthis is a letter\n", "is no table"),
        (b"1,2026-01-05,12.50\n2,2026-01-06,3.00\n", "is not a header"),
        (b"a@shop.example,DE\nb@shop.example,AT\n", "is not a header"),
    ],
)
def test_what_is_no_table_with_a_header_is_refused_without_its_content(head, sentence):
    with pytest.raises(SourceError) as refused:
        guess_csv(head, "x.csv")
    assert sentence in str(refused.value)
    assert "shop.example" not in str(refused.value) and "12.50" not in str(refused.value)
