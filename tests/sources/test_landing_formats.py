"""Parquet and newline-delimited JSON are staged whole, with one meaning of null; what is not whole is
refused."""

import gzip
import io
import json
import random
import tempfile
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.tidemark.errors import SourceError
from include.tidemark.sources.tabular import explained
from tests.sources.staging import Staged

SECRET = "maria.garcia"


def parquet(*columns: list, names: list[str]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table([pa.array(column) for column in columns], names=names), out)
    return out.getvalue()


def staged_parquet(folder, content, **options):
    return Staged(folder, content, "orders.parquet", "parquet", **options)


def staged_json(folder, content, name="orders.ndjson", **options):
    return Staged(folder, content, name, "ndjson", **options)


def test_parquet_keeps_its_types_and_blank_texts_are_null(tmp_path):
    content = parquet(
        ["a", "", "  ", None, " b"], [1, 2, 3, 4, None], [Decimal("1.50")] * 5, names=["id", "n", "amount"]
    )
    staged = staged_parquet(tmp_path, content, partitions={"dt": "2026"})
    assert staged.types == {"id": "VARCHAR", "n": "BIGINT", "amount": "DECIMAL(3,2)", "dt": "VARCHAR"}
    assert [row[0] for row in staged.rows] == ["a", None, None, None, " b"]
    assert staged.rows[0] == ("a", 1, Decimal("1.50"), "2026")
    assert staged.count == 5


@pytest.mark.parametrize("format", ["parquet", "ndjson"])
def test_a_zero_byte_in_a_text_is_told_by_column_and_row_as_in_csv(tmp_path, format):
    names, texts = ["id", "name"], ["a", None, f"{SECRET}\0"]
    content = (
        parquet([1, 2, 3], texts, names=names)
        if format == "parquet"
        else "".join(json.dumps({"id": n, "name": text}) + "\n" for n, text in enumerate(texts)).encode()
    )
    with pytest.raises(SourceError, match=r"holds a zero byte in column name of data row 3, ") as raised:
        Staged(tmp_path, content, f"orders.{format}", format)
    assert SECRET not in str(raised.value)


def test_a_parquet_file_without_rows_has_its_columns(tmp_path):
    staged = staged_parquet(tmp_path, parquet(pa.array([], pa.string()), names=["id"]))
    assert (staged.columns, staged.count) == (["id"], 0)


@pytest.mark.parametrize("name", ["", " "])
def test_a_parquet_column_without_a_name_is_told(tmp_path, name):
    with pytest.raises(SourceError, match=r"Column 2 of the landing file \S+ has no name; name it"):
        staged_parquet(tmp_path, parquet(["a"], ["b"], names=["id", name]))


def test_a_folder_like_a_partition_does_not_replace_a_parquet_column(tmp_path):
    folder = tmp_path / "id=7"
    folder.mkdir()
    assert staged_parquet(folder, parquet(["a", "b"], names=["id"])).rows == [("a",), ("b",)]


def test_a_folder_like_a_partition_does_not_replace_a_key_of_json(tmp_path):
    folder = tmp_path / "id=7"
    folder.mkdir()
    assert staged_json(folder, '{"id":"a"}\n{"id":"b"}\n').rows == [("a",), ("b",)]


@pytest.mark.parametrize("names", [["id", "id"], ["id", "ID"], ["id", " id "]])
def test_repeated_names_in_parquet_are_refused(tmp_path, names):
    with pytest.raises(SourceError, match=r"has a column (id|ID) twice \(columns 1 and 2"):
        staged_parquet(tmp_path, parquet(["a"], ["b"], names=names))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (parquet([SECRET], names=["id"])[:-9], "no whole Parquet file"),
        (parquet([SECRET], names=["id"])[:40], "no whole Parquet file"),
        (f"id\n{SECRET}\n".encode(), "no whole Parquet file"),
        (gzip.compress(parquet([SECRET], names=["id"])), "compressed with gzip"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_whole_parquet_file_is_refused(tmp_path, content, expected):
    with pytest.raises(SourceError, match=expected) as refused:
        staged_parquet(tmp_path, content)
    assert SECRET not in str(refused.value)


@settings(max_examples=60)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_changed_byte_of_a_parquet_file_gives_a_sentence_or_all_rows(place, value):
    content = bytearray(parquet([f"{SECRET}{n}" for n in range(50)], list(range(50)), names=["id", "n"]))
    content[place % len(content)] = value
    with tempfile.TemporaryDirectory() as folder:
        try:
            assert staged_parquet(Path(folder), bytes(content)).count == 50
        except SourceError as error:
            assert SECRET not in str(error)
        except duckdb.Error as error:  # of a page, which is read after staging
            assert SECRET not in str(explained(error, "s3://landing/orders.parquet"))


def test_keys_of_all_objects_become_text_columns(tmp_path):
    lines = [
        {"id": "007", "n": 12345678901234567890123, "flag": True},
        {"n": None, "id": " ", "more": {"a": [1, "x"]}, "o'clock": "é"},
    ]
    staged = staged_json(
        tmp_path, "".join(json.dumps(line) + "\n" for line in lines), partitions={"dt": None}
    )
    assert set(staged.types.values()) == {"VARCHAR"}
    assert [dict(zip(staged.columns, row, strict=True)) for row in staged.rows] == [
        {
            "id": "007",
            "n": "12345678901234567890123",
            "flag": "true",
            "more": None,
            "o'clock": None,
            "dt": None,
        },
        {"id": None, "n": None, "flag": None, "more": '{"a":[1,"x"]}', "o'clock": "é", "dt": None},
    ]
    assert staged.count == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ndjson", b'{"id":1}\n\n{"id":2}\n'),
        ("a.jsonl", b'{"id":1}\r\n{"id":2}'),
        ("a.json", b'\xef\xbb\xbf{"id":1}\n{"id":2}\n'),
        ("a.ndjson.gz", gzip.compress(b'{"id":1}\n{"id":2}\n')),
        ("a.ndjson.zst", pa.compress(b'{"id":1}\n{"id":2}\n', "zstd", asbytes=True)),
    ],
)
def test_line_breaks_marks_and_compression_make_no_difference(tmp_path, name, content):
    assert staged_json(tmp_path, content, name).rows == [("1",), ("2",)]


