"""Volumes of users in periods, summed into cells: all that the elasticity models have to know about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.str_]

_NUMBERS = ("fee_bps", "n", "log_sum", "log_squares", "volume_usd")
_PER_UNIT = 16


@dataclass(frozen=True)
class VolumeCells:
    """One entry per cell of users alike in period, segment, fee, controls and (about) volume. Make it with `from_rows`.

    Attributes:
        period: the period's name; errors are shared within it.
        segment: the segment's name.
        fee_bps: the fee that the users of the cell paid, in basis points.
        n: users of the cell.
        log_sum: sum of log(volume_usd + 1).
        log_squares: sum of its squares.
        volume_usd: sum of the volumes, in US dollars. The logarithm depends on the unit, so it is part of the name.
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
            rows: records with the keys ``period, segment, fee_bps, n, log_sum, log_squares, volume_usd`` and the controls.
            controls: names of the control columns.

        Raises:
            ValueError: for a missing column, a value that is not finite, or a negative count or volume.

        >>> row = {"period": "w1", "segment": "whale", "fee_bps": 5, "n": 2, "volume_usd": 20.0, "btc_usd": 6e4,
        ...        "log_sum": 4.8, "log_squares": 11.5}
        >>> VolumeCells.from_rows([row], ["btc_usd"]).n.tolist()
        [2.0]
        """
        held = list(rows)
        for row in held:
            missing = [name for name in ("period", "segment", *_NUMBERS, *controls) if name not in row]
            if missing:
                raise ValueError(f"column {missing[0]!r} is missing; the row has {sorted(row)}.")
        numbers = np.array([[float(row[name]) for name in (*_NUMBERS, *controls)] for row in held])
        numbers = numbers.reshape(-1, len(_NUMBERS) + len(controls))
        period, segment = (
            np.array([str(row[name]) for row in held], dtype=np.str_) for name in ("period", "segment")
        )
        return cls._of(period, segment, numbers, controls)

    @classmethod
    def from_users(
        cls,
        period: ArrayLike,
        segment: ArrayLike,
        fee_bps: ArrayLike,
        volume_usd: ArrayLike,
        controls: Mapping[str, ArrayLike] | None = None,
    ) -> VolumeCells:
        """From one entry per user and period. Users share a cell when log(volume + 1) agrees to a sixteenth.

        >>> VolumeCells.from_users(["w1", "w1"], ["a", "a"], [5, 5], [0.0, 0.0]).n.tolist()
        [2.0]
        """
        named = dict(controls or {})
        volume = np.asarray(volume_usd, dtype=np.float64)
        labels = [np.asarray(part).astype(np.str_) for part in (period, segment)]
        other = [np.asarray(part, dtype=np.float64) for part in (fee_bps, *named.values())]
        if len({len(part) for part in (volume, *labels, *other)}) > 1:
            raise ValueError(
                "period, segment, fee_bps, volume_usd and controls must have one entry per user."
            )
        if not np.isfinite(volume).all() or (volume < 0).any():
            raise ValueError("volume_usd must be finite and 0 or more.")
        logs = np.log1p(volume)
        keys = [np.ceil(logs * _PER_UNIT), *other[::-1], *labels[::-1]]
        # By volume within a cell, so that floating-point sums do not depend on the order of the users.
        order = np.lexsort([volume, *keys])
        keys = [key[order] for key in keys]
        changed = np.zeros(len(volume), dtype=bool)
        changed[:1] = True
        for key in keys:
            changed[1:] |= key[1:] != key[:-1]
        starts = np.flatnonzero(changed)
        if len(starts) == 0:
            return cls._of(labels[0], labels[1], np.zeros((0, len(_NUMBERS) + len(named))), tuple(named))
        logs, volume = logs[order], volume[order]
        sums = [np.add.reduceat(part, starts) for part in (np.ones(len(logs)), logs, logs**2, volume)]
        first = order[starts]
        numbers = np.column_stack([other[0][first], *sums, *(part[first] for part in other[1:])])
        return cls._of(labels[0][first], labels[1][first], numbers, tuple(named))

    @classmethod
    def _of(cls, period: Labels, segment: Labels, numbers: Floats, controls: Sequence[str]) -> VolumeCells:
        if not np.isfinite(numbers).all():
            raise ValueError("fees, counts, sums and controls must be finite.")
        if (numbers[:, [1, 4]] < 0).any():
            raise ValueError("n and volume_usd must be 0 or more in each cell.")
        kept = np.flatnonzero(numbers[:, 1] > 0)
        order = kept[np.lexsort([*numbers[kept].T, segment[kept], period[kept]])]
        fee, n, logs, squares, volume = (numbers[order, place] for place in range(len(_NUMBERS)))
        rest = numbers[order, len(_NUMBERS) :]
        return cls(period[order], segment[order], fee, n, logs, squares, volume, rest, tuple(controls))

    def only(self, chosen: NDArray[np.bool_]) -> VolumeCells:
        """The chosen cells."""
        return replace(self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)[:-1]})

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
