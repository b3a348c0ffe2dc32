"""The last line of a CSV file that says how many rows there are is held against them, where `sources.yml`
tells of one."""

import gzip

import pytest
from pydantic import ValidationError

from include.tidemark.errors import SourceError
from include.tidemark.sources.sources_file import CsvOptions
from tests.sources.staging import Staged

SECRET = "maria.garcia"
ROWS = f'id,name\n1,{SECRET}\n2,"a\nb"\n'
TRAILER = CsvOptions(trailer="TRAILER;*;{rows}")


@pytest.mark.parametrize("end", ["TRAILER;20261101;2\n", "TRAILER;x;y;0000002", "  TRAILER;;2 \n\n\n"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_rows_that_are_as_many_as_it_says_are_read_without_it(tmp_path, end, line_break):
    staged = Staged(tmp_path, (ROWS + end).replace("\n", line_break), csv=TRAILER)
    assert staged.rows == [("1", SECRET), ("2", f"a{line_break}b")]


def test_it_is_read_in_a_compressed_file_and_in_another_encoding(tmp_path):
    options = CsvOptions(trailer="{rows} rows, Zoé", encoding="latin-1")
    content = gzip.compress(f"{ROWS}2 rows, Zoé\n".encode("latin-1"))
    assert Staged(tmp_path, content, "orders.csv.gz", csv=options).count == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (ROWS + "TRAILER;20261101;3\n", "holds 2 rows, but its trailer says 3; upload it again, whole"),
        (ROWS, "last line of .* is not the trailer"),
        (ROWS + "TRAILER;20261101;\n", "last line of .* is not the trailer"),
        (ROWS + "TRAILER;20261101;2\n" + ROWS[8:], "last line of .* is not the trailer"),
        (ROWS + "TRAILER;1;2\nTRAILER;1;2\n", "has 1 column, but its header has 2"),
        ("", "is empty"),
        ("TRAILER;1;0\n", "is empty"),
    ],
)
def test_what_does_not_agree_with_it_is_one_sentence(tmp_path, content, expected):
    with pytest.raises(SourceError, match=expected) as refused:
        Staged(tmp_path, content, csv=TRAILER)
    assert SECRET not in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("trailer", ["", "TRAILER", "{rows} {rows}", "{count}", "a\n{rows}"])
def test_what_says_no_number_of_rows_is_no_trailer(trailer):
    with pytest.raises(ValidationError):
        CsvOptions(trailer=trailer)
