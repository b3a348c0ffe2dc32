"""Which texts of users' rows may leave the warehouse: a column that is mapped by mistake may hold what identifies people."""

SHARED_BY_USERS = 10
"""A text may be in files, logs and messages when enough users have it."""
OTHER = "other"
"""What stands there for all the others."""


def shared_or_other(column: str) -> str:
    """SQL of a column over a table with a row per user: its text where enough of the table's users have it."""
    enough = f"count(*) over (partition by {column}) >= {SHARED_BY_USERS}"
    return f"case when {column} is null or {enough} then {column} else '{OTHER}' end"
