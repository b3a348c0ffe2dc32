"""What the family's words mean."""

from typing import Any

from include.tidemark.run import Run


def definitions(run: Run) -> dict[str, Any]:
    """The family's part of `definitions/segment_definitions.json`."""
    return {"population": f"Platforms with {run.rules.platform_min_users} or more users."}
