"""When a command started: the one moment that a run from a shell takes from the clock, as Airflow gives it to a scheduled one."""

from datetime import UTC, datetime


def started_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)
