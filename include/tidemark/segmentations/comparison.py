"""How the numbers of a segmentation changed since earlier months, on pairs of the same people, and their
trend."""

from include.tidemark.families.comparison_part import (
    compared,
    given_earlier,
    known_of_earlier,
    pair_cells,
    under_the_same_rules,
)
from include.tidemark.families.trend_part import measured_slopes, trend_rows
from include.tidemark.run import Run
from include.tidemark.segmentations.catalogue import TABLE, catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.segmentations.no_money import known_changes
from include.tidemark.segmentations.outcome_changes import (
    OF_OUTCOMES,
    dated,
    moves,
    outcome_changes,
    unjudged,
)
from include.tidemark.segmentations.shipped import declared
from include.tidemark.statistics.change_rows import ChangeRow
from include.tidemark.statistics.measured import Measured, Numbers, published_numbers, segment_numbers
from include.tidemark.warehouse.base import Warehouse


def changes(name: str, run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of each share, count, mean and sum of a segmentation, and of what became of its members."""
    of = declared(name, run)
    numbers = Numbers(
        segments=of.names,
        means={feature: of.mean_of(feature) for feature in of.means},
        sums={feature: f"total_{feature}" for feature in of.home.totals},
        units={feature: catalogue()[feature].scale for feature in of.means},
    )
    cells = pair_cells(run, warehouse, of.home.table("pair_cells"), of.mine(run.run_key))

    def measured(comparison: str) -> list[Measured]:
        held = cells.get(comparison, {})
        people = {metric: of_metric for metric, of_metric in held.items() if metric not in OF_OUTCOMES}
        return segment_numbers(people, numbers)

    def with_outcomes(comparison: str) -> list[Measured]:
        held = cells.get(comparison, {})
        return measured(comparison) + outcome_changes(of, run, warehouse, comparison, held)

    rows = [dated(of, row, run) for row in compared(run, name, with_outcomes)] + unjudged(of, run)
    rows += under_the_same_rules(run, name, rows, measured)
    rows += given_earlier(run, rows, cells, published_numbers(numbers))
    moved, of_moves = moves(of)
    trend = trend_rows(
        run,
        name,
        lambda runs: [
            *measured_slopes(warehouse, _people(of), runs, published_numbers(numbers)),
            *measured_slopes(warehouse, moved, runs, of_moves),
        ],
    )
    rows += [dated(of, row, run) for row in trend]
    return known_of_earlier(run, name, known_changes(of, run, rows), warehouse, of.home.members)


def _people(of: Segmentation) -> str:
    """SQL of the members of every run, with the features whose mean is published in the units of their
    sums."""
    home = of.home
    amounts = "".join(
        f", cast(round({feature} * {catalogue()[feature].scale}, 0) as bigint) as {feature}"
        for feature in of.means
    )
    known = f"members.run_key, members.{home.person} as person, members.{home.segment} as segment, members.is_dormant{amounts}"
    if not home.is_shared:
        return f"select {known} from {home.members} as members"
    return (
        f"select {known} from {home.members} as members inner join {TABLE} as features"
        f" on members.run_key = features.run_key and members.user_id = features.user_id where members.segmentation = '{of.name}'"
    )
