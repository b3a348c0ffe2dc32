"""The declared segmentations as dbt takes them: conditions as SQL, and the earlier runs that each is compared
with."""

from typing import Any

from include.tidemark.run import PublishedRun, Run
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.declaration import Segmentation, segmentations_of


def segmentation_variables(run: Run) -> list[dict[str, Any]]:
    """The variable `segmentations`; see dbt/macros/segmentations.sql for its parts."""
    return [_variable(run, segmentation) for segmentation in segmentations_of(run.config).values()]


def _variable(run: Run, segmentation: Segmentation) -> dict[str, Any]:
    return {
        "name": segmentation.name,
        "population": segmentation.of,
        "segments": [
            {"name": name, "condition": condition.sql if condition else None}
            for name, condition in zip(segmentation.names, segmentation.conditions, strict=True)
        ],
        "means": [{"feature": name, "scale": catalogue()[name].scale} for name in segmentation.means],
        "backtest": segmentation.backtest,
        **_earlier("previous", run.previous_of(segmentation.name)),
        **_earlier("year_before", run.year_before_of(segmentation.name)),
        "same_rules": list(run.same_rules_of(segmentation.name)),
        **_earlier("backtest", run.backtest_of(segmentation.name)),
    }


def _earlier(which: str, run: PublishedRun | None) -> dict[str, str]:
    return {
        f"{which}_as_of_date": run.as_of_date.isoformat() if run else "",
        f"{which}_run_key": run.run_key if run else "",
    }
