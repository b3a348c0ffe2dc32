"""House rules that a reader could forget."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SQL = sorted((PROJECT / "dbt").glob("m*/**/*.sql")) + sorted((PROJECT / "dbt" / "tests").glob("**/*.sql"))
PYTHON = sorted((PROJECT / "include").rglob("*.py"))
CLOCK_SQL = re.compile(
    r"current_date|current_timestamp|\bnow\s*\(|getdate\s*\(|sysdate|run_started_at|localtimestamp", re.I
)
CLOCK_PYTHON = re.compile(r"\.(now|today|utcnow)\(|time\.time\(")
RAW_TABLE = re.compile(r"\braw\.[a-z_]+|source\(\s*['\"]raw['\"]")
BEYOND_STAGING = sorted(
    file
    for place in (
        "include/tidemark/families/*/**/*",
        *(f"include/tidemark/{part}/**/*" for part in ("accounting", "segmentations", "validation")),
        "dbt/models/**/*",
        "dbt/macros/**/*",
        "dbt/tests/**/*",
    )
    for file in PROJECT.glob(place)
    if file.suffix in {".py", ".j2", ".sql", ".yml"}
    and file.parent.name != "staging"
    and file.name != "source_rows.sql"
)
FORMATTED = ("benchmarks", "dags", "deploy", "include", "plugins", "tests")
MAY_READ_THE_CLOCK = {
    PROJECT / "include" / "tidemark" / "history" / "ledger.py",
    PROJECT / "include" / "tidemark" / "cli" / "clock.py",
}


def test_there_is_something_to_look_at():
    assert len(SQL) > 20
    assert len(PYTHON) > 40
    assert {".py", ".j2", ".sql", ".yml"} == {file.suffix for file in BEYOND_STAGING}


@pytest.mark.parametrize("file", SQL, ids=lambda file: file.name)
def test_no_model_macro_or_data_test_reads_the_clock(file):
    text = re.sub(r"\{#.*?#\}|--[^\n]*", "", file.read_text(encoding="utf-8"), flags=re.S)
    assert not CLOCK_SQL.search(text), f"{file.name}: take the date from the run's identity"


def test_no_python_reads_the_clock_but_for_the_ledgers_time_stamp_and_the_start_of_a_command():
    readers = {file for file in PYTHON if CLOCK_PYTHON.search(file.read_text(encoding="utf-8"))}
    assert readers == MAY_READ_THE_CLOCK


def test_nothing_beyond_staging_names_a_raw_table():
    named = {
        str(file.relative_to(PROJECT)): found[0]
        for file in BEYOND_STAGING
        if (found := RAW_TABLE.search(file.read_text(encoding="utf-8")))
    }
    assert not named, "read staging, which every deployment has: its own tables may have other names"


def imports_of(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize(
    "file", sorted((PROJECT / "include/tidemark/statistics").glob("*.py")), ids=lambda f: f.name
)
def test_statistics_import_neither_airflow_nor_a_warehouse_nor_the_rest_of_the_project(file):
    ours = {
        name
        for name in imports_of(file)
        if name.startswith("include.") and not name.startswith("include.tidemark.statistics")
    }
    assert not ours
    assert not {
        name
        for name in imports_of(file)
        if name.split(".")[0] in ("airflow", "cosmos", "duckdb", "snowflake", "great_expectations")
    }


def test_nothing_in_the_project_imports_the_dags_and_only_orchestration_and_storage_know_airflow():
    knows_airflow = {"orchestration", "artifacts", "sources", "warehouse", "validation"}
    for file in PYTHON:
        part = file.relative_to(PROJECT / "include" / "tidemark").parts[0]
        names = imports_of(file)
        assert not any(name.split(".")[0] == "dags" for name in names), file
        if any(name.split(".")[0] == "airflow" for name in names):
            assert part in knows_airflow, f"{file} imports Airflow"


def test_no_tracked_file_is_larger_than_a_mebibyte():
    tracked = (
        subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True)
        .stdout.decode()
        .split("\0")
    )
    large = [
        name
        for name in tracked
        if name and (PROJECT / name).exists() and (PROJECT / name).stat().st_size > 2**20
    ]
    assert large == []


_DISPLAY = (ast.List, ast.Tuple, ast.Dict, ast.Set)


def _is_table(node: ast.AST) -> bool:
    """Whether it is a collection written out, as such, in a call around it, or as what a test is run with."""
    if isinstance(node, ast.Call):
        return any(isinstance(argument, _DISPLAY) for argument in node.args)
    value = getattr(node, "value", None)
    return isinstance(value, _DISPLAY) or (isinstance(value, ast.Call) and _is_table(value))


def test_only_tables_of_data_are_kept_from_the_formatter():
    found = []
    for file in (file for folder in FORMATTED for file in (PROJECT / folder).rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        kept = {number for number, line in enumerate(text.splitlines(), 1) if "fmt: " + "skip" in line}
        if not kept:
            continue
        ends = {getattr(node, "end_lineno", None) for node in ast.walk(ast.parse(text)) if _is_table(node)}
        found += [f"{file.relative_to(PROJECT)}:{number}" for number in sorted(kept - ends)]
    assert found == []
