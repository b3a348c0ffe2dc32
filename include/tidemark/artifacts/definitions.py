"""`definitions/segment_definitions.json`: what every segment and term of a run means, with the numbers of its rules."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.run import Run

DEFINITIONS = "definitions/segment_definitions.json"
_SCHEMA_VERSION = 2


def write_definitions(run: Run, families: Mapping[str, Mapping[str, Any]], target: Path) -> WrittenFile:
    """Write the run's definitions below the folder `target`.

    Args:
        families: what each computed family says about itself, by its name.
    """
    document = {
        "as_of_date": run.as_of_date.isoformat(),
        "run_key": run.run_key,
        "rules_hash": run.rules_hash,
        "business_timezone": run.rules.business_timezone,
        "windows": {
            "current": {"from": run.window_start.isoformat(), "before": run.as_of_date.isoformat()},
            "prior": {"from": run.prior_window_start.isoformat(), "before": run.window_start.isoformat()},
        },
        "families": {name: dict(definitions) for name, definitions in families.items()},
        "rules": run.rules.model_dump(mode="json"),
    }
    file = target / DEFINITIONS
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return WrittenFile(DEFINITIONS, None, _SCHEMA_VERSION)
