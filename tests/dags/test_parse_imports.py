"""What the DAG processor must not pay for at every parse."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = ("statsmodels", "scipy", "great_expectations", "duckdb", "pyarrow")


@pytest.mark.parametrize("dag", sorted(path.name for path in (PROJECT / "dags").glob("*.py")))
def test_parsing_a_dag_loads_no_library_that_only_its_tasks_need(dag: str) -> None:
    code = f"import runpy, sys; runpy.run_path('dags/{dag}'); print('LOADED', *(m for m in {HEAVY} if m in sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    (line,) = [line for line in found.stdout.splitlines() if line.startswith("LOADED")]
    assert line == "LOADED", "import it in the function that uses it, or in a module that only tasks import"
