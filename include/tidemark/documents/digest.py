"""Whether two documents say the same."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest_of(documents: Mapping[str, dict[str, Any]]) -> str:
    """SHA-256 of the canonical JSON of documents by their names."""
    canonical = json.dumps(documents, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
