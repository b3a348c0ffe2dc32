"""How far a segment's numbers can be relied on: sample size, completeness and variance in one figure between
0 and 1."""

from __future__ import annotations

import math

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.results import ResultRow, null_row

WEIGHTS = (0.4, 0.3, 0.3)
CONFIDENCE_THRESHOLD = 0.85
# A relative standard error of a tenth halves the part for the variance.
_HALF_AT = 0.1


def confidence_score(cells: Cells, completeness: float, minimum_sample_size: int) -> float:
    """0.4 n / (n + n_min) + 0.3 completeness + 0.3 / (1 + (se / (0.1 |mean|))^2); 0 for nobody.

    Args:
        cells: the metric of the segment's users.
        completeness: share of fields of these users that are not null.
        minimum_sample_size: n_min, at which the part for the size is a half.

    >>> rows = [{"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in [9, 10, 11] * 100]
    >>> round(confidence_score(Cells.from_rows(rows), 1.0, 30), 4)
    0.963
    """
    if not 0 <= completeness <= 1:
        raise ValueError(f"completeness must lie between 0 and 1, got {completeness!r}.")
    if cells.size == 0:
        return 0.0
    size = cells.size / (cells.size + minimum_sample_size) if minimum_sample_size else 1.0
    if cells.variance == 0:
        steadiness = 1.0
    elif cells.mean == 0 or cells.size < 2:
        steadiness = 0.0
    else:
        relative = math.sqrt(cells.variance / (cells.size - 1)) / abs(cells.mean)
        steadiness = 1 / (1 + (relative / _HALF_AT) ** 2)
    return WEIGHTS[0] * size + WEIGHTS[1] * completeness + WEIGHTS[2] * steadiness


def segment_confidence(
    segment: str,
    cells: Cells,
    completeness: float,
    config: StatisticsConfig,
    *,
    threshold: float = CONFIDENCE_THRESHOLD,
) -> ResultRow:
    """The ``segment_confidence`` row: a description without an interval; below the threshold its flag is
    ``caution``."""
    if cells.size == 0:
        return null_row("segment_confidence", "weighted", "empty_segment", segment=segment, n=0)
    score = confidence_score(cells, completeness, config.minimum_sample_size)
    trust, reason = ("ok", "descriptive") if score >= threshold else ("caution", "low_score")
    return ResultRow(
        "segment_confidence",
        score,
        "weighted",
        segment=segment,
        n=cells.size,
        trust=trust,
        reason=reason,
    )
