"""`airflow dags test`, which runs one task at a time without scheduler, triggerer or worker: a whole month,
and it ends."""

import pytest

from tests.deploy.container import PROJECT, Container, empty_home, hand_over, python_of
from tests.parts.conftest import FIRST

pytestmark = pytest.mark.timeout(1500)


def test_a_month_under_airflow_dags_test_ends_with_one_dbt_process_and_is_published(landing):
    with empty_home() as home:
        state = home / "state"
        state.mkdir()
        hand_over(state)
        environment = {
            "PYTHONPATH": str(PROJECT),
            "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"),
            "DO_NOT_TRACK": "1",
            "TIDEMARK_DUCKDB_PATH": str(state / "warehouse.duckdb"),
            "TIDEMARK_ARTIFACT_ROOT": (state / "artifacts").as_uri(),
            "TIDEMARK_LANDING_URL": landing.as_uri(),
            "TIDEMARK_ID_HASH_KEY": "a-key-of-the-tests-only",
        }
        container = Container(home, python_of("airflow-3.3.2"), environment)
        airflow = [str(container.python), "-m", "airflow"]
        assert container.run(*airflow, "db", "migrate").returncode == 0
        conf = f'{{"as_of_date": "{FIRST}"}}'
        done = container.run(*airflow, "dags", "test", "monthly_segmentation", "-c", conf, timeout=1200)
        assert done.returncode == 0, done.stderr[-3000:]
        printed = done.stdout + done.stderr
        assert printed.count("Running command: ") == 1
        assert FIRST in (state / "artifacts" / "latest.json").read_text()
