"""Times in SQL that DuckDB and Snowflake read alike, and in sentences."""

from datetime import UTC, date, datetime

from include.tidemark.sources.contract import Column


def said(instant: datetime) -> str:
    """An instant in a sentence, to the second."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def timestamp_literal(instant: datetime) -> str:
    """An instant as the UTC timestamp without a zone that the raw tables hold."""
    return f"cast('{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}' as timestamp)"


def begin_literal(column: Column, day: date, instant: datetime) -> str:
    """The begin of a day as a value of a column: the day itself for dates, else its instant."""
    return f"cast('{day}' as date)" if column.data_type == "date" else timestamp_literal(instant)


def days_before(instant: datetime, expression: str) -> str:
    """SQL: how many days a timestamp lies before an instant, with fractions."""
    return f"datediff('second', {expression}, {timestamp_literal(instant)}) / 86400.0"
