"""The change of a mean given what each user had in the earlier month (CUPED, analysis of covariance), where
that says more.

Who had much then tends to have less now, and the reverse, so a part of the users' changes is foretold. For
the users who are in both months, and for these amounts of then, it is no chance: the interval is about how
much *they* were to change, and narrower. It is no interval for other users, whose amounts of then would have
been others. Source: Deng, Xu, Kohavi and Walker 2013.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.tidemark.statistics.change import Number
from include.tidemark.statistics.change_rows import ChangeRow, adjusted_rows, change_row
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.measured import NOBODY
from include.tidemark.statistics.pairs import PairCells, change_given_earlier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

METHOD = "ancova"
NARROWER = 0.95
"""The part of the interval on pairs that is left at most: a row that says hardly more is not published."""


def metric_given_earlier(mean: str) -> str:
    """The metric of the rows, by that of the mean."""
    return f"{mean}_given_earlier"


def rows_given_earlier(
    rows: Sequence[ChangeRow],
    cells: Mapping[str, PairCells],
    numbers: Iterable[Number],
    config: StatisticsConfig,
    margin_pct: float,
) -> list[ChangeRow]:
    """A row of each mean whose interval is narrower by it, adjusted among themselves.

    Args:
        rows: the changes on pairs, of one comparison.
        cells: metric -> cells of the same people.
        numbers: what the rows are of.
        config: the run's settings.
        margin_pct: what counts as no change, in per cent of the earlier mean.
    """
    found: list[ChangeRow] = []
    on_pairs = {(row.metric, row.segment): row for row in rows}
    for number in numbers:
        of, pairs = cells.get(number.source, NOBODY), on_pairs.get((number.metric, number.segment))
        # A difference has two sides, each with a past of its own.
        is_mean = number.form == "mean" and number.versus is None
        change = change_given_earlier(of, number.of, number.unit) if is_mean else None
        if pairs is None or change is None or number.of_all is None:
            continue
        everybody = change_given_earlier(of, None, number.unit)
        known = ChangeRow(
            metric_given_earlier(number.metric),
            "mean",
            pairs.comparison,
            number.segment,
            confidence_level=config.confidence_level,
            method=METHOD,
            reason="no_variation",
        )
        row = change_row(known, change, config, margin_pct, everybody.tail if everybody else None)
        if _is_narrower(row, pairs):
            found.append(row)
    return adjusted_rows(found)


def _is_narrower(row: ChangeRow, pairs: ChangeRow) -> bool:
    ends = row.ci_low, row.ci_high, pairs.ci_low, pairs.ci_high
    if None in ends:
        return False
    low, high, low_of_pairs, high_of_pairs = (float(end or 0) for end in ends)
    return high - low <= NARROWER * (high_of_pairs - low_of_pairs)
