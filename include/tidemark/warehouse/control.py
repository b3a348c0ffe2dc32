"""The tables that Python owns: created before dbt runs, because dbt's views read them."""

import re
from collections.abc import Mapping, Sequence

from include.tidemark.warehouse.base import Warehouse

SCHEMAS = ("raw", "staging", "core", "runs", "marts", "control")
TRANSIENT = ("core", "runs")
"""Schemas whose tables can be made again from others: on Snowflake Fail-safe's seven days would buy nothing
for them."""

_TABLES = {
    "control.publications": """
        publication_id bigint not null, as_of_date date not null, run_key varchar not null,
        published_at timestamp not null, action varchar not null, rules_hash varchar, code_version varchar,
        manifest_uri varchar, manifest_sha256 varchar, dag_run_id varchar, published_by varchar, reason varchar""",
    "control.loads": """
        table_name varchar not null, uri varchar not null, fingerprint varchar not null,
        row_count bigint not null, loaded_at timestamp not null, delivered_count bigint, rounded_count bigint""",
    "control.backfills": """
        backfill_id varchar not null, recorded_at timestamp not null, action varchar not null, recorded_by varchar,
        reason varchar, request varchar""",
    "control.fact_builds": """
        basis varchar not null, run_key varchar not null, finished boolean not null, recorded_at timestamp not null""",
    "control.erasures": """
        erased_at timestamp not null, reason varchar, persons bigint not null, kind varchar not null,
        name varchar not null, row_count bigint not null""",
    "control.gate_results": """
        as_of_date date not null, run_key varchar not null, stage varchar not null, suite varchar,
        expectation varchar not null, table_name varchar, column_name varchar, severity varchar not null,
        success boolean not null, observed varchar, message varchar""",
    "control.segmentations": """
        as_of_date date not null, run_key varchar not null, segmentation varchar not null, digest varchar not null,
        conditions_digest varchar, features_digest varchar""",
    "control.source_columns": """
        as_of_date date not null, run_key varchar not null, table_name varchar not null, column_name varchar not null,
        scope varchar not null, value varchar, row_count bigint not null, total_count bigint not null""",
    "control.run_inputs": """
        as_of_date date not null, run_key varchar not null, sources_hash varchar not null, rules_hash varchar,
        code_version varchar, dag_run_id varchar,
        run varchar, manifest varchar, known_at timestamp""",
    "runs.row_account": """
        as_of_date date not null, run_key varchar not null, position bigint not null, source_table varchar not null,
        family varchar, kind varchar not null, reason varchar not null, row_count bigint not null, user_count bigint,
        amount_usd decimal(18,2), share_of_rows double, share_of_amount double""",
    "runs.changes": """
        as_of_date date not null, run_key varchar not null, family varchar not null, comparison varchar not null,
        earlier_as_of_date date, earlier_run_key varchar, is_comparable boolean, differences varchar, metric varchar not null,
        kind varchar not null, segment varchar, horizon varchar, estimate double, earlier_estimate double, change double,
        ci_low double,
        ci_high double, confidence_level double, p_value double, p_adjusted double, family_size bigint,
        detectable_change double, margin double, no_change boolean, n bigint, n_earlier bigint, n_both bigint,
        n_joined bigint, n_left bigint, method varchar not null, trust varchar, reason varchar, months bigint, rules_effect double,
        segment_to varchar""",
    "runs.statistics": """
        as_of_date date not null, run_key varchar not null, family varchar not null, metric varchar not null,
        segment varchar, segment_to varchar, horizon varchar, estimate double, ci_low double, ci_high double,
        confidence_level double, n bigint, method varchar, n_resamples bigint, seed varchar, p_value double,
        p_adjusted double, family_size bigint, is_mature boolean, trust varchar, reason varchar, is_primary boolean,
        comparison_family varchar, is_discovery boolean""",
}

_ADDED = {
    "control.publications": {"published_by": "varchar", "reason": "varchar"},
    "control.loads": {"delivered_count": "bigint", "rounded_count": "bigint"},
    "control.run_inputs": {
        **dict.fromkeys(("rules_hash", "code_version", "dag_run_id", "run", "manifest"), "varchar"),
        "known_at": "timestamp",
    },
    "control.segmentations": {"conditions_digest": "varchar", "features_digest": "varchar"},
    "runs.changes": {"months": "bigint", "rules_effect": "double", "segment_to": "varchar"},
    "runs.statistics": {"is_primary": "boolean", "comparison_family": "varchar", "is_discovery": "boolean"},
}
"""Columns that tables of an earlier release lack."""


def run_tables() -> dict[str, dict[str, str]]:
    """Columns and types of the tables in the schema `runs` that are Python's own."""
    return {
        table: dict(column.split()[:2] for column in re.split(r",(?![^(]*\))", columns))
        for table, columns in _TABLES.items()
        if table.startswith("runs.")
    }


def ensure_control_tables(warehouse: Warehouse) -> None:
    """Create the schemas and Python's own tables where they are missing; harmless when they stand."""
    # Asked first: a role that may not make schemas is refused even where the schema stands.
    standing = {
        str(row["schema_name"]).lower()
        for row in warehouse.fetch(
            "select schema_name from information_schema.schemata where catalog_name = current_database()"
        )
    }
    for schema in SCHEMAS:
        if schema not in standing:
            warehouse.execute(f"create {transient(warehouse, schema)}schema if not exists {schema}")
    for table, columns in _TABLES.items():
        kind = transient(warehouse, table.split(".", maxsplit=1)[0])
        warehouse.execute(f"create {kind}table if not exists {table} ({columns})")
    for table, added in _ADDED.items():
        there = warehouse.columns(*table.split("."))
        for name, data_type in added.items():
            if name not in there:
                warehouse.execute(f"alter table {table} add column {name} {data_type}")


def transient(warehouse: Warehouse, schema: str) -> str:
    """The word with which a schema, or a table in it, is made where its rows can be made again from others;
    empty elsewhere."""
    return "transient " if warehouse.dialect == "snowflake" and schema in TRANSIENT else ""


def replace_run_rows(
    warehouse: Warehouse,
    table: str,
    run_key: str,
    rows: Sequence[Mapping[str, object]],
    part: Mapping[str, Sequence[str]],
) -> None:
    """Replace the rows of one part of a run, such as `{"stage": ["models"]}`, in one transaction.

    A task that is tried again therefore leaves the same rows as one that succeeded at once.
    """
    condition = "".join(f" and {name} in ({', '.join('?' for _ in values)})" for name, values in part.items())
    parameters = [run_key, *(value for values in part.values() for value in values)]
    with warehouse.transaction():
        warehouse.execute(f"delete from {table} where run_key = ?{condition}", parameters)
        warehouse.insert(table, rows)
