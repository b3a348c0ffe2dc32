"""What the monthly DAG's tasks import, imported once by the process that their processes are forked from.

Airflow imports a module of this name from the plugins' folder when one of its programs starts. That of a
Celery worker, and the LocalExecutor's scheduler, keep these libraries for all of their tasks; the other
programs import nothing here. A deployment's own `config/airflow_local_settings.py` comes first on Airflow's
path, and then takes this one's place.
"""

import contextlib
import sys
from importlib import import_module

__all__: list[str] = []  # names that would become settings of Airflow's

_LIBRARIES = ("altair", "cosmos.operators.watcher", "duckdb", "great_expectations", "jsonschema_rs", "pandas", "pyarrow.parquet",
              "scipy.stats", "sqlglot", "vl_convert")  # fmt: skip
_OURS = ("orchestration.dbt_models", "report.page", "statistics.segments", "validation.engine")


def _forks_tasks(command: list[str]) -> bool:
    if command[1:3] == ["celery", "worker"]:
        return True
    if command[1:2] != ["scheduler"]:
        return False
    from airflow.configuration import conf

    return "LocalExecutor" in conf.get("core", "executor")


if _forks_tasks(sys.argv):
    # What can't be imported is missing in the task that needs it, which says so; an error here would keep
    # Airflow from starting. The project itself is on no path yet on MWAA, where it is in `dags/`: each task
    # then reads it as it is in the bucket by then.
    for _name in (*_LIBRARIES, *(f"include.tidemark.{_module}" for _module in _OURS)):
        with contextlib.suppress(ImportError):
            import_module(_name)
