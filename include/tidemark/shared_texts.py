"""Texts of others: which may leave the warehouse, as a column that is mapped by mistake may hold what
identifies people, and how they are written within a sentence of ours."""

SHARED_BY_USERS = 10
"""A text may be in files, logs and messages when enough users have it."""
OTHER = "other"
"""What stands there for all the others."""

_LONGEST = 60


def in_a_line(text: str, longest: int = _LONGEST) -> str:
    r"""A text as part of one line: what would break the line or steer a terminal is escaped, what is too long
    is cut.

    >>> in_a_line("a\nb"), in_a_line("abc", 2)
    ('a\\nb', 'ab…')
    """
    text = text if len(text) <= longest else f"{text[:longest]}…"
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def shown(value: object) -> str:
    """A value of any type as part of one line, as Python writes it."""
    return in_a_line(repr(value))


def shared_or_other(column: str) -> str:
    """SQL of a column over a table with a row per user: its text where enough of the table's users have
    it."""
    enough = f"count(*) over (partition by {column}) >= {SHARED_BY_USERS}"
    return f"case when {column} is null or {enough} then {column} else '{OTHER}' end"
