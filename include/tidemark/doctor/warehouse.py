"""The warehouse: can it be opened, and may the pipeline do there what it does?"""

import os
import secrets
from collections.abc import Iterator, Mapping

from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import Finding, wrong
from include.tidemark.errors import TidemarkError, code_of
from include.tidemark.pipeline.preflight import refuse_the_demos
from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import SCHEMAS

_KINDS = {
    "raw": ("table",),
    "staging": ("table", "view"),
    "core": ("table",),
    "runs": ("table",),
    "marts": ("view",),
    "control": ("table",),
}
"""What the pipeline makes in each schema; in `raw` only where files are landed."""

_MAKE = {
    "table": "create transient table {name} (one bigint)",
    "view": "create view {name} as select 1 as one",
}
_SCRIPT = "deploy/snowflake_setup.sql has the grants."


def look_at_warehouse(examination: Examination) -> Iterator[Finding]:
    """It opens. DuckDB: no other process holds the file. Snowflake: role, warehouse, database, the session's
    zone."""
    settings = examination.settings
    if settings.warehouse == "duckdb":
        yield from _duckdb_file(settings)
        return
    opened = examination.warehouse_or_error
    if isinstance(opened, Exception):
        # The driver's own words may hold the account's address and the user, so only its code is shown.
        yield Finding(
            "warehouse",
            "wrong",
            f"Snowflake can't be reached through the Airflow connection {settings.snowflake_conn_id}"
            f" ({type(opened).__name__}{code_of(opened)}).",
            f"Define it, for example as AIRFLOW_CONN_{settings.snowflake_conn_id.upper()}; docs/snowflake.md has its forms.",
        )
    else:
        from include.tidemark.warehouse.snowflake import SnowflakeWarehouse

        if isinstance(opened, SnowflakeWarehouse):
            yield from _session(opened, opened.in_use())


def look_at_grants(examination: Examination) -> Iterator[Finding]:
    """Snowflake: the schemas stand or can be made; a table or view is made and dropped in each where a run
    makes some."""
    warehouse = examination.warehouse
    if warehouse is None or warehouse.dialect != "snowflake":
        yield Finding("grants", "ok", "Not looked at: a DuckDB file has none.")
        return
    rows = warehouse.fetch(
        "select schema_name from information_schema.schemata where catalog_name = current_database()"
    )
    standing = {str(row["schema_name"]).lower() for row in rows}
    if missing := [schema for schema in SCHEMAS if schema not in standing]:
        yield _may_make_schemas(warehouse, missing)
    for schema in SCHEMAS:
        if schema in standing and (schema != "raw" or examination.settings.landing_url is not None):
            yield _may_make(warehouse, schema)


