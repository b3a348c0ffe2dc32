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
    Check("Python and Airflow", environments.look_at_python),
    Check("packages", environments.look_at_packages),
    Check("settings", deployment.look_at_settings),
    Check("families", deployment.look_at_families),
    Check("hash key", deployment.look_at_hash_key),
    Check("configuration", deployment.look_at_folder),
    Check("artifact root", storage.look_at_artifact_root),
    Check("disk space", storage.look_at_disk),
    Check("manifest", manifest.look_at_manifest),
    Check("dbt", environments.look_at_dbt),
    Check("connections", scheduler.look_at_connections),
    Check("pool", scheduler.look_at_pool),
    Check("triggerer", scheduler.look_at_triggerer),
    Check("DAGs", scheduler.look_at_dags),
    Check("warehouse", warehouse.look_at_warehouse),
    Check("grants", warehouse.look_at_grants),
    Check("sources", sources.look_at_sources),
    Check("rows", rows.look_at_rows),
)
