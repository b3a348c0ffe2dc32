"""Random streams that depend on what is estimated, not on when, where or in which order it is computed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALGORITHM_VERSION = "4"
"""Raise it with any change that alters published numbers; golden tests hold the bytes of each version."""

STREAM_VERSION = "1"
"""Part of every seed. Raise it only where what is drawn changes: a new one moves every bootstrap interval by
Monte Carlo noise."""

BLOCK_SIZE = 256

Floats = NDArray[np.float64]
Draw = Callable[[np.random.RandomState, int], Floats]


@dataclass(frozen=True)
class Stream:
    """The random numbers of one statistic, cut into blocks of 256 replicates that can be drawn in any order.

    Attributes:
        seed: 128-bit key as 32 hexadecimal digits; written beside the result.
    """

    seed: str

    def blocks(self, count: int) -> Iterator[np.random.RandomState]:
        """A generator at the begin of each block in turn: a Philox counter block of its own.

        It is one for all, set back at each block, because a new one takes as long to make as 256 binomial
        numbers to draw. RandomState, because its streams are frozen (NEP 19); those of numpy's Generator may
        change with a release.
        """
        generator = np.random.RandomState(np.random.Philox(key=int(self.seed, 16)))
        begin: Any = generator.get_state(legacy=False)
        for index in range(count):
            begin["state"]["counter"][:] = 0, 0, 0, index
            generator.set_state(begin)
            yield generator

    def replicates(self, n_resamples: int, draw: Draw) -> Floats:
        """``n_resamples`` replicates along the first axis.

        Every block is drawn whole and cut afterwards, so the first 1,000 of 2,000 replicates equal 1,000
        replicates.

        Args:
            n_resamples: replicates wanted.
            draw: ``draw(generator, size)`` returns ``size`` replicates along its first axis.
        """
        blocks = self.blocks(-(-n_resamples // BLOCK_SIZE))
        return np.concatenate([draw(generator, BLOCK_SIZE) for generator in blocks])[:n_resamples]


def stream(
    as_of_date: str,
    metric: str,
    segment: str | None = None,
    window: str | None = None,
    *,
    version: str = STREAM_VERSION,
) -> Stream:
    """The stream of one statistic: blake2b-128 of stream version | as-of date | metric | segment | window.

    No run start, no try number: a retry and a backfill repeat the bytes. A new segment changes no other
    segment's.

    >>> stream("2026-11-01", "mean_spend_90d", "Declining").seed
    '62209cf3d630330a5d0c5099625c4def'
    >>> stream("2026-11-01", "mean_spend_90d") == stream("2026-12-01", "mean_spend_90d")
    False
    """
    text = "|".join(_escape(part) for part in (version, as_of_date, metric, segment, window))
    return Stream(hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest())


def _escape(part: str | None) -> str:
    """Different lists of parts must never give the same text, whatever characters a segment's name holds."""
    if part is None:
        return ""
    return part.replace("\\", "\\\\").replace("|", "\\|") or "\\0"
