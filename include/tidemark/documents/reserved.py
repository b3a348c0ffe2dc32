"""Words that can't be a name in SQL unless it is quoted."""

from functools import cache
from pathlib import Path

from include.tidemark.yaml_reading import read_yaml

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
    listed = read_yaml(Path(__file__).with_name("reserved.yml").read_text(encoding="utf-8"))
    return _TAKEN_FOR_ANOTHER.union(listed["snowflake"].split(), (str(row[0]) for row in rows))
