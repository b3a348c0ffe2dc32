"""How the numbers of a segmentation changed since earlier months, on pairs of the same people."""

from include.tidemark.families.comparison_part import COMPARISONS, earlier_run
from include.tidemark.families.statistics_config import statistics_config
from include.tidemark.run import Run
from include.tidemark.segmentations import counts
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.shipped import declared
from include.tidemark.statistics.change_rows import ChangeRow, Numbers, segment_changes
from include.tidemark.statistics.pairs import PairCells
from include.tidemark.warehouse.base import Row, Warehouse


def changes(name: str, run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of each share, count, mean and sum of a segmentation."""
    of = declared(name, run)
    numbers = Numbers(
        segments=of.names,
        means={feature: of.mean_of(feature) for feature in of.means},
        sums={feature: f"total_{feature}" for feature in of.home.totals},
        units={feature: catalogue()[feature].scale for feature in of.means},
    )
    found: dict[tuple[str, str], list[Row]] = {}
    for row in counts.pair_cells(of, run, warehouse):
        found.setdefault((row["comparison"], row["metric"]), []).append(row)
    cells = {key: PairCells.from_rows(rows) for key, rows in found.items()}
    return [
        row
        for comparison in COMPARISONS
        for row in segment_changes(
            {metric: held for (which, metric), held in cells.items() if which == comparison}
            if earlier_run(run, name, comparison)
            else None,
            numbers,
            statistics_config(run),
            comparison=comparison,
            margin_pct=run.rules.no_change_margin_pct,
        )
    ]
