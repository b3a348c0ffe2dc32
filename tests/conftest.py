"""Fixtures that every part of the tests shares."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.fast import TESTS, is_fast

# Before anything imports Airflow: a home of its own, no telemetry, no examples.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="tidemark-tests-airflow-"))
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"
# No test changes the file of a DAG that an Airflow has read, and to read all of them again takes 3 s of CPU
# time.
os.environ["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"] = "600"
# Airflow's 30 s are for a machine that runs nothing else; here other tests have the cores at the same time.
os.environ["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = "300"
os.environ["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] = "False"
os.environ["AIRFLOW__COSMOS__ENABLE_TELEMETRY"] = "False"
os.environ["AIRFLOW__COSMOS__CACHE_DIR"] = str(Path(os.environ["AIRFLOW_HOME"]) / "cosmos")
os.environ["GX_ANALYTICS_ENABLED"] = "False"
os.environ["DO_NOT_TRACK"] = "1"
# As the statistics are computed in a run.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
for name in [name for name in os.environ if name.startswith(("TIDEMARK_", "SEGMENTATION_"))]:
    if name != "TIDEMARK_DBT_EXECUTABLE":
        del os.environ[name]

DEPLOYED = (TESTS / "integration", TESTS / "deploy", TESTS / "parts")

# The same examples in every run, so that a failure is the change's own; HYPOTHESIS_PROFILE=default explores.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


# A process that is asked to end takes its Airflow with it, as it does on Ctrl-C. Shells start background jobs
# deaf to that, and what a deaf process starts is deaf, too.
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the fast tests by where they stand."""
    for item in items:
        if is_fast(item.path):
            item.add_marker("fast")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what is not wanted before it is imported, which alone takes half a minute."""
    if collection_path.name == "conftest.py" or not collection_path.is_file():
        return None
    left_out = {"fast": not is_fast(collection_path), "not fast": is_fast(collection_path)}
    return left_out.get(config.option.markexpr) or None


@pytest.fixture(scope="session")
def s3() -> Iterator[Any]:
    """A client of a local S3-compatible server; each test module makes a bucket of its own."""
    from tests.s3 import running_server  # boto3, which only few tests need

    with running_server() as client:
        yield client


@pytest.fixture(scope="session", autouse=True)
def started_dbt(request: pytest.FixtureRequest) -> Iterator[None]:
    """dbt without its start, but where a whole deployment is tested, and for the fast tests, which need
    none."""
    started = [item.path for item in request.session.items if not is_fast(item.path)]
    deployed = any(path.is_relative_to(folder) for path in started for folder in DEPLOYED)
    if not started or deployed or "TIDEMARK_DBT_EXECUTABLE" in os.environ:
        yield
        return
    from tests.warm_dbt import warm_dbt

    with tempfile.TemporaryDirectory(prefix="dbt-") as folder, warm_dbt(Path(folder)) as command:
        os.environ["TIDEMARK_DBT_EXECUTABLE"] = str(command)
        yield
        del os.environ["TIDEMARK_DBT_EXECUTABLE"]
