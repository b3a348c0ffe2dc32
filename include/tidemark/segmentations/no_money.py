"""Segmentations of a deployment without transactions: what is made of money is null, and says why."""

from collections.abc import Sequence

from include.tidemark.run import Run
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.statistics.change_rows import ChangeRow, without_change
from include.tidemark.statistics.results import ResultRow, without_number
from include.tidemark.statistics.segment_pairs import mean_difference

_REASON = "no_transactions"


def known_rows(of: Segmentation, run: Run, rows: Sequence[ResultRow]) -> list[ResultRow]:
    """The rows; without transactions those of amounts are null, and there are as many of them."""
    metrics = {metric for feature in _of_money(of, run) for metric in _metrics(of, feature)}
    return [without_number(row, _REASON) if row.metric in metrics else row for row in rows]


def known_changes(of: Segmentation, run: Run, rows: Sequence[ChangeRow]) -> list[ChangeRow]:
    """The same of changes."""
    metrics = {metric for feature in _of_money(of, run) for metric in _metrics(of, feature)}
    return [without_change(row, _REASON) if row.metric in metrics else row for row in rows]


def _of_money(of: Segmentation, run: Run) -> list[str]:
    if not run.lacks("transactions"):
        return []
    return [feature for feature in of.means if catalogue()[feature].unit == "money"]


def _metrics(of: Segmentation, feature: str) -> tuple[str, ...]:
    mean = of.mean_of(feature)
    return mean, mean_difference(mean), of.quantile_of(feature)
