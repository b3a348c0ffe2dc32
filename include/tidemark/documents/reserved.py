"""Words that can't be a name in SQL unless it is quoted."""

from functools import cache

_SNOWFLAKE = frozenset(
    [
        "account",
        "all",
        "alter",
        "and",
        "any",
        "as",
        "between",
        "by",
        "case",
        "cast",
        "check",
        "column",
        "connect",
        "connection",
        "constraint",
        "create",
        "cross",
        "current",
        "current_date",
        "current_time",
        "current_timestamp",
        "current_user",
        "database",
        "delete",
        "distinct",
        "drop",
        "else",
        "exists",
        "false",
        "following",
        "for",
        "from",
        "full",
        "grant",
        "group",
        "gscluster",
        "having",
        "ilike",
        "in",
        "increment",
        "inner",
        "insert",
        "intersect",
        "into",
        "is",
        "issue",
        "join",
        "lateral",
        "left",
        "like",
        "localtime",
        "localtimestamp",
        "minus",
        "natural",
        "not",
        "null",
        "of",
        "on",
        "or",
        "order",
        "organization",
        "qualify",
        "regexp",
        "revoke",
        "right",
        "rlike",
        "row",
        "rows",
        "sample",
        "schema",
        "select",
        "set",
        "some",
        "start",
        "table",
        "tablesample",
        "then",
        "to",
        "trigger",
        "true",
        "try_cast",
        "union",
        "unique",
        "update",
        "using",
        "values",
        "view",
        "when",
        "whenever",
        "where",
        "with",
    ]
)
"""Source: Snowflake's documentation, reserved and limited keywords."""

_TAKEN_FOR_ANOTHER = frozenset({"date", "time", "timestamp", "user"})
"""Types, and who is connected: without quotes some parsers read these, not a column of that name."""


@cache
def reserved_words() -> frozenset[str]:
    """The words that DuckDB or Snowflake reserve, in lower case."""
    import duckdb  # not needed where documents are only read

    with duckdb.connect() as engine:
        rows = engine.execute(
            "select keyword_name from duckdb_keywords() where keyword_category in ('reserved', 'type_function')"
        ).fetchall()
    return _SNOWFLAKE | _TAKEN_FOR_ANOTHER | {str(row[0]) for row in rows}
