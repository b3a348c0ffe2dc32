"""Everything that the doctor looks at, the cheapest first."""

from include.tidemark.doctor import (
    deployment,
    environments,
    manifest,
    rows,
    scheduler,
    sources,
    storage,
    warehouse,
)
from include.tidemark.doctor.findings import Check

CHECKS: tuple[Check, ...] = (
    Check(
        "Python and Airflow", "Python 3.11 to 3.13, Airflow 3.2 or 3.3.",
        environments.look_at_python,
    ),
    Check(
        "packages", "Airflow's environment against `requirements.txt`.",
        environments.look_at_packages,
    ),
    Check(
        "settings", "Each `TIDEMARK_*` variable can be used, and something reads it; else the nearest known name.",
        deployment.look_at_settings,
    ),
    Check(
        "families", "`TIDEMARK_FAMILIES` names families of the project, and the tables that they need.",
        deployment.look_at_families,
    ),
    Check(
        "hash key", "A key of 16 characters or more for published user ids; it is never shown.",
        deployment.look_at_hash_key,
    ),
    Check(
        "configuration", "Every file of the configuration folder: names, keys, expressions, currencies.",
        deployment.look_at_folder,
    ),
    Check(
        "artifact root", "A small file is written, read and removed there, through its connection.",
        storage.look_at_artifact_root,
    ),
    Check(
        "disk space", "What is free where files are staged, and where a DuckDB file is.",
        storage.look_at_disk,
    ),
    Check(
        "manifest", "dbt's manifest is that of the project as it stands: models, tests, seeds and macros by their content.",
        manifest.look_at_manifest,
    ),
    Check(
        "dbt", "dbt starts; its versions against `dbt/requirements.txt`; one DuckDB in both environments.",
        environments.look_at_dbt,
    ),
    Check(
        "connections", "Airflow finds each connection that the settings name.",
        scheduler.look_at_connections,
    ),
    Check(
        "pool", "The pool `tidemark_warehouse`: one slot on DuckDB, more on Snowflake.",
        scheduler.look_at_pool,
    ),
    Check(
        "triggerer", "A triggerer has shown signs of life.",
        scheduler.look_at_triggerer,
    ),
    Check(
        "DAGs", "The DAG files can be read here, and the scheduler has read them.",
        scheduler.look_at_dags,
    ),
    Check(
        "warehouse", "It opens. DuckDB: no other process holds the file. Snowflake: role, warehouse, database, the session's zone.",
        warehouse.look_at_warehouse,
    ),
    Check(
        "grants", "Snowflake: the schemas stand or can be made; a table or view is made and dropped in each where a run makes some.",
        warehouse.look_at_grants,
    ),
    Check(
        "sources", "Each table that a family needs: its files or relation can be read with these columns and types; values that can't"
        " be read, with their number; columns that are absent, with what is lost.",
        sources.look_at_sources,
    ),
    Check(
        "rows", "Number and dates of the rows, repeated ids, nulls, unknown users, statuses and categories, dates without a time, a"
        " night by day, amounts that look like cents, several currencies.",
        rows.look_at_rows,
    ),
)  # fmt: skip
