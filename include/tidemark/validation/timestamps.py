"""Times in SQL that DuckDB and Snowflake read alike."""

from datetime import UTC, datetime


def timestamp_literal(instant: datetime) -> str:
    """An instant as the UTC timestamp without a zone that the raw tables hold."""
    return f"cast('{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}' as timestamp)"


def days_before(instant: datetime, expression: str) -> str:
    """SQL: how many days a timestamp lies before an instant, with fractions."""
    return f"datediff('second', {expression}, {timestamp_literal(instant)}) / 86400.0"
