"""How the numbers of a segmentation changed since earlier months, on pairs of the same people."""

from include.tidemark.families.comparison_part import compared, pair_cells
from include.tidemark.run import Run
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.shipped import declared
from include.tidemark.statistics.change_rows import ChangeRow, Numbers, segment_numbers
from include.tidemark.warehouse.base import Warehouse


def changes(name: str, run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of each share, count, mean and sum of a segmentation."""
    of = declared(name, run)
    numbers = Numbers(
        segments=of.names,
        means={feature: of.mean_of(feature) for feature in of.means},
        sums={feature: f"total_{feature}" for feature in of.home.totals},
        units={feature: catalogue()[feature].scale for feature in of.means},
    )
    cells = pair_cells(run, warehouse, of.home.table("pair_cells"), of.mine(run.run_key))
    return compared(run, name, lambda comparison: segment_numbers(cells.get(comparison, {}), numbers))
