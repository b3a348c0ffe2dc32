"""What the scheduled runs need of Airflow: connections, pool, triggerer, DAGs."""

import json
import subprocess
import sys
from collections.abc import Iterator

from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import AGAIN, Finding
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.settings import WAREHOUSE_POOL, Settings

DAGS = {
    "monthly_segmentation": "monthly_segmentation.py",
    "rollback_publication": "rollback_publication.py",
    "segmentation_backfill": "segmentation_backfill.py",
    "forget_users": "forget_users.py",
    "segmentation_maintenance": "segmentation_maintenance.py",
}
SNOWFLAKE_SLOTS = 8
"""A month of all families has that many tasks under way at once; with fewer slots they wait for each
other."""

_NO_DATABASE = "Not looked at: this shell has no metadata database of Airflow's; run the doctor where the scheduler runs."
_SECONDS = 120
_IMPORT = """
import json, runpy, sys
faults = {}
for path in sys.argv[1:]:
    try:
        runpy.run_path(path, run_name="dag_file")
    except BaseException as error:
        ours = any(base.__name__ == "TidemarkError" for base in type(error).__mro__)
        faults[path] = f"{type(error).__name__}: {error}" if ours else type(error).__name__
print("", json.dumps(faults), sep="\x1e", end="")
"""
"""What other errors say may be about anything, so only their kind is told."""


def look_at_connections(examination: Examination) -> Iterator[Finding]:
    """Airflow finds each connection that the settings name."""
    from include.tidemark.orchestration.metadata_database import has_connection

    settings = examination.settings
    where = "and in Airflow's database" if examination.metadata else "of this shell"
    named = _connections(settings)
    if not named:
        yield Finding("connections", "ok", "The settings name none that a run needs.")
    for conn_id, variable in named.items():
        if has_connection(conn_id):
            yield Finding("connections", "ok", f"{conn_id} is defined.")
        else:
            yield Finding(
                "connections",
                "wrong",
                f"{conn_id} ({variable}) is not found in the environment {where}.",
                f"Define it: in Airflow, in its secrets back end, or as AIRFLOW_CONN_{conn_id.upper()}.",
            )
    if examination.metadata is None:
        return
    if has_connection(settings.alerts_conn_id):
        yield Finding(
            "connections", "ok", f"{settings.alerts_conn_id} is defined: failures are reported there."
        )
    else:
        yield Finding(
            "connections",
            "warning",
            f"{settings.alerts_conn_id} is not defined, so failures are only logged.",
            "Define it as an HTTP connection whose host is the webhook's address, if anybody is to be told.",
        )


def look_at_pool(examination: Examination) -> Iterator[Finding]:
    """The pool `tidemark_warehouse`: one slot on DuckDB, more on Snowflake."""
    database, is_duckdb = examination.metadata, examination.settings.warehouse == "duckdb"
    if database is None:
        yield Finding("pool", "ok", _NO_DATABASE)
        return
    wanted = 1 if is_duckdb else 32
    slots = database.pool_slots(WAREHOUSE_POOL)
    make = f"airflow pools set {WAREHOUSE_POOL} {wanted} warehouse"
    if slots is None:
        yield Finding(
            "pool",
            "wrong",
            f"There is no pool {WAREHOUSE_POOL}, so tasks would wait for ever.",
            f"Make it: `{make}`.",
        )
    elif slots < 1:
        yield Finding("pool", "wrong", f"{WAREHOUSE_POOL} has {slots} slots.", f"Give it {wanted}: `{make}`.")
    elif is_duckdb and slots > 1:
        yield Finding(
            "pool",
            "warning",
            f"{WAREHOUSE_POOL} has {slots} slots, but a DuckDB file serves one process at a time.",
            f"Give it one: `{make}`.",
        )
    elif not is_duckdb and slots < SNOWFLAKE_SLOTS:
        yield Finding(
            "pool",
            "warning",
            f"{WAREHOUSE_POOL} has {slots} slots, so tasks wait for each other.",
            f"Give it {wanted}: `{make}`.",
        )
    else:
        yield Finding("pool", "ok", f"{WAREHOUSE_POOL} has {slots} slots.")


def look_at_triggerer(examination: Examination) -> Iterator[Finding]:
    """A triggerer has shown signs of life."""
    database = examination.metadata
    if database is None:
        yield Finding("triggerer", "ok", _NO_DATABASE)
        return
    alive = database.is_alive("TriggererJob")
    if alive:
        yield Finding("triggerer", "ok", "It is alive.")
    elif examination.settings.dbt_execution == "local":
        yield Finding(
            "triggerer", "ok", "None is alive, and none is needed with TIDEMARK_DBT_EXECUTION=local."
        )
    else:
        found = "There has never been one" if alive is None else "It has shown no sign of life lately"
        yield Finding(
            "triggerer",
            "wrong",
            f"{found}, so model tasks would wait for ever.",
            "Start one: `airflow triggerer`, or in the deployment's settings.",
        )


def look_at_dags(examination: Examination) -> Iterator[Finding]:
    """The DAG files can be read here, and the scheduler has read them."""
    faults = _import_faults()
    for file in DAGS.values():
        if fault := faults.get(file):
            yield Finding("DAGs", "wrong", f"{file} can't be read here ({fault}).", AGAIN)
        else:
            yield Finding("DAGs", "ok", f"{file} can be read here.")
    database = examination.metadata
    if database is None:
        yield Finding("DAGs", "ok", _NO_DATABASE)
        return
    for each in database.import_faults(list(DAGS.values())):
        yield Finding(
            "DAGs",
            "wrong",
            f"The scheduler could not read {each.file} ({each.kind}).",
            "`airflow dags list-import-errors` says more.",
        )
    known = database.dags(list(DAGS))
    for name in DAGS:
        if name not in known:
            yield Finding(
                "DAGs",
                "wrong",
                f"The scheduler does not know the DAG {name}.",
                "Look whether dags/ is deployed, and the DAG processor runs.",
            )
        elif known[name] and name == "monthly_segmentation":
            yield Finding(
                "DAGs",
                "warning",
                f"{name} is paused, so no month runs by itself.",
                "Unpause it when everything is right.",
            )
        else:
            yield Finding("DAGs", "ok", f"The scheduler knows {name}.")


def _connections(settings: Settings) -> dict[str, str]:
    """The connections without which something fails, each with the setting that names it."""
    named = {
        settings.snowflake_conn_id
        if settings.warehouse == "snowflake"
        else None: "TIDEMARK_SNOWFLAKE_CONN_ID",
        settings.landing_conn_id: "TIDEMARK_LANDING_CONN_ID",
        settings.artifact_conn_id: "TIDEMARK_ARTIFACT_CONN_ID",
    }
    return {conn_id: variable for conn_id, variable in named.items() if conn_id}


def _import_faults() -> dict[str, str]:
    """Why a DAG file can't be read, by its name, in a process of its own as Airflow reads it."""
    folder = PROJECT_ROOT / "dags" if (PROJECT_ROOT / "dags").is_dir() else PROJECT_ROOT  # an MWAA bundle
    paths = {str(folder / file): file for file in DAGS.values()}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _IMPORT, *paths],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return dict.fromkeys(paths.values(), f"not within {_SECONDS} s")
    if done.returncode:
        return dict.fromkeys(paths.values(), f"Python ended with the code {done.returncode}")
    faults: dict[str, str] = json.loads(done.stdout.rpartition("\x1e")[2])
    return {paths[path]: fault for path, fault in faults.items()}
