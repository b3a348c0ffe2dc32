"""How the numbers of a segmentation changed since earlier months, on pairs of the same people."""

from include.tidemark.families.comparison_part import compared, pair_cells
from include.tidemark.run import Run
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.outcome_changes import OF_OUTCOMES, dated, outcome_changes, unjudged
from include.tidemark.segmentations.shipped import declared
from include.tidemark.statistics.change_rows import ChangeRow, Measured, Numbers, segment_numbers
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
        mine = cells.get(comparison, {})
        people = {metric: held for metric, held in mine.items() if metric not in OF_OUTCOMES}
        return segment_numbers(people, numbers) + outcome_changes(of, run, warehouse, comparison, mine)

    return [dated(of, row, run) for row in compared(run, name, measured)] + unjudged(of, run)
