"""What the texts of `checks.yml` and `account.yml` name."""

from typing import Any

from include.tidemark.run import Run
from include.tidemark.segmentations.shipped import shipped
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.validation.checks import text_list


def values(run: Run) -> dict[str, Any]:
    """What the rules decide."""
    return {
        "segments": text_list(shipped("customer_segments", run.rules).names),
        "dormant_before": f"cast('{run.prior_window_start}' as date)",
        "windows_begin": timestamp_literal(run.begin_of(run.prior_window_start)),
    }
