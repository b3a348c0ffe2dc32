"""One file without some people: every other row keeps its bytes and its place."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from include.tidemark.artifacts.tables import Column, PublishedTable
from include.tidemark.artifacts.writing import write_table
from include.tidemark.erasure.files import Wanted, remove_people

TABLE = PublishedTable(
    "users",
    (
        Column("member", "id"), Column("note", "text"), Column("spend", "money"), Column("share", "number"),
        Column("day", "date"), Column("at", "timestamp"), Column("active", "boolean"),
    ),
    "", parquet=True,
)  # fmt: skip
NOTES = ['a "quoted", cell', "two\nlines", "a\r\nb", "=1+1", None, "", "lone\rreturn", "Žižek"]
STAYING, LEAVING = "stays", ("=1+1", "leaves")
FORMS = {user_id: user_id for user_id in LEAVING}


def batch(members: list[str | None]) -> pa.RecordBatch:
    n = len(members)
    rows = [
        {
            "member": member,
            "note": NOTES[i % len(NOTES)],
            "spend": Decimal(i) / 100,
            "share": None if i % 3 else i / 7,
            "day": None if i % 5 else 20000 + i % 1000,
            "at": i * 1000,
            "active": bool(i % 2),
        }
        for i, member in enumerate(members)
    ]
    assert len(rows) == n
    schema = pa.schema(
        {"member": "string", "note": "string", "spend": pa.decimal128(18, 2), "share": "float64", "day": "date32",
         "at": pa.timestamp("s"), "active": pa.bool_()}
    )  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def written(folder: Path, batches: list[pa.RecordBatch]) -> None:
    write_table(TABLE, batches, folder, str)


def remove(folder: Path, suffix: str, columns=lambda names: ["member"], others=()):
    target = folder / f"after.{suffix}"
    removal = remove_people(folder / f"users.{suffix}", target, Wanted(FORMS, others), columns)
    return removal, target


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("n", [0, 3, 70_000])
def test_what_is_left_are_the_bytes_of_a_table_that_never_had_them(
    tmp_path: Path, suffix: str, n: int
) -> None:
    members = [(STAYING, *LEAVING, None)[i % 4] for i in range(n)]
    whole = batch(members)
    written(tmp_path, [whole])
    kept = whole.filter(pa.array([member not in LEAVING for member in members], pa.bool_()))
    written(tmp_path / "expected", [kept])

    removal, target = remove(tmp_path, suffix)

    assert target.read_bytes() == (tmp_path / "expected" / f"users.{suffix}").read_bytes()
    assert (removal.rows, removal.left) == (n - kept.num_rows, kept.num_rows)
    assert removal.people == set(LEAVING if n > 2 else LEAVING[: max(n - 1, 0)])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_people_who_stay_are_counted_where_they_are_looked_for(tmp_path: Path, suffix: str) -> None:
    written(tmp_path, [batch([STAYING, "leaves", "another", STAYING])])
    removal, _ = remove(tmp_path, suffix, others={STAYING, "leaves"})
    assert (removal.rows, removal.left, removal.others) == (1, 3, 2)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_id_that_stands_in_another_column_is_no_user(tmp_path: Path, suffix: str) -> None:
    written(tmp_path, [batch([STAYING])])
    removal, _ = remove(tmp_path, suffix, columns=lambda names: [])
    assert (removal.rows, removal.left) == (0, 0)
