"""Coverage by flag of every row maker: `ok` promises 93 to 97 %."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from benchmarks.simulations.line import Line
from tests.statistics import held_out_intervals as intervals
from tests.statistics.held_out import CHOSEN_ON, UNSEEN
from tests.statistics.populations import coverage_by_flag

FEWEST = 300
"""`ok` samples of a population and size from which on it is looked at by itself, if they are a twentieth of
all, too."""


def flags(repeats: int) -> Iterator[Line]:
    """Coverage by flag of every row maker, over populations and sizes."""
    found = coverage_by_flag(np.random.RandomState(11), max(repeats // 20, 1))
    for (method, flag), hits in sorted(found.items()):
        promised = (93, 97) if flag == "ok" else None
        yield Line(f"{method}, where the flag is {flag}", 95, np.array(hits), promised)


def held_out_means(repeats: int) -> Iterator[Line]:
    """The same of means, differences and ratios of means, over populations that no limit was chosen on."""
    yield from _by_cell((intervals.of_means, intervals.of_two_groups), UNSEEN, repeats)


def held_out_sums(repeats: int) -> Iterator[Line]:
    """The same of ratios of sums, shares and tiers compared by weeks."""
    yield from _by_cell((intervals.of_sums, intervals.of_weeks), UNSEEN, repeats)


def chosen_on(repeats: int) -> Iterator[Line]:
    """All of these over the populations that the limits were chosen on."""
    yield from _by_cell(intervals.MAKERS, CHOSEN_ON, repeats)


def _by_cell(makers: Sequence, populations: Iterable[str], repeats: int) -> Iterator[Line]:
    """By flag, and of the populations and sizes with enough `ok` samples the two lowest and the two
    highest."""
    for maker in makers:
        counts: Counter[tuple[str, str, str, str, bool]] = Counter()
        for place, name in enumerate(populations):
            counts.update(maker(np.random.RandomState(place), name, repeats))
        for method in sorted({key[0] for key in counts}):
            of = {key[1:]: n for key, n in counts.items() if key[0] == method}
            every = sum(of.values())
            for flag in ("ok", "caution", "unreliable"):
                hits = _hits({key: n for key, n in of.items() if key[2] == flag})
                if len(hits):
                    part = f"{100 * len(hits) / every:.1f} % of rows"
                    yield Line(f"{method}, {flag} ({part})", 95, hits, (93, 97) if flag == "ok" else None)
            cells = []
            for cell in {key[:2] for key in of}:
                held = {key: n for key, n in of.items() if key[:2] == cell}
                hits = _hits({key: n for key, n in held.items() if key[2] == "ok"})
                if len(hits) >= max(FEWEST, sum(held.values()) / 20):
                    cells.append(
                        (
                            float(hits.mean()),
                            f"{', '.join(cell)} ({100 * len(hits) / sum(held.values()):.0f} % ok)",
                            hits,
                        )
                    )
            cells.sort(key=lambda each: each[:2])
            for _, name, hits in [*cells[:2], *cells[-2:]]:
                yield Line(f"{method}, of {len(cells)}: {name}", 95, hits, (93, 97))


def _hits(counts: dict) -> np.ndarray:
    hit = sum(n for key, n in counts.items() if key[-1])
    return np.repeat([True, False], [hit, sum(counts.values()) - hit])


SIMULATIONS = (flags, held_out_means, held_out_sums, chosen_on)
