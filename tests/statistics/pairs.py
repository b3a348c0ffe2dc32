"""Users of two months, and their pair cells by brute force."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from include.tidemark.statistics.pairs import PairCells


@dataclass(frozen=True)
class TwoMonths:
    """One entry per user: segment (None: not there) and amount in whole numbers, in each month."""

    earlier: Sequence[str | None]
    now: Sequence[str | None]
    then: Sequence[int]
    today: Sequence[int]

    def cells(self, width: int = 1_000) -> PairCells:
        """The cells that a warehouse makes: by both segments and a bin, here of the amounts' difference."""
        table: dict[tuple[Any, ...], np.ndarray] = {}
        for a, b, then, today in zip(self.earlier, self.now, self.then, self.today, strict=True):
            v0, v1 = (then if a is not None else 0), (today if b is not None else 0)
            row = np.array([1, v0, v1, v0 * v0, v1 * v1, v0 * v1, v0 != 0, v1 != 0], dtype=object)
            key = (a, b, (v1 - v0) // width)
            table[key] = table[key] + row if key in table else row
        names = (
            "n", "prior_s1", "later_s1", "prior_s2", "later_s2", "cross_s2", "prior_nonzero", "later_nonzero",
        )  # fmt: skip
        return PairCells.from_rows(
            {"from_segment": a, "to_segment": b} | dict(zip(names, map(int, sums), strict=True))
            for (a, b, _), sums in table.items()
        )

    def swapped(self) -> "TwoMonths":
        return TwoMonths(self.now, self.earlier, self.today, self.then)

    def amounts(self, kind: str, segment: str | None) -> tuple[np.ndarray, ...]:
        """x0, y0, x1, y1 of each user, of which the number is sum y / sum x."""
        in0, in1 = (
            np.array([name is not None and segment in (None, name) for name in names], dtype=float)
            for names in (self.earlier, self.now)
        )
        there0, there1 = (
            np.array([name is not None for name in names], dtype=float) for names in (self.earlier, self.now)
        )
        if kind == "share":
            return there0, in0, there1, in1
        return in0, in0 * np.array(self.then, dtype=float), in1, in1 * np.array(self.today, dtype=float)

    def influence(self, kind: str, segment: str | None) -> np.ndarray:
        """Of each user on the change."""
        x0, y0, x1, y1 = self.amounts(kind, segment)
        if kind in ("count", "sum"):
            return x1 - x0 if kind == "count" else y1 - y0
        r0, r1 = y0.sum() / x0.sum(), y1.sum() / x1.sum()
        return (y1 - r1 * x1) / x1.sum() - (y0 - r0 * x0) / x0.sum()


def customers(
    rng: np.random.Generator, users: int, shift: float = 0.0, churn: float = 0.06, moving: float = 0.1
) -> TwoMonths:
    """Two months of a portfolio: a third of the people is in segment A, who leave it as often as others come.

    Args:
        rng: the random stream.
        users: how many there are in the earlier month.
        shift: by how much the share of A grows.
        churn: share who leave, and who join.
        moving: share of A that moves away.
    """
    third = 1 / 3
    was = rng.random(users) < third
    coming = (third * moving + shift) / (1 - third)
    is_now = np.where(was, rng.random(users) > moving, rng.random(users) < coming)
    spend = np.where(rng.random(users) < 0.3, 0, rng.lognormal(9, 1.2, users)).astype(int)
    later = (spend * rng.lognormal(0, 0.2, users)).astype(int)
    stays = rng.random(users) > churn
    joined = rng.binomial(users, churn)
    earlier = [*("A" if a else "B" for a in was), *[None] * joined]
    now = [
        *(("A" if a else "B") if stay else None for a, stay in zip(is_now, stays, strict=True)),
        *("A" if a else "B" for a in rng.random(joined) < third + shift),
    ]
    fresh = np.where(rng.random(joined) < 0.3, 0, rng.lognormal(9, 1.2, joined)).astype(int)
    return TwoMonths(earlier, now, [*spend.tolist(), *[0] * joined], [*later.tolist(), *fresh.tolist()])


def spenders(rng: np.random.Generator, users: int, kept: float) -> TwoMonths:
    """Users of one segment whose logarithmic spend keeps that part of its distance from the common mean."""
    then = rng.normal(0, 0.6, users)
    return of_one_segment(then, kept * then + rng.normal(0, 0.6 * np.sqrt(1 - kept**2), users))


def of_one_segment(then: np.ndarray, today: np.ndarray) -> TwoMonths:
    """Users of one segment in both months, from the logarithms of what they spent."""
    amounts = [np.round(10_000 * np.exp(month)).astype(int).tolist() for month in (then, today)]
    return TwoMonths(["A"] * len(then), ["A"] * len(then), *amounts)
