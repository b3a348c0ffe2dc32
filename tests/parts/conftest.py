"""One platform for all of these tests, in the order of a deployment's life: a month on the older Airflow, the
upgrade, what follows."""

import pytest

from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.demo.synthetic.writing import write_landing_files
from tests.parts.platform import PYTHON, Platform, platform
from tests.runs import finished

USERS = 400
OLD, BACKFILLED, FIRST = "2026-04-01", "2026-05-01", "2026-06-01"
"""As-of dates: of the older Airflow's month, and of the two that run at once after the upgrade, by a backfill
and triggered."""


@pytest.fixture(scope="package")
def landing(tmp_path_factory):
    """Landing files of a few hundred users."""
    folder = tmp_path_factory.mktemp("landing")
    write_landing_files(folder, USERS)
    return folder


@pytest.fixture(scope="package")
def parts(landing):
    """PostgreSQL and Redis, with an Airflow to come."""
    if not PYTHON.exists():
        pytest.skip(
            "the packages of deploy/locks/parts.txt are not installed: `make test-setup`, with a package index"
        )
    with platform(landing, FIRST) as here:
        yield here


@pytest.fixture(scope="package")
def old_run(parts: Platform) -> str:
    """The id of a run that the older Airflow published, on the same database."""
    return parts.month_on_an_older_airflow("3.2.1", OLD)


@pytest.fixture(scope="package")
def api(parts: Platform, old_run: str) -> AirflowApi:
    """The newer Airflow, started on the older one's database; the administrator is logged in."""
    api = parts.start()
    api.unpause(timeout=240)
    return api


@pytest.fixture(scope="package")
def runs_at_once(api: AirflowApi) -> tuple[str, str]:
    """The ids of a triggered run and of a backfill's, which began together and have ended."""
    api.backfill("2026-04-01", "2026-04-02")
    triggered = api.trigger({"as_of_date": FIRST})
    (backfill,) = (run["dag_run_id"] for run in api.unfinished_backfill_runs())
    for run_id in (triggered, backfill):
        finished(api, run_id, 900)
    return triggered, backfill


@pytest.fixture(scope="package")
def first_run(runs_at_once: tuple[str, str]) -> str:
    """The id of the triggered one."""
    return runs_at_once[0]
