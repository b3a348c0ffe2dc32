"""What the texts of `checks.yml` and `account.yml` name."""

from typing import Any

from include.tidemark.run import Run
from include.tidemark.sources.timestamps import timestamp_literal


def values(run: Run) -> dict[str, Any]:
    """What the rules decide."""
    return {
        "dormant_before": f"cast('{run.prior_window_start}' as date)",
        "windows_begin": timestamp_literal(run.begin_of(run.prior_window_start)),
    }
