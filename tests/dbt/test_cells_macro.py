"""The warehouse's cells and Python's are the same integers, bin by bin."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from include.tidemark.statistics.cells import Cells, cells_by
from tests.snowflake.emulator import give, running_emulator
from tests.statistics.users import cells_of

MACRO = "{{ cells('raw.amounts', 'spend', 'cents', ['segment']) }}"
SUMS = ("n", "s1", "s2", "s3")


def amounts() -> dict[str, np.ndarray]:
    """Every corner of the rule: zeros, both signs, one digit, powers of ten and their neighbours, many in one
    bin."""
    random = np.random.RandomState(5)
    powers = 10 ** np.arange(10)
    edges = np.concatenate([powers, powers - 1, powers + 1, [99, 100, 101, 109, 110, 1_099, 1_100]])
    heavy = np.rint(np.exp(random.standard_normal(1_500) * 2 + 6)).astype(np.int64)
    small = random.randint(-300, 3_000, size=600)
    return {
        "edges": np.concatenate([edges, -edges]),
        "heavy": heavy,
        "small": small,
        "zero": np.zeros(7, int),
    }


def python_bin(label: str) -> str:
    """Python's name of a bin that the macro calls '+06:12'."""
    found = re.fullmatch(r"([+-])(\d\d):(\d{1,2})", label)
    if found is None:
        assert label == "0"
        return label
    sign, digits, lead = found.groups()
    return str(int(sign + "1") * (100 * int(digits) + int(lead)))


def as_table(cells: Cells, rename: Any = str) -> dict[str, tuple[Any, ...]]:
    return {rename(label): sums for label, sums in cells.table().items()}


def compiled(warehouse: Any, environ: dict[str, str] | None = None) -> str:
    """The macro's SQL as dbt renders it for a warehouse."""
    result = warehouse.dbt(
        "compile",
        "--quiet",
        "--log-format",
        "text",
        "--inline",
        MACRO,
        "--output",
        "json",
        "--no-populate-cache",
        environ=environ,
    )
    assert result.returncode == 0, result.output
    # Behind the answer stands what DuckDB's binding writes where its process ends.
    answer, _ = json.JSONDecoder().raw_decode(result.output, result.output.index("{\n"))
    return " ".join(answer["compiled"].split())


def rows_of(values: dict[str, np.ndarray]) -> list[tuple[str, int]]:
    return [(segment, int(cents)) for segment, part in values.items() for cents in part]


@pytest.fixture(scope="module")
def warehouse(raw_warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    copy = raw_warehouse.copy_to(tmp_path_factory.mktemp("cells"))
    copy.execute("create table raw.amounts (segment varchar, cents bigint)")
    copy.insert("raw.amounts", rows_of(amounts()))
    return copy


def test_duckdb_and_python_put_the_same_integers_into_the_same_bins(warehouse: Any) -> None:
    found = warehouse.dicts(compiled(warehouse))
    by_segment = cells_by(found, ["segment"])
    assert set(by_segment) == {(segment,) for segment in amounts()}
    for segment, values in amounts().items():
        from_arrays = cells_of(values, max_distinct=0)
        in_warehouse = by_segment[(segment,)]
        assert as_table(in_warehouse, python_bin) == as_table(from_arrays), segment
        assert all(type(number) is int for sums in in_warehouse.table().values() for number in sums)


def test_the_largest_cubes_that_the_macro_promises_keep_every_digit(warehouse: Any, tmp_path: Path) -> None:
    copy = warehouse.copy_to(tmp_path)
    # 200 million dollars in cents; the cubes of a million such customers have 37 digits.
    values = np.array([20_000_000_000, 20_000_000_000 - 1, -19_999_999_999])
    copy.execute("delete from raw.amounts")
    copy.execute(
        f"insert into raw.amounts select 'rich', cents from (select unnest({values.tolist()}) as cents), range(300000)"
    )
    (cells,) = cells_by(copy.dicts(compiled(copy)), ["segment"]).values()
    single = as_table(cells_of(values, max_distinct=0))
    assert as_table(cells, python_bin) == {
        label: tuple(300_000 * number for number in sums) for label, sums in single.items()
    }


def test_an_emulated_snowflake_gives_the_same_integers(warehouse: Any, tmp_path: Path) -> None:
    statements = ["create schema raw", "create table raw.amounts (segment varchar, cents bigint)"]
    give(tmp_path / "account", statements, warehouse.path, {"raw.amounts": "from raw.amounts"})
    with running_emulator(tmp_path / "account") as account:
        account.execute(f"create table raw.cells as {compiled(warehouse, account.dbt_environment())}")
    cursor = duckdb.sql(f"from '{tmp_path / 'account' / 'raw.cells.parquet'}'")
    names = [name.lower() for name in cursor.columns]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert len(rows_of(amounts())) == sum(row["n"] for row in found)
    for (segment,), cells in cells_by(found, ["segment"]).items():
        from_arrays = cells_of(amounts()[str(segment)], max_distinct=0)
        assert as_table(cells, python_bin) == as_table(from_arrays), segment
