"""Coverage by flag."""

from collections.abc import Iterator

import numpy as np

from benchmarks.simulations.line import Line
from tests.statistics.populations import coverage_by_flag


def flags(repeats: int) -> Iterator[Line]:
    """Coverage by flag of every row maker, over populations and sizes: `ok` promises 93 to 97 %."""
    found = coverage_by_flag(np.random.RandomState(11), max(repeats // 20, 1))
    for (method, flag), hits in sorted(found.items()):
        promised = (93, 97) if flag == "ok" else None
        yield Line(f"{method}, where the flag is {flag}", 95, np.array(hits), promised)


SIMULATIONS = (flags,)
