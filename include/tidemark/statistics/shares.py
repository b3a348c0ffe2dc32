"""The rows of shares of a sum: how much of the volume, the fees or the revenue of all users is each
segment's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, stdtrit

from include.tidemark.statistics.cells import Cells, Floats, merge
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.resampling import percentile_interval, totals
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.trust import Flag, Sample, Tail, flag, precise, tail_of_influence, weakest

if TYPE_CHECKING:
    from collections.abc import Mapping

METHODS = ("logit_delta", "percentile_bootstrap")
FLAGGED_AS = ("logit_delta", "percentile_of_share")


def share_rows(
    metric: str,
    cells: Mapping[str, Cells],
    config: StatisticsConfig,
    *,
    reference: Mapping[str, Tail | None] | None = None,
    horizon: str | None = None,
) -> list[ResultRow]:
    """A ``logit_delta`` and a ``percentile_bootstrap`` row of each segment's share of the sum over all
    segments.

    The number of users of a segment is as random as their amounts. So the replicates draw an independent
    Poisson number of users from each cell (Chamandy et al. 2012); in each replicate the shares sum to 1.

    Args:
        metric: the rows' metric, part of the seed.
        cells: segment -> one amount per user, zeros included, in any one unit. The segments share no user.
        config: the run's settings.
        reference: the `tails` of the same segments over a longer time, which show what these users may lack
            by chance.
        horizon: the rows' horizon, part of the seed.

    Returns:
        Two rows per segment, n being all users. Null where the sum is not above zero (``zero_denominator``),
        or where the segment or all users are below a minimum size. A share that is not strictly between 0 and
        1 has no interval.

    >>> def users(amounts):
    ...     return Cells.from_rows({"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in amounts)
    >>> cells = {"whale": users([900] * 20 + [700] * 20), "minnow": users([1, 3] * 100)}
    >>> rows = share_rows("volume_share", cells, StatisticsConfig("2026-11-01"))
    >>> [(row.segment, row.estimate) for row in rows if row.method == "logit_delta"]
    [('whale', 0.987654320988), ('minnow', 0.0123456790123)]
    """
    everybody = merge(cells.values())
    absent = withheld(everybody, config) or ("zero_denominator" if everybody.sums[0] <= 0 else None)
    sources = {segment: stream(config.as_of_date, metric, segment, horizon) for segment in cells}
    drawn: dict[str, Floats] = {}
    if absent is None:
        drawn = {
            segment: totals(held, sources[segment], config.n_resamples, poisson=True)[:, 1]
            for segment, held in cells.items()
            if held.size
        }
    whole = np.sum(list(drawn.values()), axis=0)
    rows: list[ResultRow] = []
    for segment, held in cells.items():
        known: dict[str, Any] = {
            "segment": segment,
            "horizon": horizon,
            "n": everybody.size,
            "confidence_level": config.confidence_level,
        }
        replicated = {
            **known,
            "n_resamples": config.n_resamples,
            "seed": sources[segment].seed,
            "is_primary": False,
        }
        reason = absent or withheld(held, config)
        if reason:
            fields = zip(METHODS, (known, replicated), strict=True)
            rows += [null_row(metric, method, reason, **more) for method, more in fields]
            continue
        share = _Share.of(segment, cells)
        sample = Sample(share.tail, None if reference is None else reference[segment])
        flags = [weakest(share.steadiness, flag(method, sample)) for method in FLAGGED_AS]
        rows.append(_delta_row(metric, share, flags[0], known))
        rows.append(_bootstrap_row(metric, share, (drawn[segment], whole), flags[1], replicated))
    return rows


def tails(cells: Mapping[str, Cells]) -> dict[str, Tail | None]:
    """The tail of each segment's share of the sum over all segments; None where that sum is not above
    zero."""
    found = {segment: _Share.of(segment, cells) for segment in cells}
    return {
        segment: share.tail if share.users and share.mean > 0 else None for segment, share in found.items()
    }


def _delta_row(metric: str, share: _Share, found: Flag, known: dict[str, Any]) -> ResultRow:
    value = share.value
    if not 0 < value < 1:
        reason = "no_variation" if value == 1 else "not_positive"
        return ResultRow(metric, value, METHODS[0], reason=reason, **known)
    t = float(stdtrit(known["n"] - 1, 0.5 + known["confidence_level"] / 2))
    half, centre = t * share.error / (value * (1 - value)), math.log(value / (1 - value))
    low, high = float(expit(centre - half)), float(expit(centre + half))
    trust, warning = found
    return ResultRow(
        metric, value, METHODS[0], ci_low=low, ci_high=high, trust=trust, reason=warning, **known
    )


def _bootstrap_row(
    metric: str, share: _Share, drawn: tuple[Floats, Floats], found: Flag, known: dict[str, Any]
) -> ResultRow:
    own, whole = drawn
    if share.value == 1 or whole.min() <= 0:
        reason = "no_variation" if share.value == 1 else "unbounded_interval"
        return ResultRow(metric, share.value, METHODS[1], reason=reason, **known)
    low, high = percentile_interval(own / whole, known["confidence_level"])
    trust, warning = found
    return ResultRow(
        metric, share.value, METHODS[1], ci_low=low, ci_high=high, trust=trust, reason=warning, **known
    )


@dataclass(frozen=True)
class _Share:
    """The share of some users in the sum, and what a user's influence on it is: u = (x inside - share x) /
    mean x."""

    inside: Cells
    rest: Cells

    @classmethod
    def of(cls, segment: str, cells: Mapping[str, Cells]) -> _Share:
        return cls(cells[segment], merge(held for name, held in cells.items() if name != segment))

    @cached_property
    def users(self) -> int:
        return self.inside.size + self.rest.size

    @cached_property
    def mean(self) -> float:
        return float((self.inside.sums[0] + self.rest.sums[0]) / self.users)

    @cached_property
    def value(self) -> float:
        return float(self.inside.sums[0]) / float(self.inside.sums[0] + self.rest.sums[0])

    @cached_property
    def error(self) -> float:
        """Standard error by the delta method."""
        squares = (1 - self.value) ** 2 * float(self.inside.sums[1]) + self.value**2 * float(
            self.rest.sums[1]
        )
        return math.sqrt(squares / self.users / self.mean**2 / max(self.users - 1, 1))

    @cached_property
    def tail(self) -> Tail:
        parts = ((self.inside, 1 - self.value), (self.rest, -self.value))
        found = ((cells.moments, factor) for cells, factor in parts if cells.size)
        # The mean cancels in a tail's figures, and its cube could be beyond floating point.
        return tail_of_influence(*((n, factor * x, factor**2 * v) for (n, x, v), factor in found))

    @cached_property
    def steadiness(self) -> Flag:
        squares = float(self.inside.sums[1] + self.rest.sums[1]) / self.users
        denominator = math.sqrt(max(squares - self.mean**2, 0.0) / max(self.users - 1, 1)) / abs(self.mean)
        odds = self.value * (1 - self.value)
        return precise(denominator, self.error / abs(odds) if odds else math.inf)
