"""What a run was told: `definitions/segment_definitions.json`, and the content of the configuration folder
beside it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.run import Run

DEFINITIONS = "definitions/segment_definitions.json"
CONFIG = "definitions/config"
_SCHEMA_VERSION = 2


def write_definitions(run: Run, families: Mapping[str, Mapping[str, Any]], target: Path) -> list[WrittenFile]:
    """Write the run's definitions below the folder `target`: every segment and term with the numbers of its
    rules, then the files of the configuration folder as they were read, without comments.

    Args:
        families: what each computed family says about itself, by its name.
    """
    document = {
        "as_of_date": run.as_of_date.isoformat(),
        "run_key": run.run_key,
        "rules_hash": run.rules_hash,
        "config_hash": run.config_hash,
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
    return [WrittenFile(DEFINITIONS, None, _SCHEMA_VERSION), *_write_config(run, target)]


def _write_config(run: Run, target: Path) -> list[WrittenFile]:
    written = []
    for name, content in run.config.items():
        file = target / CONFIG / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
        written.append(WrittenFile(f"{CONFIG}/{name}", None))
    return written
