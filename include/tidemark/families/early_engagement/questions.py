"""The family's statistics: who stays four weeks, and which behaviour of the first week goes with it."""

from typing import Any

from include.tidemark.families.early_engagement.cells import (
    CANDIDATE,
    platform_level,
    read_cells,
    read_platforms,
)
from include.tidemark.families.early_engagement.features import (
    FIRST_WEEK,
    HORIZON,
    OUTCOME,
    UNKNOWN_PLATFORM,
    features_of,
    platform_feature,
)
from include.tidemark.run import Run
from include.tidemark.statistics.drivers import drivers as driver_rows
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.statistics.results import ResultRow
from include.tidemark.warehouse.base import Warehouse


def usage(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """How many users stayed, by platform and by what they used, and how many used it?

    Returns:
        ``retained_4_weeks`` of all users (segment null) and of each platform; then for each event of the list
        (segment ``has_<event>_f7d``): ``first_week_usage``, and ``retained_if_used`` and
        ``retained_if_not_used``.
    """
    config = run.statistics_config
    counts = _counts(run, warehouse)
    users, retained = counts["users"], counts["retained"]
    rows = [proportion_row("retained_4_weeks", retained, users, config, "empty_segment", horizon=HORIZON)]
    rows += _platform_rows(run, warehouse)
    for feature in features_of(run.rules.early_engagement_events):
        if feature.kind != "has":
            continue
        used, stayed = counts[f"n_{feature.name}"], counts[f"r_{feature.name}"]
        for metric, part, whole in (
            ("first_week_usage", used, users),
            ("retained_if_used", stayed, used),
            ("retained_if_not_used", retained - stayed, users - used),
        ):
            horizon = FIRST_WEEK if metric == "first_week_usage" else HORIZON
            rows.append(
                proportion_row(
                    metric, part, whole, config, "empty_segment", segment=feature.name, horizon=horizon
                )
            )
    return rows


def drivers(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """Which first-week behaviour goes with being there four weeks later, and how well does it tell users
    apart?"""
    return driver_rows(
        read_cells(run, warehouse).table,
        run.statistics_config,
        impact_threshold=run.rules.early_engagement_impact_threshold,
        horizon=HORIZON,
    )


def _counts(run: Run, warehouse: Warehouse) -> dict[str, int]:
    features = [f.name for f in features_of(run.rules.early_engagement_events) if f.kind == "has"]
    sums = ", ".join(
        f"count_if({name}) as n_{name}, count_if({name} and {OUTCOME}) as r_{name}" for name in features
    )
    counted: dict[str, Any] = warehouse.fetch(
        f"select count(*) as users, count_if({OUTCOME}) as retained, {sums} from {CANDIDATE} where run_key = ?",
        (run.run_key,),
    )[0]
    return {name: int(value or 0) for name, value in counted.items()}


def _platform_rows(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    platforms = read_platforms(run, warehouse)
    level, parameters = platform_level(platforms)
    counted = warehouse.fetch(
        f"select platform, count(*) as users, count_if({OUTCOME}) as retained"
        f" from (select {level} as platform, {OUTCOME} from {CANDIDATE} where run_key = ?) as users group by platform",
        (*parameters, run.run_key),
    )
    found = {str(row["platform"]): (int(row["retained"]), int(row["users"])) for row in counted}
    levels = [
        *([platforms.reference] if platforms.reference else [UNKNOWN_PLATFORM]),
        *platforms.features,
    ]
    config = run.statistics_config
    return [
        proportion_row(
            "retained_4_weeks",
            *found.get(name, (0, 0)),
            config,
            "empty_segment",
            segment=platform_feature(name),
            horizon=HORIZON,
        )
        for name in levels
    ]
