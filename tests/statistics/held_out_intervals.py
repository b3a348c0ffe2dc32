"""How often each interval of amounts holds the truth in the populations of `held_out`, many samples at once.

Intervals are computed from sums of the samples by the formulas of the row makers; of a bootstrap with
infinitely many replicates by the expansion of Cornish and Fisher. The flag is the package's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtrit

from include.tidemark.statistics.trust import Flag, Sample, Tail, flag, precise, weakest
from tests.statistics.held_out import POPULATIONS, Floats, Random, Sums, pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SIZES = (50, 200, 1_000, 5_000, 20_000)
REFERENCES = (0, 6_000, 20_000)
"""Other users of the population beside a sample; 0 where the sample is all there is."""
PAIRS = (
    (50, 20_000),
    (200, 200),
    (200, 5_000),
    (200, 20_000),
    (1_000, 1_000),
    (1_000, 20_000),
    (5_000, 5_000),
    (5_000, 20_000),
)
WEEKS = ((12, 12), (12, 36), (6, 18))
LATER = 0.7 * float(np.exp(0.125))
_Z = 1.959964


class Judged(NamedTuple):
    """One interval: its method, what it is of, how many users, the flag, and whether it holds the truth."""

    method: str
    population: str
    users: str
    flag: str
    hit: bool


def _score(t: Floats, skewness: Floats, kurtosis: Floats) -> Floats:
    """The normal score of a bootstrap's law at t standard errors: skewness and kurtosis are those of the
    sum."""
    t = np.clip(t, -100, 100)
    return (
        t
        - skewness * (t * t - 1) / 6
        - kurtosis * (t**3 - 3 * t) / 24
        + skewness**2 * (4 * t**3 - 7 * t) / 36
    )


def of_means(random: Random, name: str, scale: int) -> Iterator[Judged]:
    """The mean of a group, beside others of its kind and alone, by three methods."""
    truth = POPULATIONS[name][1]
    for n in SIZES:
        own = pool(random, name, n, scale * (1 if n > 5_000 else 2))
        error = np.sqrt(np.maximum(own.second, 1e-300) / (n - 1))
        t, off = float(stdtrit(n - 1, 0.975)), (own.mean - truth) / error
        k = own.third / np.maximum(own.second, 1e-300) ** 1.5 / np.sqrt(n)
        k = np.where(np.abs(k) < 1e-9, 1e-9, k)
        ends = [3 * (np.cbrt(1 + k * (q - k / 6)) - 1) / k for q in (-t, t)]
        by_score = _score(
            -off * np.sqrt(n / (n - 1)), k, (own.fourth / np.maximum(own.second, 1e-300) ** 2 - 3) / n
        )
        hits = {
            "hall_skew_t": (ends[0] <= off) & (off <= ends[1]),
            "percentile_bootstrap": np.abs(by_score) <= _Z,
            "retention_weighted": np.abs(off) <= t,
        }
        for others in REFERENCES:
            reference = own
            if others:
                held = pool(random, name, others, 30)
                reference = own.merged(held.pick(random.randint(30, size=len(own.mean))))
            pairs = list(map(Sample, own.tails(), reference.tails()))
            for method, hit in hits.items():
                flags = (flag(method, sample) for sample in pairs)
                yield from _judged(f"mean, {method}", name, f"{n} of {n + others}", flags, hit, own.published)


def of_two_groups(random: Random, name: str, scale: int) -> Iterator[Judged]:
    """The difference and the ratio of the means of two groups of one kind."""
    # As many as cost little, since each is in several pairs.
    pools = {
        n: pool(random, name, n, scale * min(8, max(8_000 // n, 1))) for n in {*np.ravel(PAIRS).tolist()}
    }
    for n, m in PAIRS:
        one, two = (held.pick(random.randint(len(held.mean), size=scale)) for held in (pools[n], pools[m]))
        squares = [held.second / (held.users - 1) for held in (one, two)]
        with np.errstate(invalid="ignore", divide="ignore"):
            relative = [square / held.mean**2 for square, held in zip(squares, (one, two), strict=True)]
            logarithm = np.log(one.mean / two.mean)
        published = one.published & two.published & (one.mean > 0) & (two.mean > 0)
        third = one.third / n**2 - two.third / m**2
        fourth = (one.fourth - 3 * one.second**2) / n**3 + (two.fourth - 3 * two.second**2) / m**3
        variance = np.maximum(one.second / n + two.second / m, 1e-300)
        t = (two.mean - one.mean) / np.sqrt(variance)
        hits = {
            "welch": np.abs(one.mean - two.mean) <= _half(squares, n, m),
            "log_delta": np.abs(logarithm) <= _half(relative, n, m),
            "percentile_of_ratio": np.abs(_score(t, third / variance**1.5, fourth / variance**2)) <= _Z,
        }
        both = one.merged(two).tails()
        samples = [list(map(Sample, held.tails(), both)) for held in (one, two)]
        steady = [precise(a, b) for a, b in np.sqrt(relative).T.tolist()]
        for method, hit in hits.items():
            flags: Iterator[Flag] = (
                weakest(flag(method, *pair), calm if method != "welch" else ("ok", None))
                for *pair, calm in zip(*samples, steady, strict=True)
            )
            yield from _judged(f"two groups, {method}", name, f"{n} and {m}", flags, hit, published)


def of_sums(random: Random, name: str, scale: int) -> Iterator[Judged]:
    """Later over prior spend, and the share of a tenth and of two fifths of the users in the sum."""
    for n in SIZES[:-1]:
        others = [_sums(random, name, (30, users)) for users in REFERENCES[1:]]
        samples = scale * (1 if n > 1_000 else 2)
        step = max(200_000 // n, 1)
        for done in range(0, samples, step):
            found = _sums(random, name, (min(step, samples - done), n))
            for held in (0, 1, 2):
                references = [None, *(each[held].tails for each in others)]
                for place, tails in enumerate(references):
                    known = (
                        found[held].tails
                        if tails is None
                        else [tails[i] for i in random.randint(30, size=len(found[held].tails))]
                    )
                    pairs = list(map(Sample, found[held].tails, known))
                    yield from found[held].judged(name, f"{n}, {REFERENCES[place] or n}", pairs)


class _Quotient(NamedTuple):
    """Samples of a ratio or share: name, methods as they are flagged, tails, relative errors, hits of both
    methods, published."""

    of: str
    methods: tuple[str, str]
    tails: list[Tail]
    errors: list[list[float]]
    hits: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    published: NDArray[np.bool_]

    def judged(self, name: str, users: str, samples: list[Sample]) -> Iterator[Judged]:
        for method, hit in zip(self.methods, self.hits, strict=True):
            flags = (weakest(precise(*e), flag(method, s)) for e, s in zip(self.errors, samples, strict=True))
            yield from _judged(f"{self.of}, {method}", name, users, flags, hit, self.published)


def _sums(random: Random, name: str, shape: tuple[int, int]) -> list[_Quotient]:
    x = POPULATIONS[name][0](random, shape)
    kept = np.exp(0.5 * random.standard_normal(shape)) * (random.uniform(size=shape) < 0.7)
    found = [_quotient("ratio of sums", x, x * kept, LATER)]
    for part in (0.1, 0.4):
        inside = random.uniform(size=shape) < part
        found.append(_quotient(f"share of {part:.0%}", x, x * inside, part, inside))
    return found


def _quotient(
    of: str, x: Floats, y: Floats, truth: float, inside: NDArray[np.bool_] | None = None
) -> _Quotient:
    n, mean = x.shape[-1], x.mean(axis=-1)
    with np.errstate(all="ignore"):
        value = y.mean(axis=-1) / mean
        influence = Sums.of((y - value[:, None] * x) / mean[:, None])
        error = np.sqrt(influence.second / (n - 1))
        size, published = value, (mean > 0) & (value > 0) & Sums.of(x).published & (influence.second > 0)
        away = np.log(value / truth)
        at_truth = y - truth * x
        law, total = Sums.of(at_truth), at_truth.mean(axis=-1)
        moments = (law.second, law.third, law.fourth)
        if inside is not None:
            size = value * (1 - value)
            published &= (value < 1) & Sums.of(y).published & (inside.sum(axis=-1) >= 30)
            away = np.log(value / (1 - value)) - np.log(truth / (1 - truth))
            # The number of users is drawn, too: moments about zero.
            square = at_truth * at_truth
            cube, fourth = square * at_truth, square * square
            moments = (square.mean(axis=-1), cube.mean(axis=-1), fourth.mean(axis=-1))
        second = np.maximum(moments[0], 1e-300)
        kurtosis = moments[2] / second**2 - (3 if inside is None else 0)
        score = _score(-total / np.sqrt(second / n), moments[1] / second**1.5 / np.sqrt(n), kurtosis / n)
        errors = np.column_stack([x.std(axis=-1) / np.sqrt(n - 1) / np.abs(mean), error / np.abs(size)])
        hits = (np.abs(away) <= stdtrit(n - 1, 0.975) * error / size, np.abs(score) <= _Z)
    methods = (
        ("log_delta", "percentile_of_ratio") if inside is None else ("logit_delta", "percentile_of_share")
    )
    return _Quotient(
        of, methods, influence.tails(), np.nan_to_num(errors, nan=np.inf).tolist(), hits, published
    )


def of_weeks(random: Random, name: str, scale: int) -> Iterator[Judged]:
    """The difference of two tiers' means with their weeks as the units."""
    for users in (20, 100, 400):
        pools = {}
        for weeks in {weeks for pair in WEEKS for weeks in pair}:
            draw, step = POPULATIONS[name][0], max(300_000 // (users * weeks), 1)
            parts, errors = [], []
            for done in range(0, scale, step):
                x = draw(random, (min(step, scale - done), weeks, users))
                parts.append(Sums.of(x.reshape(len(x), -1)))
                errors.append(x.mean(axis=-1).var(axis=-1, ddof=1) / weeks)
            sums = Sums(
                users * weeks,
                *(np.concatenate(each) for each in zip(*(part[1:] for part in parts), strict=True)),
            )
            pools[weeks] = sums, np.concatenate(errors)
        for first, second in WEEKS:
            places = [random.randint(scale, size=scale) for _ in range(2)]
            (one, a), (two, b) = (
                (held.pick(at), error[at])
                for (held, error), at in zip((pools[first], pools[second]), places, strict=True)
            )
            hit = np.abs(one.mean - two.mean) <= _half([a, b], first, second)
            both = one.merged(two).tails()
            samples = (list(map(Sample, held.tails(), both)) for held in (one, two))
            flags = (flag("unit_jackknife_t", *pair) for pair in zip(*samples, strict=True))
            yield from _judged(
                "two tiers, unit_jackknife_t",
                name,
                f"{first} and {second} weeks of {users}",
                flags,
                hit,
                one.published & two.published,
            )


def _half(squares: list[Floats], n: int, m: int) -> Floats:
    a, b = (np.maximum(square, 1e-300) for square in squares)
    freedom = np.maximum((a + b) ** 2 / (a * a / (n - 1) + b * b / (m - 1)), 1.0)
    return np.asarray(stdtrit(freedom, 0.975) * np.sqrt(a + b))


def _judged(
    method: str,
    name: str,
    users: str,
    flags: Iterator[Flag],
    hits: NDArray[np.bool_],
    published: NDArray[np.bool_],
) -> Iterator[Judged]:
    for found, hit, there in zip(flags, hits.tolist(), published.tolist(), strict=True):
        if there:
            yield Judged(method, name, users, found[0], hit)


MAKERS = (of_means, of_two_groups, of_sums, of_weeks)
