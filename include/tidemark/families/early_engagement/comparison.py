"""How what users do in their first week changed since earlier months, with the days of sign-up as the
observations.

Who is in both months has the same first week and the same outcome in both; what changes a number are the days
that came since.
"""

from collections.abc import Iterable

from include.tidemark.families.comparison_part import known_of_earlier
from include.tidemark.families.early_engagement.cells import (
    CANDIDATE,
    Platforms,
    platform_level,
    read_platforms,
)
from include.tidemark.families.early_engagement.features import (
    FIRST_WEEK,
    HORIZON,
    OUTCOME,
    features_of,
    platform_feature,
)
from include.tidemark.families.unit_comparison import unit_changes
from include.tidemark.run import Run
from include.tidemark.statistics.change import Kind
from include.tidemark.statistics.change_rows import ChangeRow, adjusted_rows
from include.tidemark.statistics.unit_months import Key, UnitNumber
from include.tidemark.warehouse.base import Warehouse

_OF_MODEL: dict[str, Kind] = {
    "auc": "share",
    "calibration_slope": "ratio",
    "calibration_in_the_large": "share",
}


def changes(run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of who stays, by platform and by what they used, and of how many used it; of the model that
    it is not judged."""
    platforms = read_platforms(run, warehouse)
    rows = unit_changes(
        run,
        "early_engagement",
        lambda of: _numbers(of, warehouse, platforms),
        list(_unjudged(run, platforms)),
    )
    return adjusted_rows(known_of_earlier(run, "early_engagement", rows, warehouse, CANDIDATE))


def _numbers(run: Run, warehouse: Warehouse, platforms: Platforms) -> dict[Key, UnitNumber]:
    """The numbers of one month; platforms go by the names that they have in the newer one."""
    level, parameters = platform_level(platforms)
    features = [f.name for f in features_of(run.rules.early_engagement_events) if f.kind == "has"]
    sums = "".join(
        f", count_if({name}) as n_{name}, count_if({name} and {OUTCOME}) as r_{name}" for name in features
    )
    rows = warehouse.fetch(
        f"select platform, created_date, count(*) as users, count_if({OUTCOME}) as retained{sums}"
        f" from (select {level} as platform, * from {CANDIDATE} where run_key = ?) as users group by platform, created_date",
        (*parameters, run.run_key),
    )
    units: dict[Key, dict[str, tuple[int, float]]] = {}

    def add(key: Key, day: str, users: int, successes: int) -> None:
        held = units.setdefault(key, {})
        n, total = held.get(day, (0, 0))
        held[day] = n + users, total + successes

    for row in sorted(rows, key=lambda row: (row["created_date"], row["platform"])):
        day = row["created_date"].isoformat()
        users, retained = int(row["users"]), int(row["retained"])
        add(("retained_4_weeks", None, HORIZON), day, users, retained)
        add(("retained_4_weeks", platform_feature(row["platform"]), HORIZON), day, users, retained)
        for name in features:
            used, stayed = int(row[f"n_{name}"]), int(row[f"r_{name}"])
            add(("first_week_usage", name, FIRST_WEEK), day, users, used)
            add(("retained_if_used", name, HORIZON), day, used, stayed)
            add(("retained_if_not_used", name, HORIZON), day, users - used, retained - stayed)
    return {key: UnitNumber("share", held) for key, held in units.items()}


def _unjudged(run: Run, platforms: Platforms) -> Iterable[tuple[Key, Kind, str]]:
    """A model has the users of both months in it, and says nothing of how two months differ."""
    names = [feature.name for feature in features_of(run.rules.early_engagement_events)]
    for metric in ("odds_ratio", "odds_ratio_univariate"):
        for name in (*platforms.features.values(), *names):
            yield (metric, name, HORIZON), "ratio", "not_paired"
    for metric, kind in _OF_MODEL.items():
        yield (metric, None, HORIZON), kind, "not_paired"