def test_a_key_that_comes_late_in_a_large_file_is_a_column(tmp_path):
    content = '{"id":"x"}\n' * 60_000 + '{"id":"y","late":"z"}\n'
    staged = staged_json(tmp_path, content)
    assert (staged.columns, staged.count) == (["id", "late"], 60_001)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f'{{"id":1}}\n{{"id":"{SECRET}\n', "Line 2 .* is no whole JSON object"),
        (f'{{"id":1}}\n\n"{SECRET}"\n', "Line 3 .* is no whole JSON object"),
        (f'{{"id":1}} {{"id":"{SECRET}"}}\n', "Line 1 .* is no whole JSON object"),
        (f'{{\n"id":"{SECRET}"\n}}\n', "Line 1 .* is no whole JSON object"),
        (f'[{{"id":"{SECRET}"}}]\n', "is one JSON array"),
        (f'{{"id":1,"id":"{SECRET}"}}\n', r"has a key twice \(id\)"),
        (f'{{"id":1}}\n{{"ID":"{SECRET}"}}\n', "has a column (id|ID) twice"),
        (f'{{"":"{SECRET}"}}\n', "a key without a name"),
        ("{}\n", "holds no key"),
        ("\n\n", "holds no key"),
        ("", "is empty"),
        (f'{{"id":"\\ud800 {SECRET}"}}\n', "half of a character pair"),
        (f'{{"id":1}}\n{{"id":"{SECRET} é"}}\n'.encode("latin-1"), "line 2 has other bytes.*; write it in UTF-8"),
        (f'{{"id":"{SECRET}"}}\n'.encode("utf-16"), "in utf-16; write it in UTF-8"),
        (gzip.compress(b'{"id":1}\n'), "compressed with gzip"),
    ],
)  # fmt: skip
def test_what_is_not_one_object_per_line_is_refused(tmp_path, content, expected):
    with pytest.raises(SourceError, match=expected) as refused:
        staged_json(tmp_path, content)
    assert SECRET not in str(refused.value)


def test_a_full_disk_or_memory_is_no_fault_of_the_file():
    full = duckdb.IOException("IO Error: Could not write file: No space left on device")
    memory = duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate")
    assert explained(full, "s3://landing/a.csv") is full
    assert explained(memory, "s3://landing/a.csv") is memory


def test_a_disk_that_is_full_while_a_file_is_converted_is_no_fault_of_the_file(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    from include.tidemark.sources.sources_file import CsvOptions

    (tmp_path / "landing.utf8.csv").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        Staged(tmp_path, ("id\n" + "é\n" * 99_999).encode("latin-1"), csv=CsvOptions(encoding="latin-1"))


def test_duckdb_s_own_words_about_a_line_do_not_get_out():
    error = duckdb.InvalidInputException(
        f"Invalid Input Error: CSV Error on Line: 7\nOriginal Line: {SECRET}"
    )
    message = str(explained(error, "s3://landing/a.csv"))
    assert "InvalidInputException, near line 7" in message
    assert SECRET not in message


def test_rows_in_a_random_order_of_keys_keep_their_columns(tmp_path):
    draw = random.Random(3)
    objects = []
    for n in range(200):
        keys = draw.sample(["a", "b", "c"], 3)
        objects.append({key: f"{key}{n}" for key in keys})
    staged = staged_json(tmp_path, "".join(json.dumps(each) + "\n" for each in objects))
    assert [dict(zip(staged.columns, row, strict=True)) for row in staged.rows] == objects
