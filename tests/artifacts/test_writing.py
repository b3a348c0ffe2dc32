"""How values are written: the same rows give the same bytes, and a spreadsheet runs nothing."""

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.tidemark.artifacts import writing
from include.tidemark.artifacts.tables import Column, PublishedTable
from include.tidemark.artifacts.writing import escape_formula, write_rows, write_table
from include.tidemark.errors import TidemarkError

ALL_KINDS = PublishedTable(
    path="data/sample",
    columns=(
        Column("name", "text"),
        Column("n", "integer"),
        Column("amount", "money"),
        Column("ratio", "number"),
        Column("day", "date"),
        Column("flag", "boolean"),
    ),
    description="",
    parquet=True,
)
ROW = {"name": "a", "n": 1, "amount": Decimal("1.5"), "ratio": 1 / 3, "day": date(2026, 11, 1), "flag": True}


def lines(folder):
    return (folder / "data/sample.csv").read_text(encoding="utf-8").splitlines()


def test_each_kind_is_written_in_its_one_way(tmp_path):
    write_rows(ALL_KINDS, [ROW], tmp_path)
    assert lines(tmp_path) == ["name,n,amount,ratio,day,flag", "a,1,1.50,0.333333333333,2026-11-01,true"]


def test_a_null_is_an_empty_cell(tmp_path):
    write_rows(ALL_KINDS, [dict.fromkeys(ROW)], tmp_path)
    assert lines(tmp_path)[1] == ",,,,,"


def test_negative_numbers_are_numbers_and_not_escaped(tmp_path):
    write_rows(ALL_KINDS, [ROW | {"n": -3, "amount": Decimal("-0.5"), "ratio": -0.0}], tmp_path)
    assert lines(tmp_path)[1] == "a,-3,-0.50,0,2026-11-01,true"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "\uff1dx", "\uff0bx", "\uff0dx", "\uff20x"]
)
def test_text_that_a_spreadsheet_would_run_is_marked_as_text(tmp_path, text):
    write_rows(ALL_KINDS, [ROW | {"name": text}], tmp_path)
    with (tmp_path / "data/sample.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1][0] == "'" + text


@pytest.mark.parametrize("text", ["a=b", "New & Growing", "1-2", "Zoë", "", "'quoted"])
def test_other_text_is_left_alone(text):
    assert escape_formula(text) == text


def test_quotes_commas_line_breaks_and_other_scripts_survive(tmp_path):
    name = 'Zoë, "Žižek"\nline 東京'
    write_rows(ALL_KINDS, [ROW | {"name": name}], tmp_path)
    with (tmp_path / "data/sample.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1][0] == name


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"])) | st.none(),
            st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        ),
        min_size=1,
    )
)
def test_the_bytes_are_those_of_pythons_own_csv_and_number_format(pairs):
    table = PublishedTable("sample", (Column("name", "text"), Column("ratio", "number")), "", parquet=True)
    with TemporaryDirectory() as folder:
        write_rows(table, [{"name": name, "ratio": ratio} for name, ratio in pairs], Path(folder))
        written = (Path(folder) / "sample.csv").read_bytes()
        ratios = pq.read_table(Path(folder) / "sample.parquet")["ratio"].to_pylist()
    numbers = [None if ratio is None else format(ratio + 0.0, ".12g") for _, ratio in pairs]
    texts = [name and escape_formula(name) for name, _ in pairs]
    expected = [
        ",".join((_quoted(text or ""), number or "")) + "\n"
        for text, number in zip(texts, numbers, strict=True)
    ]
    assert written.decode() == "name,ratio\n" + "".join(expected)
    assert ratios == [None if number is None else float(number) for number in numbers]


def _quoted(text: str) -> str:
    line = io.StringIO()
    # Told to end lines with a line feed, the module would no longer quote a carriage return.
    csv.writer(line, lineterminator="\r\n").writerow([text, ""])
    return line.getvalue().removesuffix(",\r\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_refused_by_name(tmp_path, value):
    with pytest.raises(TidemarkError, match="column ratio"):
        write_rows(ALL_KINDS, [ROW | {"ratio": value}], tmp_path)


def test_the_bytes_do_not_depend_on_how_the_warehouse_cuts_its_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_ROW_GROUP", 64)
    rows = [ROW | {"n": n, "ratio": n / 7} for n in range(300)]
    whole = pa.Table.from_pylist(rows, schema=ALL_KINDS.arrow_schema)
    written = []
    for size in (300, 1, 64, 97):
        write_table(ALL_KINDS, whole.to_batches(max_chunksize=size), tmp_path)
        written.append([(tmp_path / f"data/sample.{suffix}").read_bytes() for suffix in ("csv", "parquet")])
    assert all(files == written[0] for files in written)
    assert pq.ParquetFile(tmp_path / "data/sample.parquet").metadata.num_row_groups == 5


def test_the_types_are_ours_whatever_the_warehouse_calls_its_own(tmp_path):
    batch = pa.record_batch(
        {
            "name": pa.array(["a"], pa.large_string()),
            "n": pa.array([Decimal(1)], pa.decimal128(38, 0)),
            "amount": pa.array([Decimal("1.50")], pa.decimal128(38, 2)),
            "ratio": pa.array([1 / 3], pa.float64()),
            "day": pa.array([date(2026, 11, 1)], pa.date32()),
            "flag": pa.array([True]),
        }
    )
    write_table(ALL_KINDS, [batch], tmp_path)
    assert pq.read_schema(tmp_path / "data/sample.parquet").equals(ALL_KINDS.arrow_schema)
    assert lines(tmp_path)[1] == "a,1,1.50,0.333333333333,2026-11-01,true"


def test_a_table_without_rows_is_a_header_and_an_empty_parquet_file(tmp_path):
    (text, parquet) = write_table(ALL_KINDS, [], tmp_path)
    assert lines(tmp_path) == ["name,n,amount,ratio,day,flag"]
    assert (text.rows, parquet.rows, pq.read_table(tmp_path / parquet.path).num_rows) == (0, 0, 0)


def test_user_ids_are_not_written_without_a_way_to_publish_them(tmp_path):
    table = PublishedTable(path="data/sample", columns=(Column("customer_id", "id"),), description="")
    with pytest.raises(TidemarkError, match="user ids"):
        write_table(table, [pa.record_batch({"customer_id": ["C1"]})], tmp_path)
