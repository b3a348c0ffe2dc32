"""Months of users who came in weeks or on days with a shock of their own and no effect: how often does a
number seem to change?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.change import TREND
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.trust import tail_of
from include.tidemark.statistics.unit_changes import unit_change_rows
from include.tidemark.statistics.unit_months import Key, UnitNumber

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from include.tidemark.statistics.change_rows import ChangeRow

KEY: Key = ("retention_in_window", "10 bps", "week 1")
CONFIG = StatisticsConfig("2026-11-01")


class Design(NamedTuple):
    """How months overlap.

    Attributes:
        units: weeks or days of all months together.
        new: those that each month has beyond the one before.
        left: the oldest, which each month no longer looks at.
        users: of a unit of middle size.
        spread: standard deviation of the logarithm of the units' sizes.
        is_amount: whether users pay amounts (lognormal, sigma 1); else 1 in 3 is back.
        months: how many; more than two are a trend.
    """

    units: int
    new: int
    left: int = 0
    users: int = 150
    spread: float = 0.0
    is_amount: bool = False
    months: int = 2


DESIGNS = {
    "7 weeks, 1 new": Design(7, 1),
    "7 weeks of unlike size, 1 new": Design(7, 1, spread=0.7),
    "12 weeks, 4 new": Design(12, 4),
    "12 weeks of unlike size, 4 new": Design(12, 4, spread=0.7),
    "26 weeks, 4 new": Design(26, 4),
    "26 weeks of unlike size, 4 new": Design(26, 4, spread=0.7),
    "26 weeks, 5 new, 5 left": Design(26, 5, 5),
    "26 weeks of unlike size, 5 new, 5 left": Design(26, 5, 5, spread=0.7),
    "amounts, 26 weeks, 4 new": Design(26, 4, is_amount=True),
    "amounts, 26 weeks of unlike size, 4 new": Design(26, 4, spread=0.7, is_amount=True),
    "trend over six months, 26 weeks, 4 new a month": Design(26, 4, months=6),
    "trend over six months, 40 weeks of unlike size, 4 new, 3 left": Design(40, 4, 3, spread=0.7, months=6),
    "trend over twelve months, 60 weeks, 4 new": Design(60, 4, months=12),
    "trend over six months, amounts, 40 weeks, 4 new": Design(40, 4, is_amount=True, months=6),
    "trend over six months, 330 days, 30 new, 30 left": Design(330, 30, 30, users=15, spread=0.3, months=6),
    "180 days, 30 new": Design(180, 30, users=15, spread=0.3),
    "365 days, 30 new, 30 left": Design(365, 30, 30, users=15, spread=0.3),
}


def change_of(*months: UnitNumber) -> ChangeRow:
    """The row of one number in two months or more."""
    comparison = "previous" if len(months) == 2 else TREND
    (row,) = unit_change_rows([{KEY: month} for month in months], comparison, CONFIG, 2)
    return row


def months_of(random: np.random.RandomState, shock: float, design: Design) -> list[UnitNumber]:
    """The number of each month, of units whose log odds (log amounts) differ by a normal shock alone."""
    spread = np.exp(design.spread * random.standard_normal(design.units))
    sizes = np.maximum(np.rint(design.users * spread), 1).astype(np.int64)
    moved = shock * random.standard_normal(design.units)
    names = [f"{place:04}" for place in range(design.units)]
    if not design.is_amount:
        odds = 0.5 * np.exp(moved)
        back = random.binomial(sizes, odds / (1 + odds))
        held = {name: (int(n), float(k)) for name, n, k in zip(names, sizes, back, strict=True)}
        return [UnitNumber("share", {name: held[name] for name in part}) for part in _months(names, design)]
    amounts = [
        np.rint(1000 * np.exp(level + random.standard_normal(n))).astype(np.int64)
        for n, level in zip(sizes, moved, strict=True)
    ]
    paid = dict(zip(names, amounts, strict=True))
    return [_of_amounts({name: paid[name] for name in part}) for part in _months(names, design)]


def alarms(random: np.random.RandomState, shock: float, design: Design, samples: int) -> NDArray[np.bool_]:
    """Whether each sample's change has a p-value of at most 5 %."""
    found = [change_of(*months_of(random, shock, design)).p_value for _ in range(samples)]
    return np.array([p is not None and p <= 0.05 for p in found])


def _months(names: list[str], design: Design) -> list[list[str]]:
    """The units that each month has."""
    to_come = range(design.months - 1, -1, -1)
    return [
        names[design.left * place : len(names) - design.new * missing]
        for place, missing in enumerate(to_come)
    ]


def _of_amounts(paid: dict[str, NDArray[np.int64]]) -> UnitNumber:
    cells = Cells.from_rows(
        {"bin": name, "n": len(x), "s1": int(x.sum()), "s2": int((x**2).sum()), "s3": int((x**3).sum())}
        for name, x in paid.items()
    )
    units = {name: (len(x), float(x.sum())) for name, x in paid.items()}
    return UnitNumber("mean", units, users=cells, everybody=tail_of(cells))
