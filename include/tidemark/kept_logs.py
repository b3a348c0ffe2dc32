"""Logs of what failed in a shell: below the project, or in the temporary folder where the project can't be
written."""

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from include.tidemark.paths import LOCAL_STATE

_KEPT = timedelta(days=30)


def _folders() -> tuple[Path, ...]:
    return LOCAL_STATE / "logs", Path(tempfile.gettempdir())


def remove_old_logs(now: datetime) -> list[Path]:
    """Remove the logs that are older than a month from the project's own folder; returns them."""
    before = (now - _KEPT).timestamp()
    old = [log for log in _folders()[0].glob("*.log") if log.stat().st_mtime < before]
    for log in old:
        log.unlink(missing_ok=True)
    return old


def keep_log(name: str, content: bytes) -> Path | None:
    """Write a log that only this user can read; returns where it is, None where none could be written."""
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, file = tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=folder)
            with os.fdopen(handle, "wb") as log:
                log.write(content)
        except OSError:
            continue
        return Path(file)
    return None
