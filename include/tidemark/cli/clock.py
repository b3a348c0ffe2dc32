"""When a command started and by whom: what a run from a shell takes from the machine, and a scheduled one
from Airflow."""

import getpass
from datetime import UTC, datetime


def started_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def shell_user() -> str:
    """The name of the user whose shell it is, for the ledger; `shell` where the machine knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "shell"
