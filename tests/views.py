"""What consumers see of a view, as a digest."""

from collections.abc import Callable
from typing import Any

Query = Callable[[str], list[dict[str, Any]]]


def digest_of(query: Query, view: str, condition: str = "true") -> str:
    """Digest of the rows of a view that keep a condition, in any order."""
    (row,) = query(
        f"select md5(string_agg(t::varchar, '|' order by t::varchar)) as digest from {view} as t where {condition}"
    )
    return str(row["digest"])
