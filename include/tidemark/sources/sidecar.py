"""`<file>.manifest`: what the sender says of a file, so that one that was cut or replaced on the way is
noticed.

A JSON object with `rows` (data rows, without the header), `sha256` (hexadecimal, of the file's bytes as they
stand), or both; other keys are the sender's own:

    {"rows": 1253, "sha256": "9f86d081884c7d65…"}
"""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.tidemark.errors import SourceError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

SUFFIX = ".manifest"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Sidecar:
    """What a file must have; None where nothing is promised."""

    rows: int | None = None
    sha256: str | None = None

    @property
    def mark(self) -> str:
        """A part of the file's fingerprint: a promise that is added or corrected later is held against the
        file again."""
        return "".join(f"+{value}" for value in (self.rows, self.sha256) if value is not None)


def read_sidecar(fs: "AbstractFileSystem", path: str, uri: str) -> Sidecar:
    """What is beside the file at `path`.

    Raises:
        SourceError: it can't be read as described above.
    """
    try:
        content = json.loads(fs.cat_file(path + SUFFIX))
    except (ValueError, RecursionError):
        content = None
    rows, digest = (content.get("rows"), content.get("sha256")) if isinstance(content, dict) else (None, None)
    digest = digest.lower() if isinstance(digest, str) else digest
    if (
        (rows is None and digest is None)
        or (rows is not None and (type(rows) is not int or rows < 0))
        or (digest is not None and not (isinstance(digest, str) and _DIGEST.fullmatch(digest)))
    ):
        raise SourceError(
            f'{uri} can\'t be used: it must be a JSON object with "rows" (a whole number), "sha256" (64 hexadecimal digits),'
            " or both; correct or remove it."
        )
    return Sidecar(rows, digest)
