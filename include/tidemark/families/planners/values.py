"""What the texts of `checks.yml`, `account.yml` and `definitions.yml` name."""

from typing import Any

from include.tidemark.families.planners.definitions import SEGMENTS, TYPES, segment_criteria
from include.tidemark.run import Run
from include.tidemark.segmentations.shipped import shipped
from include.tidemark.validation.checks import text_list


def values(run: Run) -> dict[str, Any]:
    """What the rules decide."""
    types, segments = (shipped(name, run.rules) for name in (TYPES, SEGMENTS))
    return {
        "types": text_list(types.names),
        "type_names": types.names,
        "segments": text_list(segments.names),
        "decided": segments.decided,
        "segment_criteria": segment_criteria(run.rules),
        "thresholds": {
            name: value
            for name, value in run.rules.model_dump(mode="json").items()
            if name.startswith(("planner_min", "planner_active", "planner_churned", "almost_planner"))
        },
    }
