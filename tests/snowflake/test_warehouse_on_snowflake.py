"""What our warehouse class does to an account: loads that overlap, loads that lose a file, and what a failure
leaves."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.tidemark.families.trend_part import measured_slopes
from include.tidemark.pipeline.discoveries import mark_discoveries
from include.tidemark.segmentations.counts import values_at
from include.tidemark.settings import Settings
from include.tidemark.statistics.change import Number
from include.tidemark.statistics.measured import Numbers, published_numbers
from include.tidemark.statistics.multiplicity import Selection, adjust
from include.tidemark.statistics.results import ResultRow, to_records
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.duckdb import DuckDBWarehouse
from include.tidemark.warehouse.snowflake import SnowflakeWarehouse
from tests.snowflake.emulator import Emulator, running_emulator

OLD = [{"user_id": "old", "n": 0}]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("account")) as emulator:
        yield emulator


@pytest.fixture
def connect(account: Emulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens a session; the table raw.loaded holds one old row."""
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    account.execute(
        "create schema if not exists raw",
        "create or replace table raw.loaded (user_id varchar, n bigint)",
        "insert into raw.loaded values ('old', 0)",
    )
    return lambda: closing(SnowflakeWarehouse(Settings(warehouse="snowflake")))


def file_of(folder: Path, user_id: str, rows: int) -> Path:
    """A landing file, which has the table's name whoever loads it."""
    folder.mkdir()
    pq.write_table(pa.table({"user_id": [user_id] * rows, "n": list(range(rows))}), folder / "loaded.parquet")
    return folder / "loaded.parquet"


def rows_of(warehouse: SnowflakeWarehouse) -> list[dict[str, Any]]:
    return warehouse.fetch("select user_id, n from raw.loaded order by user_id, n")


def replace_rows(warehouse: SnowflakeWarehouse, *files: Path, where: str | None = None) -> int:
    """Put the files' rows in the place of all others, or of those that keep a condition; returns their
    number."""
    loaded: list[int] = []
    warehouse.load_parquet("raw.loaded", files, where, loaded.append)
    return loaded[0]


def test_a_column_that_only_quotes_find_keeps_them_and_a_number_has_its_decimals(
    account: Emulator, connect: Any
) -> None:
    account.execute(
        'create or replace table raw.quoted ("user_id" varchar, "Email" varchar, USER number(38,10), N number, D float)'
    )
    with connect() as warehouse:
        assert warehouse.columns("raw", "quoted") == {
            '"user_id"': "text",
            '"Email"': "text",
            "user": "number(38,10)",
            "n": "number",
            "d": "float",
        }
        assert warehouse.columns("raw", "nowhere") == {}


def just_after_the_upload(
    warehouse: SnowflakeWarehouse, monkeypatch: pytest.MonkeyPatch, happens: Any
) -> None:
    """Let something happen between a session's upload and its copy."""
    execute = warehouse.execute

    def wrapped(sql: str, *parameters: Any) -> None:
        execute(sql, *parameters)
        if sql.startswith("put "):
            happens()

    monkeypatch.setattr(warehouse, "execute", wrapped)


