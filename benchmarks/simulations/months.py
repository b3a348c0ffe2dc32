"""Changes and trends between months."""

import math
from collections.abc import Iterator

import numpy as np

from benchmarks.simulations.line import Line
from include.tidemark.statistics.pairs import change_given_earlier
from tests.statistics import arrivals as arriving
from tests.statistics import months, paired_means
from tests.statistics.pairs import of_one_segment


def arrivals(repeats: int) -> Iterator[Line]:
    """Months of weeks or days with shocks of their own and no effect: alarms of the change between them, and
    of their trend."""
    for shock in (0.0, 0.1, 0.2):
        for place, (name, design) in enumerate(arriving.DESIGNS.items()):
            found = arriving.alarms(np.random.RandomState(place), shock, design, 3 * repeats)
            # With few weeks that do not differ by themselves it alarms too seldom.
            yield Line(f"A/A with shocks of {shock:g}, change of {name}", 5, found, (0, 6))


def trend(repeats: int) -> Iterator[Line]:
    """Six overlapping months without a trend: the slope of users, and a line through the six numbers."""
    for name, number, line in (("share", months.SHARE, 15.7), ("mean", months.MEAN, 27.4)):
        found = months.alarms(np.random.default_rng(10), number, 0.0, 2 * repeats)
        yield Line(f"A/A over six months, {name}, slope of users", 5, found[:, 0], (4, 6))
        yield Line("the same, a line through the months", 5, found[:, 1], (line, line))


def given_earlier(repeats: int) -> Iterator[Line]:
    """The change of a mean given what each of 6,000 users had in the earlier month, which is drawn 25 times
    as often as that."""
    for kept, documented in ((0.5, 94.9), (0.8, 95.6)):
        rng, hits = np.random.default_rng(11), []
        noise = 0.6 * math.sqrt(1 - kept**2)
        for _ in range(max(repeats // 25, 1)):
            then = rng.normal(0, 0.6, 6_000)
            truth = 100 * float(np.mean(np.exp(kept * then + noise**2 / 2) - np.exp(then)))
            for _ in range(25):
                world = of_one_segment(then, kept * then + rng.normal(0, noise, 6_000))
                change = change_given_earlier(world.cells(), "A", 100)
                hits.append(
                    change is not None
                    and abs((change.value or 0) - truth) <= 1.96 * (change.standard_error or 0)
                )
        yield Line(
            f"change given the earlier amounts, {kept:g} kept", 95, np.array(hits), (documented, documented)
        )


def paired(repeats: int) -> Iterator[Line]:
    """The change of a mean on pairs of users by flag, over populations, how much users go on as before, and
    sizes."""
    found: dict[str, list[bool]] = {}
    lowest: dict[tuple[str, int], list[bool]] = {}
    for name, n, _, flag, hit in paired_means.everywhere(
        paired_means.verdicts, paired_means.DESIGNS, repeats
    ):
        found.setdefault(flag, []).append(hit)
        if flag == "ok":
            lowest.setdefault((name, n), []).append(hit)
    for flag, hits in sorted(found.items()):
        yield Line(
            f"change of a mean on pairs, where the flag is {flag}",
            95,
            np.array(hits),
            (93, 97) if flag == "ok" else None,
        )
    enough = {of: hits for of, hits in lowest.items() if len(hits) >= repeats // 2}
    for (name, n), hits in sorted(enough.items(), key=lambda held: np.mean(held[1]))[:3]:
        yield Line(f"the lowest where ok: {name}, {n} users", 95, np.array(hits), (93, 97))


SIMULATIONS = (arrivals, trend, given_earlier, paired)
