"""Users over several months, the sums that a warehouse makes of them, and each user's influence by the
formula."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from include.tidemark.statistics.change import Change, Number, slope_weights
from include.tidemark.statistics.change_rows import ChangeRow, change_row
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.trends import METHOD, Found, Influences, Sums, influences, slope

CONFIG = StatisticsConfig("2026-11-01")
SHARE = Number("segment_share", "share", "members", "1", "1")
MEAN = Number("mean_spend", "mean", "spend", None, None, 100)


@dataclass(frozen=True)
class UserMonths:
    """Arrays of users by months: number of the segment (0: not there) and amount in whole numbers."""

    segments: np.ndarray
    amounts: np.ndarray

    def xy(self, number: Number) -> tuple[np.ndarray, np.ndarray]:
        """x and y of each user and month, of which the number is sum y / sum x; x is 1 over the number of
        users for sums."""
        there = self.segments > 0
        member = there if number.of is None else self.segments == int(number.of)
        amount = self.amounts / number.unit
        match number.form:
            case "share":
                return there.astype(float), member.astype(float)
            case "ratio":
                return there * amount, member * amount
            case "count":
                return member.astype(float), member.astype(float)
            case "sum":
                return member.astype(float), member * amount
        return member.astype(float), member * amount

    def values(self, number: Number) -> np.ndarray:
        """The number in each month."""
        if number.form == "quotient":
            return self.values(plain(number)) / self.values(subtracted(number))
        if number.versus:
            return self.values(plain(number)) - self.values(subtracted(number))
        x, y = self.xy(number)
        return y.sum(axis=0) if number.form in ("count", "sum") else y.sum(axis=0) / x.sum(axis=0)

    def influence(self, number: Number) -> np.ndarray:
        """Of each user on the least-squares slope."""
        if number.form == "quotient":
            return self._of_quotient(number)
        if number.versus:
            return self.influence(plain(number)) - self.influence(subtracted(number))
        x, y = self.xy(number)
        c = np.array(slope_weights(self.segments.shape[1]))
        if number.form in ("count", "sum"):
            return y @ c
        return ((y - x * self.values(number)) / x.sum(axis=0)) @ c

    def _of_quotient(self, number: Number) -> np.ndarray:
        """By what the quotients' slope moves when a user counts a little more, by numerical
        differentiation."""
        c, step = np.array(slope_weights(self.segments.shape[1])), 1e-6
        (xa, ya), (xb, yb) = self.xy(plain(number)), self.xy(subtracted(number))

        def quotients(more: float) -> np.ndarray:
            a, b = ((y.sum(axis=0) + more * y) / (x.sum(axis=0) + more * x) for x, y in ((xa, ya), (xb, yb)))
            return (a / b) @ c

        return (quotients(step) - quotients(-step)) / (2 * step)

    def sums(self) -> list[Mapping[str, Sums]]:
        """By month and segment."""
        return [
            {
                str(name): Sums(
                    len(mine),
                    int(mine.sum()),
                    int((mine**2).sum()),
                    int((mine != 0).sum()),
                    int((mine < 0).sum()),
                )
                for name in np.unique(segments[segments > 0])
                for mine in [amounts[segments == name]]
            }
            for segments, amounts in zip(self.segments.T, self.amounts.T, strict=True)
        ]

    def found(self, of: Influences) -> Found:
        """What a warehouse finds of the users."""
        number, there = of.number, self.segments > 0
        member = there if number.of is None else self.segments == int(number.of)
        other = self.segments == int(number.versus or -1)
        counted = there if number.form in ("share", "ratio") else member | other
        yes = member if number.form == "share" else member & (self.amounts == 1)
        no = other if number.versus else counted & ~yes
        steps = np.zeros(len(there))
        for month, term in enumerate(of.terms or ()):
            (k, b), (other_k, other_b), (versus_k, versus_b) = term
            v = self.amounts[:, month]
            inside, outside = k + b * v, other_k + other_b * v
            at = np.where(member[:, month], inside, np.where(there[:, month], outside, 0.0))
            at = np.where(other[:, month], versus_k + versus_b * v, at)
            steps += np.round(at * of.scale)
        return Found(
            int(counted.any(axis=1).sum()),
            *(int((each[:, 0] & each[:, -1]).sum()) for each in (counted, yes, no)),
            *(int(each.sum()) for each in (steps**2, steps**3, np.abs(steps) ** 3)),
        )

    def slope(self, number: Number) -> Change:
        """The slope, from the sums."""
        of = influences(number, self.sums())
        member = self.segments == int(number.of or 0)
        yes = member if number.form == "share" else member & (self.amounts == 1)
        first, last = (int(yes[:, month].sum()) for month in (0, -1))
        second = (self.segments == int(number.versus)).sum(axis=0) if number.versus else None
        no = (int(second[0]), int(second[-1])) if second is not None else None
        return slope(of, self.found(of) if of.terms else None, (first, last), no)


def plain(number: Number) -> Number:
    """Of a difference, the number of the first segment."""
    return replace(number, form="mean" if number.form == "quotient" else number.form, versus=None)


def subtracted(number: Number) -> Number:
    """Of a difference, the number of the second segment."""
    return replace(plain(number), of=number.versus, segment=number.versus)


def windows(rng: np.random.Generator, users: int, months: int, trend: float = 0.0) -> UserMonths:
    """Users whose 90-day windows overlap from month to month, as a rolling segmentation sees them.

    A user's own level lasts; each month adds noise, and a window holds three months of it. Segment 1 is a sum
    above a line, and the amount is that sum. A twentieth of the users come and a twentieth go in the course
    of the months.

    Args:
        rng: the random stream.
        users: how many.
        months: how many windows.
        trend: by how many standard deviations of the noise the level of everybody rises in a month.
    """
    level = rng.normal(0, 1.0, (users, 1)) + trend * np.arange(months + 2)
    monthly = np.exp(level / 2 + rng.normal(0, 0.6, (users, months + 2)))
    spend = np.round(1_000 * sum(monthly[:, lag : lag + months] for lag in range(3))).astype(int)
    spend[rng.random(users) < 0.1] = 0
    first, last = rng.integers(-19 * months, months, users), rng.integers(1, 20 * months, users)
    place = np.arange(months)
    there = (place >= first[:, None]) & (place < np.maximum(first + 1, last)[:, None])
    segments = np.where(spend > 4_000, 1, 2) * there
    return UserMonths(segments, spend * there)


def row_of(world: UserMonths, number: Number, reference: Number | None = None) -> ChangeRow:
    """The row of the slope; `reference` gives the tail of all people."""
    known = ChangeRow(number.metric, number.kind, "trend", method=METHOD, reason="no_variation")
    tail = world.slope(reference).tail if reference else None
    return change_row(known, world.slope(number), CONFIG, 2, tail)


def alarms(
    rng: np.random.Generator, number: Number, trend: float, samples: int, users: int = 2_000
) -> np.ndarray:
    """Of each sample of six months whether the slope finds a trend, and whether a line through the six
    numbers does."""

    def found() -> tuple[bool, bool]:
        world = windows(rng, users, 6, trend)
        row = row_of(world, number, number.of_all)
        line = stats.linregress(np.arange(6), world.values(number))
        return (row.p_value or 0) < 0.05, line.pvalue < 0.05

    return np.array([found() for _ in range(samples)])