def test_a_load_that_another_one_overtakes_still_loads_its_own_file(
    connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect() as slow, connect() as fast:
        overtaken = file_of(tmp_path / "slow", "slow", 3)
        overtaking = file_of(tmp_path / "fast", "fast", 2)
        just_after_the_upload(slow, monkeypatch, lambda: replace_rows(fast, overtaking))
        assert replace_rows(slow, overtaken) == 3
        assert rows_of(slow) == [{"user_id": "slow", "n": n} for n in range(3)]


@pytest.mark.parametrize("missing", [2, 1], ids=["no row arrives", "a row does not arrive"])
def test_a_load_that_loses_rows_is_an_error_and_leaves_the_table_and_its_stage_as_they_were(
    connect: Any, account: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: int
) -> None:
    file = file_of(tmp_path / "whole", "new", 2)
    rest = file_of(tmp_path / "rest", "new", 2 - missing)
    with connect() as warehouse:
        fetch = warehouse.fetch

        def losing(sql: str, *parameters: Any) -> list[dict[str, Any]]:
            place = sql.split(" from ")[1].split(maxsplit=1)[0] if sql.startswith("copy ") else ""
            elsewhere = place.replace("loaded/", "loaded/elsewhere/")
            if place and missing < 2:
                warehouse.execute(f"put '{rest.as_uri()}' {elsewhere} auto_compress = false")
            return fetch(sql.replace(place, elsewhere) if place else sql, *parameters)

        monkeypatch.setattr(warehouse, "fetch", losing)
        with pytest.raises(RuntimeError, match=rf"Of 2 rows for raw\.loaded Snowflake loaded {2 - missing},"):
            replace_rows(warehouse, file)
        assert rows_of(warehouse) == OLD
    *_, put, _, _, rolled_back, removed, _ = [
        request["sql"]
        for request in account.requests()
        if "sql" in request and "elsewhere" not in request["sql"]
    ]
    assert put.startswith("put ") and rolled_back == "rollback"
    assert removed == f"remove {put.split()[2]}"


def test_rows_of_several_files_replace_those_that_keep_a_condition_and_no_others(
    connect: Any, tmp_path: Path
) -> None:
    files = [file_of(tmp_path / name, name, rows) for name, rows in (("one", 2), ("none", 0), ("other", 1))]
    with connect() as warehouse:
        warehouse.execute("insert into raw.loaded values ('one', 7)")
        assert replace_rows(warehouse, *files, where="user_id in ('one', 'other')") == 3
        new = [{"user_id": "one", "n": 0}, {"user_id": "one", "n": 1}, {"user_id": "other", "n": 0}]
        assert rows_of(warehouse) == OLD + new


def test_what_belongs_to_a_load_happens_with_it_or_not_at_all(connect: Any, tmp_path: Path) -> None:
    file = file_of(tmp_path / "new", "new", 2)

    def fail(rows: int) -> None:
        raise KeyboardInterrupt

    with connect() as warehouse:
        with pytest.raises(KeyboardInterrupt):
            warehouse.load_parquet("raw.loaded", [file], None, fail)
        assert rows_of(warehouse) == OLD


def test_more_rows_than_a_statement_takes_go_through_a_file_and_all_arrive(connect: Any) -> None:
    rows = [{"user_id": f"user {n:03}", "n": n} for n in range(250)]
    with connect() as warehouse:
        warehouse.insert("raw.loaded", rows)
        assert rows_of(warehouse) == OLD + rows


def test_values_at_ranks_are_read_and_discoveries_marked_as_on_duckdb(connect: Any, tmp_path: Path) -> None:
    home = SimpleNamespace(is_shared=True, members="runs.segment_members", segment="segment")
    of: Any = SimpleNamespace(home=home, mine=lambda run_key: f"run_key = '{run_key}'")
    rules = SimpleNamespace(segmentation_significance_threshold=0.05)
    run: Any = SimpleNamespace(run_key="this", rules=rules)
    compared = [
        ResultRow("m", 1.0, "welch", segment=name, p_value=p, reason="descriptive")
        for name, p in (("a", 0.01), ("b", 0.04), ("c", None))
    ]
    known = {"as_of_date": "2026-11-01", "run_key": "this", "family": "f"}

    def seen(warehouse: Any) -> tuple[Any, ...]:
        ensure_control_tables(warehouse)
        warehouse.execute(
            "create table runs.segment_members (run_key varchar, user_id varchar, segment varchar)"
        )
        warehouse.execute(
            "create table runs.user_features (run_key varchar, user_id varchar, spend decimal(18, 2))"
        )
        for number in range(60):
            user, segment = f"u{number:02}", "it's a" if number % 3 else "b"
            warehouse.execute("insert into runs.segment_members values ('this', ?, ?)", (user, segment))
            value = None if number == 7 else number * 7 % 60
            warehouse.execute("insert into runs.user_features values ('this', ?, ?)", (user, value))
        values = values_at(of, "spend", {"it's a": (1, 20), "b": (), None: (30, 31)}, run, warehouse)
        warehouse.insert("runs.statistics", to_records(adjust(compared), **known))
        selection = mark_discoveries(run, warehouse)
        rows = warehouse.fetch("select segment, is_discovery from runs.statistics order by segment")
        asked = [("it's a", 1), ("it's a", 20), (None, 30), (None, 31)]
        return [values[place] for place in asked], selection, [tuple(row.values()) for row in rows]

    with closing(DuckDBWarehouse(tmp_path / "w.duckdb")) as warehouse:
        expected = seen(warehouse)
    with connect() as warehouse:
        assert seen(warehouse) == expected
    assert expected[1] == Selection(families=1, selected=1, level=0.05)
    assert expected[2] == [("a", True), ("b", True), ("c", None)]


def test_slopes_over_months_are_those_of_duckdb(connect: Any, tmp_path: Path) -> None:
    numbers = published_numbers(
        Numbers(["it's a", "b"], {"spend": "mean"}, {"spend": "total"}, {"spend": 100})
    )
    numbers += [Number("part", "part", "is_new", "b", "b"), Number("ratio", "ratio", "spend", "b", "b")]
    people = "select run_key, person, segment, is_dormant, spend, is_new from runs.people"
    rows = [
        {
            "run_key": f"run {month}",
            "person": f"u{n:03}",
            "segment": None if n % 11 == 1 else "it's a" if n % 3 else "b",
            "is_dormant": n % 4 == 0,
            "spend": None if n % 7 == 3 else n * n * (month + n % 5) - 400,
            "is_new": (n + month) % 2,
        }
        for n in range(120)
        for month in range(4)
        if (n + month) % 9
    ]

    def seen(warehouse: Any) -> Any:
        ensure_control_tables(warehouse)
        warehouse.execute(
            "create table runs.people (run_key varchar, person varchar, segment varchar, is_dormant boolean, spend bigint, is_new integer)"
        )
        warehouse.insert("runs.people", rows)
        return measured_slopes(warehouse, people, [f"run {month}" for month in range(4)], numbers)

    with closing(DuckDBWarehouse(tmp_path / "w.duckdb")) as warehouse:
        expected = seen(warehouse)
    with connect() as warehouse:
        assert seen(warehouse) == expected
    assert all(each.change.standard_error for each in expected)
