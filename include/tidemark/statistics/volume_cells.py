"""Volumes of users in periods, summed into cells: all that the elasticity models have to know about them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Floats = NDArray[np.float64]
Labels = NDArray[np.str_]

NUMBERS = ("fee_bps", "n", "log_sum", "log_squares", "volume_usd")


@dataclass(frozen=True)
class VolumeCells:
    """One entry per cell of users alike in period, segment, fee, controls and (about) volume. Make it with
    `from_rows`.

    Attributes:
        period: the period's name; errors are shared within it.
        segment: the segment's name.
        fee_bps: the fee that the users of the cell paid, in basis points.
        n: users of the cell.
        log_sum: sum of log(volume_usd + 1).
        log_squares: sum of its squares.
        volume_usd: sum of the volumes, in US dollars. The logarithm depends on the unit, so it is part of the
            name.
        controls: (cells, controls), equal within a period: prices, trend.
        control_names: their names.
    """

    period: Labels
    segment: Labels
    fee_bps: Floats
    n: Floats
    log_sum: Floats
    log_squares: Floats
    volume_usd: Floats
    controls: Floats
    control_names: tuple[str, ...]

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]], controls: Sequence[str] = ()) -> VolumeCells:
        """From a GROUP BY over period, segment, fee and a bin of the volume.

        Args:
            rows: records with the keys ``period, segment, fee_bps, n, log_sum, log_squares, volume_usd`` and
                the controls.
            controls: names of the control columns.

        Raises:
            ValueError: for a missing column, a value that is not finite, or a negative count or volume.

        >>> row = {"period": "w1", "segment": "whale", "fee_bps": 5, "n": 2, "volume_usd": 20.0, "btc_usd": 6e4,
        ...        "log_sum": 4.8, "log_squares": 11.5}
        >>> VolumeCells.from_rows([row], ["btc_usd"]).n.tolist()
        [2.0]
        """  # noqa: W505
        held = list(rows)
        for row in held:
            missing = [name for name in ("period", "segment", *NUMBERS, *controls) if name not in row]
            if missing:
                raise ValueError(f"column {missing[0]!r} is missing; the row has {sorted(row)}.")
        numbers = np.array([[float(row[name]) for name in (*NUMBERS, *controls)] for row in held])
        numbers = numbers.reshape(-1, len(NUMBERS) + len(controls))
        period, segment = (
            np.array([str(row[name]) for row in held], dtype=np.str_) for name in ("period", "segment")
        )
        return cls._of(period, segment, numbers, controls)

    @classmethod
    def _of(cls, period: Labels, segment: Labels, numbers: Floats, controls: Sequence[str]) -> VolumeCells:
        if not np.isfinite(numbers).all():
            raise ValueError("fees, counts, sums and controls must be finite.")
        if (numbers[:, [1, 4]] < 0).any():
            raise ValueError("n and volume_usd must be 0 or more in each cell.")
        kept = np.flatnonzero(numbers[:, 1] > 0)
        order = kept[np.lexsort([*numbers[kept].T, segment[kept], period[kept]])]
        fee, n, logs, squares, volume = (numbers[order, place] for place in range(len(NUMBERS)))
        rest = numbers[order, len(NUMBERS) :]
        return cls(period[order], segment[order], fee, n, logs, squares, volume, rest, tuple(controls))

    def only(self, chosen: NDArray[np.bool_]) -> VolumeCells:
        """The chosen cells."""
        return replace(self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)[:-1]})

    def regrouped(self, names: Mapping[str, str]) -> VolumeCells:
        """The same cells with periods joined: each gets the name that `names` has for it."""
        return replace(
            self, period=np.array([names[period] for period in self.period.tolist()], dtype=np.str_)
        )

    def fees_of(self, period: str) -> list[float]:
        """The fee of each cell of a period."""
        return list(self.fee_bps[self.period == period].tolist())

    def periods_of(self, segment: str) -> int:
        """In how many periods the segment had users."""
        return len(set(self.period[self.segment == segment].tolist()))

    def fee_levels(self, segment: str) -> list[tuple[str, float]]:
        """The distinct (period, fee) of a segment."""
        inside = self.segment == segment
        return sorted(set(zip(self.period[inside].tolist(), self.fee_bps[inside].tolist(), strict=True)))

    def design(self, segments: Sequence[str]) -> tuple[Floats, tuple[str, ...]]:
        """An intercept and a fee slope for each segment, and the controls; fee and controls centred.

        Returns:
            The design (cells, columns) and its names; the slope of a segment is ``fee:<segment>``.
        """
        centre = np.average(self.fee_bps, weights=self.n)
        inside = [(self.segment == name).astype(np.float64) for name in segments]
        columns = [*inside, *(part * (self.fee_bps - centre) for part in inside)]
        names = [f"is:{name}" for name in segments] + [f"fee:{name}" for name in segments]
        if self.control_names:
            middle = np.average(self.controls, axis=0, weights=self.n)
            spread = np.sqrt(np.average((self.controls - middle) ** 2, axis=0, weights=self.n))
            columns += list(((self.controls - middle) / np.where(spread > 0, spread, 1.0)).T)
        return np.column_stack(columns), (*names, *self.control_names)
