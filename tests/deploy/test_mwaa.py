"""The bundle in a simulated MWAA: no root, read-only dags/ and plugins/ of another owner, MWAA's PYTHONPATH,
startup.sh sourced.

Not simulated here: PostgreSQL and Celery (tests/parts), SQS, the synchronisation with S3, IAM. Each Airflow
has exactly the versions that MWAA's image pins, and that the bundle for it would install (test_bundle.py
compares them).
"""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deploy.conftest import AS_OF, ID_KEY
from tests.deploy.container import (
    PROJECT,
    Container,
    clear,
    empty_home,
    hand_over,
    is_root,
    make_read_only,
    python_of,
)
from tests.deploy.test_bundle import VERSIONS

STARTUP_SECONDS = 295
"""MWAA ends a startup script after 4 min 55 s."""

# As MWAA's image runs it: sourced, `exit` disarmed, then every exported variable is kept for Airflow's
# processes.
SOURCE_STARTUP = """
shopt -s expand_aliases
alias exit='return'
source "$AIRFLOW_HOME/startup/startup.sh"
"$MWAA_PYTHON" -c 'import json, os; json.dump(dict(os.environ), open(os.environ["HOME"] + "/tmp/customer.json", "w"))'
"""


@pytest.fixture(scope="module")
def home(manifest, setpriv):
    with empty_home() as folder:
        yield folder


def unpack(home: Path, airflow_version: str) -> None:
    """Lay a bundle out as MWAA does."""
    bundle = home.parent / f"bundle-{airflow_version}"
    subprocess.run(
        [sys.executable, "deploy/mwaa/make_bundle.py", "--airflow", airflow_version, "--out", str(bundle)],
        cwd=PROJECT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for name in ("dags", "plugins", "startup", "requirements"):
        if (home / name).exists():
            clear(home / name)
    shutil.copytree(bundle / "dags", home / "dags")
    zipfile.ZipFile(bundle / "plugins.zip").extractall(home / "plugins")
    for name in ("startup.sh", "requirements.txt"):
        (home / name.split(".")[0]).mkdir()
        shutil.copy(bundle / name, home / name.split(".")[0] / name)
    for name in ("dags", "plugins", "startup", "requirements"):
        make_read_only(home / name)


def boot(home: Path, python: Path, component: str, landing_files: Path) -> tuple[Container, str]:
    """Source startup.sh as the image does; returns the container with what it exported, and what it
    printed."""
    options = {  # Airflow configuration options, as an engineer sets them in MWAA
        "AIRFLOW__TIDEMARK__DUCKDB_PATH": str(home / "state" / "warehouse.duckdb"),
        "AIRFLOW__TIDEMARK__ARTIFACT_ROOT": (home / "state" / "artifacts").as_uri(),
        "AIRFLOW__TIDEMARK__LANDING_URL": landing_files.as_uri(),
        "AIRFLOW__TIDEMARK__ID_HASH_KEY": ID_KEY,
        "AIRFLOW__TIDEMARK__FAMILIES": "customer_segments",
        "AIRFLOW__TIDEMARK__SCHEDULE_END": AS_OF,  # unpausing the DAG starts no run of its own
    }
    image = {
        "PYTHONPATH": "/python",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
    }
    container = Container(home, python, image | options | {"MWAA_AIRFLOW_COMPONENT": component})
    done = container.run("bash", "-c", SOURCE_STARTUP, timeout=STARTUP_SECONDS, MWAA_PYTHON=str(python))
    assert done.returncode == 0 and "could not be made" not in done.stderr, done.stderr
    exported = json.loads((home / "tmp" / "customer.json").read_text())
    # What the image itself sets wins over the script.
    container.environment = exported | image | options
    return container, done.stdout + done.stderr


@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_monthly_dag_succeeds(home, version, landing_files):
    unpack(home, version)
    container, _ = boot(home, python_of(f"airflow-{version}"), "worker", landing_files)
    for forbidden in ("dags", "dags/dbt", "plugins"):
        probe = container.run("touch", str(home / forbidden / "written"))
        assert probe.returncode != 0, f"{forbidden} must not be writable in the simulation"
    if is_root():
        assert container.run("id", "-u").stdout.strip() == "65534"
    shutil.rmtree(home / "state", ignore_errors=True)
    (home / "state").mkdir()
    hand_over(home / "state")
    try:
        api = container.start()
        states = container.succeed(api, {"as_of_date": AS_OF})
        assert AS_OF in container.reports(api)
    finally:
        container.stop()
    assert set(states.values()) == {"success"} and len(states) > 30
    latest = json.loads((home / "state" / "artifacts" / "latest.json").read_text())
    assert latest["as_of_date"] == AS_OF
    assert not [path for path in (home / "dags").rglob("*") if path.name in ("logs", "partial_parse.msgpack")]


def test_startup_leaves_a_whole_dbt_environment_and_a_restart_keeps_it(home, landing_files):
    unpack(home, "3.2.1")
    boot(home, python_of("airflow-3.2.1"), "worker", landing_files)
    container, printed = boot(home, python_of("airflow-3.2.1"), "worker", landing_files)
    assert "is there already" in printed
    done = container.run(str(home / "dbt_venv" / "bin" / "dbt"), "--version")
    assert done.returncode == 0 and "snowflake" in done.stdout and "duckdb" in done.stdout
    complete = container.run(str(home / "dbt_venv" / "bin" / "pip"), "check")
    assert complete.returncode == 0, complete.stdout
    size = sum(file.stat().st_size for file in (home / "dbt_venv").rglob("*") if file.is_file())
    assert size < 500_000_000  # MWAA recommends less than 1 GB for all that is added to its image


@pytest.mark.parametrize("component", ["scheduler", "webserver"])
def test_a_component_that_runs_no_task_gets_the_settings_and_no_dbt(component, landing_files, manifest):
    with empty_home() as folder:
        unpack(folder, "3.2.1")
        container, _ = boot(folder, python_of("airflow-3.2.1"), component, landing_files)
        assert not (folder / "dbt_venv").exists()
    assert container.environment["TIDEMARK_ARTIFACT_ROOT"] == (folder / "state" / "artifacts").as_uri()
    assert container.environment["TIDEMARK_ID_HASH_KEY"] == ID_KEY
    assert container.environment["AIRFLOW__COSMOS__ENABLE_TELEMETRY"] == "False"
