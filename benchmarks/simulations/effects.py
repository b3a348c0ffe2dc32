"""Planted effects by flag: of a fee on volume and retention, of features, and between groups of weeks and
days; and the change of a mean given the earlier amounts."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from benchmarks.simulations.line import Line
from tests.statistics import effects, paired_means
from tests.statistics.shocks import every_difference

PROMISED = (93, 97)
SLOW_EVERY = 5
"""Huber's and Poisson's fits take a hundred times as long as least squares."""


def elasticities(repeats: int) -> Iterator[Line]:
    """A planted elasticity for 8 to 40 weeks of a fee each."""

    def maker(random: np.random.RandomState, design: str, place: int) -> Iterable[effects.Judged]:
        return effects.of_volume(random, design, slow=place % SLOW_EVERY == 0)

    yield from _by_design(maker, effects.VOLUMES, repeats)


def staying_by_flag(repeats: int) -> Iterator[Line]:
    """A planted effect of the fee on retention: odds ratio and average change of the probability."""
    yield from _by_design(lambda r, design, _: effects.of_staying(r, design), effects.STAYING, repeats)


def odds_ratios(repeats: int) -> Iterator[Line]:
    """Planted odds ratios of three features, together and each alone."""
    yield from _by_design(lambda r, design, _: effects.of_features(r, design), effects.FEATURES, repeats)


def differences(repeats: int) -> Iterator[Line]:
    """Planted differences of retention: how often they are held, and found."""
    for shock in (0.0, 0.1, 0.2):
        for name, verdicts in every_difference(np.random.RandomState(4), shock, repeats):
            for flag in ("ok", "caution", "unreliable"):
                held = np.array([hit for trust, hit, _ in verdicts if trust == flag])
                if len(held):
                    what = f"{name}, shocks of {shock:g}, {flag}"
                    yield Line(what, 95, held, PROMISED if flag == "ok" else None)
            found = np.array([late for *_, late in verdicts])
            yield Line(f"{name}, shocks of {shock:g}, found", 80, found, None)


def ancova(repeats: int) -> Iterator[Line]:
    """The change of a mean given the earlier amounts, where it is narrow enough to be published."""
    found: dict[str, list[bool]] = {}
    cells: dict[str, list[bool]] = {}
    judged = paired_means.everywhere(paired_means.verdicts_given_earlier, paired_means.GOING_ON, repeats)
    for name, n, kept, flag, hit in judged:
        found.setdefault(flag, []).append(hit)
        if flag == "ok":
            cells.setdefault(f"{name}, {n} users, {kept:g} go on", []).append(hit)
    every = sum(map(len, found.values()))
    for flag, hits in sorted(found.items()):
        what = f"change given the earlier amounts, {flag} ({100 * len(hits) / every:.1f} % of rows)"
        yield Line(what, 95, np.array(hits), PROMISED if flag == "ok" else None)
    enough = {of: hits for of, hits in cells.items() if len(hits) >= max(repeats // 5, 50)}
    for name, hits in sorted(enough.items(), key=lambda held: np.mean(held[1]))[:3]:
        yield Line(f"the lowest where ok: {name}", 95, np.array(hits), PROMISED)


def _by_design(
    maker: Callable[[np.random.RandomState, str, int], Iterable[effects.Judged]],
    designs: Iterable[str],
    repeats: int,
) -> Iterator[Line]:
    every: dict[tuple[str, str], list[bool]] = {}
    for number, design in enumerate(designs):
        found: dict[tuple[str, str], list[bool]] = {}
        random = np.random.RandomState(number)
        for place in range(repeats):
            for method, flag, hit in maker(random, design, place):
                found.setdefault((method, str(flag)), []).append(hit)
        for (method, flag), hits in sorted(found.items()):
            every.setdefault((method, flag), []).extend(hits)
            if len(hits) > 1:
                promised = PROMISED if flag == "ok" else None
                yield Line(f"{method}, {flag}, {design}", 95, np.array(hits), promised)
    for (method, flag), hits in sorted(every.items()):
        yield Line(f"{method}, {flag}, all designs", 95, np.array(hits), PROMISED if flag == "ok" else None)


SIMULATIONS = (elasticities, staying_by_flag, odds_ratios, differences, ancova)
