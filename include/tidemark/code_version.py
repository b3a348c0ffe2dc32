"""Which code made a number."""

import hashlib
import os
from functools import cache
from pathlib import Path

from include.tidemark.paths import DBT_DIR, PROJECT_ROOT

_SUFFIXES = {".py", ".sql", ".yml", ".csv", ".json", ".j2", ".css"}
_LEFT_OUT = {"target", "logs", "__pycache__", "dbt_packages"}


@cache
def code_version() -> str:
    """`TIDEMARK_CODE_VERSION` (a release or commit, set by the build), else a digest of the files that decide
    results.

    The digest covers `dbt/` and `include/tidemark/`, so it is the same for the same code on every platform,
    also where there is no git.
    """
    if release := os.environ.get("TIDEMARK_CODE_VERSION", ""):
        return release
    digest = hashlib.sha256()
    for root in (DBT_DIR, PROJECT_ROOT / "include" / "tidemark"):
        for file in _source_files(root):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return "content-" + digest.hexdigest()[:12]


def _source_files(root: Path) -> list[Path]:
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix in _SUFFIXES
        and path.is_file()
        and not _LEFT_OUT.intersection(path.relative_to(root).parts)
    )
