"""Logs of what failed in a shell: below the project, or in the temporary folder where the project can't be written."""

import os
import tempfile
from pathlib import Path

from include.tidemark.paths import LOCAL_STATE


def keep_log(name: str, content: bytes) -> Path | None:
    """Write a log that only this user can read; returns where it is, None where none could be written."""
    for folder in (LOCAL_STATE / "logs", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, file = tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=folder)
            with os.fdopen(handle, "wb") as log:
                log.write(content)
        except OSError:
            continue
        return Path(file)
    return None
