"""The section of the runbook that an alert leads to."""

import re

RUNBOOK = "docs/runbook.md"
_FAILED = "A run failed"
_CANDIDATE = "The gate stops on what was computed"
_DAMAGED = "Something published is lost or damaged"
SECTIONS = {
    ("monthly_segmentation", "resolve_run"): "A run can't begin",
    ("monthly_segmentation", "load_sources"): "A landing file is missing or can't be read",
    ("monthly_segmentation", "check_sources"): "The gate stops on the sources",
    ("monthly_segmentation", "models"): "A model or its test failed",
    ("monthly_segmentation", "check_models"): _CANDIDATE,
    ("monthly_segmentation", "statistics"): _FAILED,
    ("monthly_segmentation", "check_statistics"): _CANDIDATE,
    ("monthly_segmentation", "publish"): "A publication was interrupted",
    ("segmentation_backfill", ""): "Recompute a range",
    ("rollback_publication", ""): "Roll back",
    ("forget_users", ""): "Erase a person",
    ("segmentation_maintenance", ""): "The weekly maintenance failed",
}
"""By DAG and stage of a failed task; without a stage, of every other task of the DAG."""
SAID = {
    "The scheduler shows no sign of life": 'A task waits in "scheduled"',
    "The DAG processor shows no sign of life": 'A task waits in "scheduled"',
    "The triggerer shows no sign of life": 'Model tasks wait in "deferred"',
    "The last run, RUN, failed in TASK": _FAILED,
    "run RUN of DAG has not ended HOURS hours after it was queued": "A run is late",
    "a path below the artifact root, or a view, and what is wrong with it": _DAMAGED,
}
"""By what `tidemark status` and the notice of a late run say."""


def section_of(dag_id: str, task_id: str) -> str:
    """The title of the section about a failed task."""
    stage = task_id.partition(".")[0]
    return SECTIONS.get((dag_id, stage)) or SECTIONS.get((dag_id, ""), _FAILED)


def anchor(title: str) -> str:
    """A title as an address names it: lower case, no punctuation, hyphens for spaces.

    >>> anchor("Is everything well?")
    'is-everything-well'
    """
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
