"""Simulations: how often intervals hold the truth, how often tests raise a false alarm, what planted effects
come back.

Each line gives the nominal and the found rate, its Monte Carlo error (one standard error) and what
docs/methods.md says. A line agrees when the found rate lies within four standard errors of what is
documented; the documented figures come from simulations of their own (1,500 samples where nothing else is
said), whose error counts too. The exit code is 1 if a line does not agree. The tests hold a smaller version
of the same claims.

    PYTHONPATH=. python benchmarks/bench_statistics_coverage.py                # an hour, most of it for the flags
    PYTHONPATH=. python benchmarks/bench_statistics_coverage.py --scale 5      # errors less than half as large
    PYTHONPATH=. python benchmarks/bench_statistics_coverage.py --only mean rate
"""  # noqa: W505

import argparse
import math
import time
from collections.abc import Callable, Iterator

from benchmarks.simulations import amounts, effects, flags, models, months
from benchmarks.simulations.line import Line, agrees
from include.tidemark.cli.started import run_whole

SIMULATIONS: dict[str, Callable[[int], Iterator[Line]]] = {
    made.__name__: made for part in (amounts, models, months, effects, flags) for made in part.SIMULATIONS
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0, help="how many times 1,000 samples")
    parser.add_argument("--only", nargs="+", choices=SIMULATIONS, default=list(SIMULATIONS))
    options = parser.parse_args()
    print("| what | nominal % | found % | Monte Carlo error | samples | documented % | agrees | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    wrong = 0
    for name in options.only:
        started = time.perf_counter()
        for line in SIMULATIONS[name](int(1000 * options.scale)):
            found = 100 * float(line.hits.mean())
            error = 100 * float(line.hits.std(ddof=1)) / math.sqrt(len(line.hits))
            verdict = agrees(line, found, error)
            wrong += verdict is False
            documented = " to ".join(f"{figure:g}" for figure in dict.fromkeys(line.documented or ()))
            print(
                f"| {line.what} | {line.nominal:g} | {found:.1f} | {error:.1f} | {len(line.hits)} | {documented} "
                f"| {'' if verdict is None else 'yes' if verdict else 'NO'} | {time.perf_counter() - started:.0f} |",
                flush=True,
            )
            started = time.perf_counter()
    return int(wrong > 0)


if __name__ == "__main__":
    run_whole(main)
