"""What share of the customers each segment should hold: the reference's middle, or what `--shares` asks
for."""

import difflib
import math
from dataclasses import dataclass

from include.tidemark.errors import TidemarkError
from include.tidemark.suggest.segmentation import REFERENCE_SHARES_PCT, SEGMENTS

_NEAR_POINTS = 2.5
"""Half the width of the reference's ranges: as near as the reference itself is exact."""
_EXAMPLE = '--shares "High-Value Travelers=5,Declining=15"'


class SharesError(TidemarkError):
    """The wish for shares can't be understood or can't come true."""


@dataclass(frozen=True)
class Aim:
    """The share that a segment should come near."""

    segment: str
    share_pct: float
    wished: bool
    """Whether somebody asked for it; else it is the reference's, and today's rules stay where they come near
    it."""

    @property
    def tolerance_pct(self) -> float:
        """How many percentage points from it still count as near."""
        return min(_NEAR_POINTS, self.share_pct / 2)

    def is_near(self, count: float, customers: int) -> bool:
        """Whether that many customers are near it; with few customers, no share in between may exist."""
        return abs(count - self.wanted(customers)) <= self.tolerance(customers)

    def wanted(self, customers: int) -> int:
        """The share as a number of customers."""
        return round(self.share_pct / 100 * customers)

    def tolerance(self, customers: int) -> float:
        """The tolerance as a number of customers."""
        return max(self.tolerance_pct / 100 * customers, 0.5)


def aims(shares: str | None = None) -> dict[str, Aim]:
    """The aim of each segment, in order of priority; together 100 %.

    Args:
        shares: `segment=per cent` pairs, separated by commas. The segments that it leaves out share the rest
            as they do in the reference.

    Raises:
        SharesError: a segment is unknown or named twice, a share is no number from 0 to 100, or they can't be
            had together.

    >>> {aim.segment: aim.share_pct for aim in aims("Declining=26").values()}
    {'High-Value Travelers': 10.0, 'Declining': 26.0, 'New & Growing': 10.0, 'Budget-Conscious': 18.0, 'Stable Mid-Spenders': 36.0}
    """  # noqa: W505
    wished = {} if shares is None else _parse(shares)
    total = sum(wished.values())
    if total > 100 + 1e-9:
        raise SharesError(
            f"The shares of --shares sum to {total:g} %, and every customer is in one segment; let them sum to at most 100."
        )
    reference = {name: sum(REFERENCE_SHARES_PCT[name]) / 2 for name in SEGMENTS if name not in wished}
    if not reference and total < 100 - 1e-9:
        raise SharesError(
            f"The shares of --shares name all five segments and sum to {total:g} %; let them sum to 100, or leave out"
            f" {SEGMENTS[-1]}, which holds whoever is left."
        )
    rest = (100 - total) / sum(reference.values()) if reference else 0
    return {
        name: Aim(name, wished.get(name, reference.get(name, 0) * rest), name in wished) for name in SEGMENTS
    }


def _parse(text: str) -> dict[str, float]:
    known = {name.casefold(): name for name in SEGMENTS}
    wished: dict[str, float] = {}
    for pair in text.split(","):
        name, sign, number = (part.strip() for part in pair.rpartition("="))
        if not sign or not name:
            raise SharesError(
                f"--shares holds {pair.strip()!r}, which is no pair of segment and per cent; write it as {_EXAMPLE}."
            )
        if name.casefold() not in known:
            near = difflib.get_close_matches(name.casefold(), known, n=1)
            hint = f"did you mean {known[near[0]]!r}?" if near else f"the segments are {', '.join(SEGMENTS)}."
            raise SharesError(f"--shares names the unknown segment {name!r}; {hint}")
        segment = known[name.casefold()]
        if segment in wished:
            raise SharesError(f"--shares names {segment} twice; name it once.")
        wished[segment] = _per_cent(segment, number)
    return wished


def _per_cent(segment: str, text: str) -> float:
    try:
        share = float(text.removesuffix("%"))
    except ValueError:
        share = math.nan
    if not 0 <= share <= 100:
        raise SharesError(f"--shares gives {segment} the share {text!r}, which is no number from 0 to 100.")
    return share