def _duckdb_file(settings: Settings) -> Iterator[Finding]:
    from include.tidemark.warehouse.duckdb import refuse_held

    path = settings.duckdb_path
    if not path.is_absolute():
        yield Finding(
            "warehouse",
            "warning",
            f"TIDEMARK_DUCKDB_PATH ({path}) depends on the folder that a process starts in.",
            "Make it an absolute path.",
        )
    try:
        refuse_the_demos(settings)
        refuse_held(path)
    except TidemarkError as error:
        yield wrong("warehouse", error)
        return
    above = next(each for each in path.absolute().parents if each.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        yield Finding(
            "warehouse",
            "wrong",
            f"The DuckDB file {path} can't be made: {above} can't be written.",
            "Correct TIDEMARK_DUCKDB_PATH, or the folder's permissions.",
        )
    elif path.exists():
        yield Finding("warehouse", "ok", f"The DuckDB file {path} opens, and no other process holds it.")
    else:
        yield Finding("warehouse", "ok", f"The first run makes the DuckDB file {path}.")


def _session(warehouse: Warehouse, in_use: Mapping[str, str | None]) -> Iterator[Finding]:
    lacking = [what for what, name in in_use.items() if not name]
    if lacking:
        yield Finding(
            "warehouse",
            "wrong",
            f"The session on Snowflake has no {' and no '.join(lacking)}.",
            f"Name {'it' if len(lacking) == 1 else 'them'} in the connection, or in"
            f" {', '.join(f'TIDEMARK_SNOWFLAKE_{what.upper()}' for what in lacking)}, and grant USAGE.",
        )
        return
    names = ", ".join(f"{what} {name}" for what, name in in_use.items())
    yield Finding("warehouse", "ok", f"Snowflake, with {names}.")
    yield _computes(warehouse)
    yield _keeps_time(warehouse)


def _computes(warehouse: Warehouse) -> Finding:
    """A statement that needs the warehouse to run, within a transaction, as the pipeline uses them."""
    try:
        with warehouse.transaction():
            warehouse.fetch("select count(*) as n from information_schema.schemata")
    except Exception as error:
        return Finding(
            "warehouse",
            "wrong",
            f"A statement in a transaction was refused ({type(error).__name__}{code_of(error)}).",
            f"Grant USAGE and OPERATE on the warehouse to the role, and look whether it is suspended by a monitor; {_SCRIPT}",
        )
    return Finding("warehouse", "ok", "It computes, within a transaction.")


def _keeps_time(warehouse: Warehouse) -> Finding:
    """Our SQL takes for granted that a timestamp has no zone, and that a session's zone is UTC."""
    (row,) = warehouse.fetch(
        "select cast(cast(to_timestamp_tz('2026-01-01 00:00:00 +0000', 'YYYY-MM-DD HH24:MI:SS TZHTZM') as timestamp_ltz)"
        " as timestamp_ntz) as instant"
    )
    kind = warehouse.describe("select cast('2026-01-01 00:00:00' as timestamp) as at")
    found = [str(name).lower() for name in kind.values()]
    if found == ["timestamp_ntz"] and f"{row['instant']:%Y-%m-%d %H:%M}" == "2026-01-01 00:00":
        return Finding("warehouse", "ok", "The session's zone is UTC, and its timestamps have none.")
    return Finding(
        "warehouse",
        "wrong",
        "The session's zone is not UTC, or its timestamps have a zone.",
        "Remove TIMEZONE and TIMESTAMP_TYPE_MAPPING from what a proxy or policy sets; the pipeline sets both for its sessions.",
    )


def _may_make_schemas(warehouse: Warehouse, missing: list[str]) -> Finding:
    name = f"tidemark_doctor_{secrets.token_hex(4)}"
    found = f"The schemas {', '.join(missing)} do not exist"
    if error := _refusal(warehouse, f"create transient schema {name}", f"drop schema {name}"):
        return Finding(
            "grants",
            "wrong",
            f"{found}, and the role may not make them ({error}).",
            f"Run deploy/snowflake_setup.sql, or grant CREATE SCHEMA on the database. {_SCRIPT}",
        )
    return Finding("grants", "ok", f"{found} yet; the role may make them, and the first run does.")


def _may_make(warehouse: Warehouse, schema: str) -> Finding:
    name = f"{schema}.tidemark_doctor_{secrets.token_hex(4)}"
    for kind in _KINDS[schema]:
        error = _refusal(warehouse, _MAKE[kind].format(name=name), f"drop {kind} {name}")
        if error is not None:
            return Finding(
                "grants",
                "wrong",
                f"The role may not make and drop a {kind} in the schema {schema} ({error}).",
                f"Grant USAGE and CREATE {kind.upper()} on the schema to the role; {_SCRIPT}",
            )
    made = " and ".join(f"{kind}s" for kind in _KINDS[schema])
    return Finding("grants", "ok", f"The role may make and drop {made} in {schema}.")


def _refusal(warehouse: Warehouse, make: str, drop: str) -> str | None:
    """What kept something from being made and dropped; None where nothing did."""
    try:
        warehouse.execute(make)
    except Exception as error:
        return f"{type(error).__name__}{code_of(error)}"
    try:
        warehouse.execute(drop)
    except Exception as error:
        left = drop.rpartition(" ")[2]
        return f"{type(error).__name__}{code_of(error)} when it was dropped; {left} is left behind"
    return None
