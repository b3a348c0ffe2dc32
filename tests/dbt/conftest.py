"""A small warehouse that the real dbt builds. The dbt process and these tests open the same DuckDB file in
turn."""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

from include.tidemark.paths import DBT_DIR, PROJECT_ROOT
from include.tidemark.pipeline.dbt_variables import as_environment
from include.tidemark.rules import Rules
from include.tidemark.warehouse.control import ensure_control_tables
from tests.contracts import create_tables
from tests.dbt.selection import selection

BUSINESS_ZONE = ZoneInfo("America/New_York")
CATEGORIES = [
    "Travel",
    "airlines",
    "Hotels ",
    "Grocery",
    "GAS",
    "Utilities",
    "Dining",
    "Café & Bar",
    "",
    None,
]

EARLIER = {"as_of_date": "2026-07-15", "run_key": "earlier_1"}
LATER = {
    "as_of_date": "2026-11-01",
    "run_key": "later_1",
    "previous_as_of_date": "2026-07-15",
    "previous_run_key": "earlier_1",
    "backtest_as_of_date": "2026-07-15",
    "backtest_run_key": "earlier_1",
}


def dbt_executable() -> Path:
    """The real dbt: TIDEMARK_DBT_EXECUTABLE, else the environment that the set-up made."""
    return Path(os.environ.get("TIDEMARK_DBT_EXECUTABLE", PROJECT_ROOT / ".venv" / "dbt" / "bin" / "dbt"))


