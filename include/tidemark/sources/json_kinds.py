"""Texts of the contract that are none in newline-delimited JSON, although its columns are read as text.

In Parquet such a column has a type that the contract refuses; here each row has its own: 1000.0 would be
another person than 1000, and true somebody.
"""

from collections.abc import Sequence

import duckdb
import sqlglot
from sqlglot import exp

from include.tidemark.sources.contract import SourceTable
from include.tidemark.sources.origin import Flag, Origin
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.sources.staged_view import literal
from include.tidemark.sql_names import identifier

KINDS = "landing_json"
"""The view of a file's objects that knows of what kind each value is."""


def keep_kinds(engine: duckdb.DuckDBPyConnection, path: str, keys: Sequence[str], options: str) -> None:
    """Make the view."""
    columns = ", ".join(f"{literal(key)}: 'JSON'" for key in keys)
    named = ", ".join(f"{identifier(key)} as {identifier(key.strip())}" for key in keys)
    engine.execute(
        f"create or replace view {KINDS} as select {named}"
        f" from read_json({literal(path)}, columns = {{{columns}}}, auto_detect = false, {options})"
    )


def no_texts(
    engine: duckdb.DuckDBPyConnection, table: SourceTable, source: TableSource, origin: Origin
) -> list[Flag]:
    """What is wrong with the contract's texts that are a key's value as it is, if some row holds something
    else there.

    The conditions are over the view.
    """
    keys = {identifier(name) for name, *_ in engine.execute(f"describe {KINDS}").fetchall()}
    flags = []
    for column in table.file_columns:
        mapping, place = source.mapping_of(column.name), origin.place(table.name, column.name)
        if column.data_type != "varchar" or column.holds_json or mapping is None:
            continue
        sql = _json(origin.sql_of(place, mapping.from_), keys)
        if sql is None:
            continue
        others = "'ARRAY', 'OBJECT'" if mapping.values else "'ARRAY', 'OBJECT', 'BOOLEAN'"
        condition = (  # a whole number beyond 64 bits is a double to DuckDB, and kept whole as text
            f"(json_type({sql}) in ({others})"
            f" or json_type({sql}) = 'DOUBLE' and not regexp_full_match({sql} ->> '$', '-?[0-9]+'))"
        )
        what = f"that are no texts but {'' if mapping.values else 'true, false, '}fractions, lists or objects"
        flags.append(Flag(f"no_text_{column.name}", column.name, condition, what, place))
    if not flags:
        return []
    found = engine.execute(
        f"select {', '.join(f'bool_or{flag.condition}' for flag in flags)} from {KINDS}"
    ).fetchone()
    return [flag for flag, is_there in zip(flags, found or (), strict=True) if is_there]


def _json(sql: str, keys: set[str]) -> str | None:
    """SQL of the JSON value whose text an expression is, of a key or of one within its object; None for other
    expressions."""
    if sql in keys:
        return sql
    parsed = sqlglot.parse_one(sql, dialect="duckdb")
    if isinstance(parsed, exp.JSONExtractScalar) and parsed.this.sql("duckdb") in keys:
        return f"({exp.JSONExtract(**parsed.args).sql('duckdb')})"
    return None
