"""The numbers of install cohorts and of the journey by day of sign-up: what their changes between months are
made from.

One day of sign-up holds the same users in every month, and its windows end once: what changes a number of all
cohorts together are the days whose windows have ended since, and those that are older than the cohorts look
back.
"""

from collections.abc import Iterable, Mapping

from include.tidemark.families.engagement.cohorts import (
    ALL_COHORTS,
    REVENUE_PER_USER,
    horizon,
    read_cohorts,
    retention_counts,
)
from include.tidemark.families.engagement.definitions import stage_names
from include.tidemark.families.engagement.questions import journey_times, shown_groups
from include.tidemark.run import Run
from include.tidemark.shared_texts import OTHER
from include.tidemark.statistics.cells import merge
from include.tidemark.statistics.change import Kind
from include.tidemark.statistics.funnel import AGAINST_REST
from include.tidemark.statistics.funnel import METRICS as FUNNEL
from include.tidemark.statistics.retention import METRICS as RETENTION
from include.tidemark.statistics.trust import tail_of
from include.tidemark.statistics.unit_months import Key, UnitNumber, against_rest
from include.tidemark.warehouse.base import Warehouse

EACH_COHORT = "Each cohort"
"""The segment of the one row that stands for the cohorts of a single day, none of which changes once its
window is over."""
OF_THE_JOURNEY = (*FUNNEL[:3], AGAINST_REST)
"""What is known by day of sign-up of the journey."""
_Units = dict[Key, dict[str, tuple[int, float]]]


def unit_numbers(run: Run, warehouse: Warehouse, groups: Mapping[str, str]) -> dict[Key, UnitNumber]:
    """Retention and revenue of all cohorts together, and how far users of the journey come.

    Args:
        run: the run whose numbers they are.
        warehouse: where its rows are.
        groups: what each group of the journey is called in the newer month.
    """
    journey = _journey(run, warehouse, groups)
    named = {key[1] for key in journey} - {None}
    return _cohorts(run, warehouse) | journey | (against_rest(journey, FUNNEL[1:2]) if len(named) > 1 else {})


def groups_of(run: Run, warehouse: Warehouse) -> dict[str, str]:
    """What each group of the journey is called."""
    return shown_groups(run, journey_times(run, warehouse))


def unjudged(run: Run, groups: Mapping[str, str]) -> Iterable[tuple[Key, Kind, str]]:
    """The numbers whose change is not judged: key, kind and reason."""
    for day in run.rules.retention_days:
        for metric in RETENTION:
            yield (metric, EACH_COHORT, horizon(day)), "share", "same_users"
            yield (f"{metric}_vs_rest", EACH_COHORT, horizon(day)), "share", "moved_by_others"
        yield (REVENUE_PER_USER, EACH_COHORT, horizon(day)), "mean", "same_users"
    for group in (None, *sorted(set(groups.values()))):
        for stage in stage_names(run.rules)[1:]:
            yield (FUNNEL[3], group, stage), "mean", "not_paired"


def _cohorts(run: Run, warehouse: Warehouse) -> dict[Key, UnitNumber]:
    cohorts = read_cohorts(run, warehouse)
    units: _Units = {}
    for count in retention_counts(cohorts, ALL_COHORTS):
        for metric in RETENTION:
            active, n = count.outcome(metric)
            units.setdefault((metric, ALL_COHORTS, count.window), {})[str(count.unit)] = n, active
    found = {key: UnitNumber("share", held) for key, held in units.items()}
    for day in dict.fromkeys(cohort.day for cohort in cohorts):
        held = [cohort for cohort in cohorts if cohort.day == day]
        users = merge(cohort.revenue for cohort in held)
        found[REVENUE_PER_USER, ALL_COHORTS, horizon(day)] = UnitNumber(
            "mean",
            {c.name: (c.matured, float(c.revenue.sums[0]) / 100) for c in held},
            users=users,
            everybody=tail_of(users) if users.size else None,
            scale=100,
        )
    return found


def _journey(run: Run, warehouse: Warehouse, groups: Mapping[str, str]) -> dict[Key, UnitNumber]:
    rows = warehouse.fetch(
        "select group_name, cohort_date, stage_number, sum(user_count) as users from runs.journey_times"
        " where run_key = ? and cohort_date is not null group by group_name, cohort_date, stage_number",
        (run.run_key,),
    )
    by_platform = run.rules.journey_funnel_group == "platform"
    reached: dict[str | None, dict[str, dict[int, int]]] = {}
    for row in rows:
        name = str(row["group_name"])
        for group in (None, groups.get(name, OTHER if by_platform else name)):
            days = reached.setdefault(group, {}).setdefault(row["cohort_date"].isoformat(), {})
            place = int(row["stage_number"])
            days[place] = days.get(place, 0) + int(row["users"])
    units: _Units = {}
    for group in sorted(reached, key=lambda name: name or ""):
        for place, stage in enumerate(stage_names(run.rules)[1:], start=1):
            for day, counts in sorted(reached[group].items()):
                start, before, users = (counts.get(at, 0) for at in (0, place - 1, place))
                for metric, total, n in (
                    (FUNNEL[0], users, start),
                    (FUNNEL[1], users, before),
                    (FUNNEL[2], before - users, before),
                ):
                    units.setdefault((metric, group, stage), {})[day] = n, total
    return {key: UnitNumber("share", held) for key, held in units.items()}