def split_run(run: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What dbt is told of a run: variables (families and rules), and values that only a compiled model
    sees."""
    parsed = {"families", *Rules.model_fields}
    return (
        {name: value for name, value in run.items() if name in parsed},
        {name: value for name, value in run.items() if name not in parsed},
    )


@dataclass(frozen=True)
class DbtResult:
    """One dbt process: exit code, everything it said, and what became of each node by its short name."""

    returncode: int
    output: str
    statuses: Mapping[str, str]


@dataclass(frozen=True)
class DbtWarehouse:
    """A DuckDB file and the folder where dbt leaves its target and logs; the project itself is never
    copied."""

    path: Path
    scratch: Path

    def start(
        self, *arguments: str, run: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start dbt without waiting for it. `run` is what it is told of a run."""
        scratch = self.scratch / f"dbt_{len(list(self.scratch.glob('dbt_*')))}"
        scratch.mkdir(parents=True)
        # A run says which families it computes, as its selection does.
        families = [name.strip("+").removeprefix("tag:") for name in arguments if name.startswith("+tag:")]
        variables, values = split_run(({"families": families} if families else {}) | dict(run or {}))
        command = [
            str(dbt_executable()), "--no-use-colors", *arguments,
            "--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR),
            "--target-path", str(scratch), "--log-path", str(scratch), "--vars", json.dumps(variables),
        ]  # fmt: skip
        environment = os.environ | {
            "TIDEMARK_DUCKDB_PATH": str(self.path),
            "TIDEMARK_WAREHOUSE": "duckdb",
            # Not the tests that also look at a family that is not built.
            "DBT_INDIRECT_SELECTION": "buildable",
        }
        return subprocess.Popen(
            command,
            env=environment | as_environment(values) | dict(environ or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> DbtResult:
        """Wait for a started dbt."""
        try:
            output, _ = process.communicate(timeout=1_200)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            pytest.fail(f"dbt did not finish within twenty minutes:\n{output}")
        arguments = process.args
        assert isinstance(arguments, list)
        results_file = Path(str(arguments[arguments.index("--target-path") + 1])) / "run_results.json"
        statuses: dict[str, str] = {}
        if results_file.exists():
            for result in json.loads(results_file.read_text(encoding="utf-8"))["results"]:
                kind, _, name, *rest = result["unique_id"].split(".")
                statuses[rest[0] if kind == "unit_test" else name] = result["status"]
        return DbtResult(process.returncode, output, statuses)

    def dbt(
        self, *arguments: str, run: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
    ) -> DbtResult:
        """Run dbt and wait for it; the caller looks at the result."""
        return self.finish(self.start(*arguments, run=run, environ=environ))

    def build_models(self, run: Mapping[str, Any], *arguments: str) -> DbtResult:
        """Build the family's models without their tests; any failure fails the test at once."""
        result = self.dbt(
            "build",
            *selection("customer_segments"),
            "--exclude-resource-type",
            "test",
            "unit_test",
            *arguments,
            run=run,
        )
        assert result.returncode == 0, result.output
        return result

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(sql, parameters)

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        columns = [pa.array(column) for column in zip(*rows, strict=True)]
        with duckdb.connect(str(self.path)) as connection:
            connection.register(
                "new_rows", pa.table(columns, names=[str(place) for place in range(len(columns))])
            )
            connection.execute(f"insert into {table} select * from new_rows")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def dicts(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.path)) as connection:
            cursor = connection.execute(sql, parameters)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def publish(self, publication_id: int, as_of_date: str, run_key: str, action: str = "publish") -> None:
        """Add one row to the ledger: nothing else publishes."""
        self.execute(
            "insert into control.publications (publication_id, as_of_date, run_key, published_at, action)"
            " values (?, ?, ?, timestamp '2026-01-01', ?)",
            [publication_id, as_of_date, run_key, action],
        )

    def copy_to(self, folder: Path) -> "DbtWarehouse":
        folder.mkdir(parents=True, exist_ok=True)
        copy = DbtWarehouse(folder / "warehouse.duckdb", folder)
        shutil.copyfile(self.path, copy.path)
        return copy


def utc(local_day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """The UTC time stamp, without a zone, of a local time of the business zone."""
    local = datetime.combine(local_day, time(hour, minute, second), BUSINESS_ZONE)
    return local.astimezone(UTC).replace(tzinfo=None)


class Recorder:
    """Takes the place of a warehouse where only the statements are wanted."""

    dialect = "duckdb"

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, sql: str) -> None:
        self.statements.append(sql)

    def fetch(self, sql: str) -> list[dict[str, Any]]:
        return []

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Those of the statement that makes the table."""
        (made,) = [sql for sql in self.statements if f" {schema}.{table} (" in sql]
        return {part.split()[0]: "" for part in made.split("(", 1)[1].split(",")}


def table_definitions() -> list[str]:
    """Statements that make every schema, the tables that Python owns and the raw tables of the contract,
    empty."""
    recorder = Recorder()
    ensure_control_tables(recorder)  # type: ignore[arg-type]
    create_tables(recorder.execute, "raw")
    return recorder.statements


def sample_users() -> list[tuple[Any, ...]]:
    created, loaded = datetime(2024, 10, 1), datetime(2024, 10, 2)
    return [
        (
            f"C{number:03}",
            created,
            "web",
            "US",
            number % 40 == 0 or None,
            f"name {number}",
            f"{number}@example.org",
            loaded,
        )
        for number in range(119)  # C119 spends without a row here
    ]


def sample_transactions() -> list[tuple[Any, ...]]:
    """Two years of 120 customers: five kinds of spending, refunds, gaps, every status, local midnights."""
    random_stream = random.Random(20261101)
    rows: list[tuple[Any, ...]] = []

    def add(
        user: str, moment: datetime, amount: Decimal, category: str | None, status: str | None = "posted"
    ) -> None:
        # Loaded the morning after, as a nightly loader does.
        loaded = datetime.combine(moment.date() + timedelta(days=1), time(6))
        rows.append((f"T{len(rows):06}", user, moment, amount, Decimal(0), category, status, loaded))

    for number in range(120):
        user, kind = f"C{number:03}", number % 5
        first = date(2025, 1, 1) if kind != 2 else date(2026, 4, 10) + timedelta(days=number)
        last = date(2026, 11, 20) if number % 11 else date(2026, 4, 1)  # every eleventh falls dormant
        day = first
        while day < last:
            trend = {1: 0.3, 2: 3.0}.get(kind, 1.0) if day >= date(2026, 8, 3) else 1.0
            amount = Decimal(random_stream.randint(100, 60000 if kind else 900000)) / 100
            amount = (amount * Decimal(str(trend))).quantize(Decimal("0.0001"))
            pool = {0: CATEGORIES[:3], 3: CATEGORIES[3:6]}.get(kind, CATEGORIES)
            status = random_stream.choice(["posted"] * 8 + [None, "declined"])
            moment = utc(day, random_stream.randrange(24), random_stream.randrange(60))
            add(user, moment, amount, random_stream.choice(pool), status)
            if random_stream.random() < 0.06:
                add(user, moment + timedelta(minutes=5), -amount / 2, random_stream.choice(pool))
            day += timedelta(days=random_stream.randint(2, 12))
    for hour, minute, second in [(23, 59, 59), (0, 0, 0)]:
        add("C001", utc(date(2026, 10, 31), hour, minute, second), Decimal("11.11"), "Travel")
        add("C001", utc(date(2026, 11, 1), hour, minute, second), Decimal("22.22"), "Travel")
        add("C001", utc(date(2026, 3, 8), hour, minute, second), Decimal("33.33"), "Gas")
    add("refund only", utc(date(2026, 9, 1), 12), Decimal("-5"), "Travel")
    add("nothing bought", utc(date(2026, 9, 1), 12), Decimal(0), "Travel")
    add("exactly at the limits", utc(date(2026, 8, 3), 0), Decimal(15000), "Travel")
    add("exactly at the limits", utc(date(2025, 8, 3), 0), Decimal(45000), "Dining")
    return rows


@pytest.fixture(scope="session")
def raw_warehouse(tmp_path_factory: pytest.TempPathFactory) -> DbtWarehouse:
    """The sample rows, before any dbt run."""
    folder = tmp_path_factory.mktemp("dbt_raw")
    warehouse = DbtWarehouse(folder / "warehouse.duckdb", folder)
    for statement in table_definitions():
        warehouse.execute(statement)
    warehouse.insert("raw.users", sample_users())
    warehouse.insert("raw.transactions", sample_transactions())
    return warehouse


@pytest.fixture(scope="session")
def built(raw_warehouse: DbtWarehouse, tmp_path_factory: pytest.TempPathFactory) -> DbtWarehouse:
    """Two runs; the earlier one is published, the later one has passed all data tests. Shared: tests only
    read it."""
    warehouse = raw_warehouse.copy_to(tmp_path_factory.mktemp("dbt_built"))
    warehouse.build_models(EARLIER)
    warehouse.publish(1, EARLIER["as_of_date"], EARLIER["run_key"])
    result = warehouse.dbt(
        "build",
        *selection("customer_segments"),
        "--exclude-resource-type",
        "unit_test",
        run=LATER,
    )
    assert result.returncode == 0, result.output
    return warehouse


@pytest.fixture
def changeable(built: DbtWarehouse, tmp_path: Path) -> DbtWarehouse:
    """A copy of the built warehouse that the test may change."""
    return built.copy_to(tmp_path)


@pytest.fixture(scope="session")
def all_table_definitions() -> list[str]:
    return table_definitions()


@pytest.fixture
def earlier_run() -> dict[str, str]:
    return dict(EARLIER)


@pytest.fixture
def later_run() -> dict[str, str]:
    return dict(LATER)
