"""Which differences the report of a run calls discoveries: decided where the rows of all its questions are
together."""

import logging

from include.tidemark.run import Run
from include.tidemark.statistics.multiplicity import Selection, select_families
from include.tidemark.warehouse.base import Warehouse

log = logging.getLogger(__name__)


def select_discoveries(run: Run, warehouse: Warehouse) -> Selection:
    """Which families of comparisons hold something. Only the row by which a number is read can be a
    discovery."""
    families = warehouse.fetch(
        "select family, comparison_family, min(p_adjusted) as smallest from runs.statistics"
        " where run_key = ? and is_primary and p_adjusted is not null group by family, comparison_family",
        (run.run_key,),
    )
    return select_families(
        [float(row["smallest"]) for row in families], float(run.rules.segmentation_significance_threshold)
    )


def mark_discoveries(run: Run, warehouse: Warehouse) -> Selection:
    """Set `is_discovery` in the run's rows of `runs.statistics`; returns the selection. Marked again, the
    rows stay the same."""
    selection = select_discoveries(run, warehouse)
    warehouse.execute(
        "update runs.statistics set is_discovery = (is_primary and p_adjusted <= ?)"
        " where run_key = ? and p_adjusted is not null",
        (selection.level, run.run_key),
    )
    log.info(
        "%s of %s families of comparisons hold something; discoveries are at or below %.3g",
        selection.selected,
        selection.families,
        selection.level,
    )
    return selection
