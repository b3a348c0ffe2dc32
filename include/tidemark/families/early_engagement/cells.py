"""Users of a run by equal features: what the model of the drivers is fitted on.

One GROUP BY gives them. Where a busy product leaves more combinations than the rule
early_engagement_max_cells, a sample of users stands for all: those whose id has a small MD5 sum, the same on
every warehouse and in every month. A smaller sample widens the intervals; to cut the features down instead
would change what they mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.tidemark.families.early_engagement.features import (
    OTHER_PLATFORM,
    OUTCOME,
    PLATFORM,
    UNKNOWN_PLATFORM,
    features_of,
    platform_feature,
)
from include.tidemark.run import Run
from include.tidemark.shared_texts import SHARED_BY_USERS
from include.tidemark.statistics.logistic import BinaryTable
from include.tidemark.warehouse.base import Row, Warehouse

CANDIDATE = "runs.dim_user_early_engagement"
MOST_PLATFORMS = 8
"""Platforms with a feature of their own at most; the rarer ones are one, "other"."""
_REFERENCE_SHARE = 0.1
_SMALLEST_SAMPLE = 2.0**-20
_STEP = 0.7
"""How much smaller each sample is that is tried: few tries, and at most a third of the users left out in
vain."""


@dataclass(frozen=True)
class DriverCells:
    """The covariate cells of one run.

    Attributes:
        table: users by equal features, with the number retained.
        users: all users of the run, those outside the sample included.
        reference_platform: the platform that the others are compared with; None where nobody's is known.
    """

    table: BinaryTable
    users: int
    reference_platform: str | None


@dataclass(frozen=True)
class Platforms:
    """How platforms become features.

    Attributes:
        named: those with a feature of their own, the reference included.
        reference: the one without a feature, which the others are compared with.
        features: level -> name of the feature; levels are the named platforms, "other" and "unknown".
    """

    named: tuple[str, ...]
    reference: str | None
    features: dict[str, str]


def read_cells(run: Run, warehouse: Warehouse) -> DriverCells:
    """The cells of this run, of a sample of users where there are too many."""
    platforms = read_platforms(run, warehouse)
    sample = 1.0
    while _count_cells(run, warehouse, platforms, sample) > run.rules.early_engagement_max_cells:
        sample *= _STEP
        if sample < _SMALLEST_SAMPLE:
            break
    users = warehouse.fetch(f"select count(*) as n from {CANDIDATE} where run_key = ?", (run.run_key,))
    sql, parameters = _users(run, platforms, sample)
    columns = ", ".join(_counted(run))
    rows = warehouse.fetch(
        f"select platform, {columns}, count(*) as n, count_if({OUTCOME}) as successes"
        f" from ({sql}) as users group by platform, {columns}",
        parameters,
    )
    features = features_of(run.rules.early_engagement_events)
    names = [*platforms.features.values(), *(feature.name for feature in features)]
    table = BinaryTable.from_rows([_covariates(row, run, platforms) for row in rows], names)
    return DriverCells(table, int(users[0]["n"]), platforms.reference)


def read_platforms(run: Run, warehouse: Warehouse) -> Platforms:
    """The platforms of this run's users, the frequent ones by their names."""
    rows = warehouse.fetch(
        f"select {PLATFORM} as platform, count(*) as n from {CANDIDATE} where run_key = ? group by {PLATFORM}",
        (run.run_key,),
    )
    return make_platforms({row["platform"]: int(row["n"]) for row in rows})


def make_platforms(users: Mapping[str | None, int]) -> Platforms:
    """Levels from the number of users by platform.

    >>> made = make_platforms({"web": 50, "ios": 90, "android": 70, "of one": 1, None: 1})
    >>> made.reference, list(made.features)
    ('android', ['ios', 'web', 'other', 'unknown'])
    """
    known = sorted((name for name in users if name is not None), key=lambda name: (-users[name], name))
    named = sorted(name for name in known[:MOST_PLATFORMS] if users[name] >= SHARED_BY_USERS)
    reference = _reference(named, users)
    levels = [name for name in named if name != reference and name not in (OTHER_PLATFORM, UNKNOWN_PLATFORM)]
    has_others = len(known) > len(named) or OTHER_PLATFORM in named
    if reference not in (None, OTHER_PLATFORM) and has_others:
        levels.append(OTHER_PLATFORM)
    if (
        reference is not None
        and reference != UNKNOWN_PLATFORM
        and (None in users or UNKNOWN_PLATFORM in named)
    ):
        levels.append(UNKNOWN_PLATFORM)
    return Platforms(tuple(named), reference, {level: platform_feature(level) for level in levels})


def _reference(named: Sequence[str], users: Mapping[str | None, int]) -> str | None:
    """The first by name of the platforms that a tenth of the users chose: it should not change from month to
    month, and a rare one would make every comparison with it uncertain. The most frequent where none has a
    tenth."""
    if not named:
        return None
    enough = sum(users.values()) * _REFERENCE_SHARE
    frequent = [name for name in named if users[name] >= enough]
    return frequent[0] if frequent else max(named, key=lambda name: users[name])


def platform_level(platforms: Platforms) -> tuple[str, Sequence[str]]:
    """SQL of the level that a user belongs to, and its parameters."""
    if not platforms.named:
        return f"'{UNKNOWN_PLATFORM}'", ()
    places = ", ".join("?" for _ in platforms.named)
    sql = (
        f"case when {PLATFORM} is null then '{UNKNOWN_PLATFORM}' when {PLATFORM} in ({places}) then {PLATFORM}"
        f" else '{OTHER_PLATFORM}' end"
    )
    return sql, platforms.named


def _users(run: Run, platforms: Platforms, sample: float) -> tuple[str, tuple[Any, ...]]:
    """One row per user of the sample, with capped counts."""
    level, parameters = platform_level(platforms)
    cap = run.rules.early_engagement_max_event_count
    columns = [
        feature.name if feature.kind == "cnt_days" else f"least({feature.name}, {cap}) as {feature.name}"
        for feature in features_of(run.rules.early_engagement_events)
        if feature.kind != "has"
    ]
    sql = f"select {level} as platform, {', '.join(columns)}, {OUTCOME} from {CANDIDATE} where run_key = ?"
    if sample < 1:
        return f"{sql} and substr(md5(user_id), 1, 8) < ?", (
            *parameters,
            run.run_key,
            f"{int(sample * 2**32):08x}",
        )
    return sql, (*parameters, run.run_key)


def _count_cells(run: Run, warehouse: Warehouse, platforms: Platforms, sample: float) -> int:
    sql, parameters = _users(run, platforms, sample)
    columns = ", ".join(_counted(run))
    counted = warehouse.fetch(
        f"select count(*) as n from (select distinct platform, {columns} from ({sql}) as users) as cells",
        parameters,
    )
    return int(counted[0]["n"])


def _counted(run: Run) -> list[str]:
    """The features that tell users apart; whether a user did it at all follows from the days."""
    return [f.name for f in features_of(run.rules.early_engagement_events) if f.kind != "has"]


def _covariates(row: Row, run: Run, platforms: Platforms) -> Row:
    covariates: Row = {"n": int(row["n"]), "successes": int(row["successes"])}
    for level, name in platforms.features.items():
        covariates[name] = int(row["platform"] == level)
    for feature in features_of(run.rules.early_engagement_events):
        if feature.kind == "has":
            days = row[feature.name.replace("has_", "cnt_days_", 1)]
            covariates[feature.name] = int(days > 0)
        else:
            covariates[feature.name] = int(row[feature.name])
    return covariates
