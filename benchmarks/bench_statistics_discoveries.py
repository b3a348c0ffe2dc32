"""Simulation: what reports of twelve families of comparisons discover, by three ways of adjusting for their
number.

`each family alone` holds every family's adjusted p-values against the rate; `selected families` is what a
report does (`statistics/multiplicity.select_families`); `one family` adjusts all comparisons together. Rates
in per cent, of 4,000 reports each, so with a standard error of at most 0.8 points. The exit code is 1 where
`selected families` leaves the rate by more than four standard errors. The tests hold a smaller version.

    PYTHONPATH=. python benchmarks/bench_statistics_discoveries.py        # a minute and a half
"""

import argparse
import math

import numpy as np

from include.tidemark.cli.started import run_whole
from tests.statistics.reports import RATE, SIZES, TRUTHS, Truth, simulate


def planted(truth: Truth, *, below: int = 1_000) -> int:
    """Comparisons with an effect, in families of fewer than that many."""
    return sum(round(size * share) for size, share in zip(SIZES, truth.share, strict=True) if size < below)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reports", type=int, default=4_000)
    reports = parser.parse_args().reports
    wrong = 0
    print("truth, adjusted | any false | false, of all | false, by family | found | found in small families")
    for truth in TRUTHS:
        for name, found in simulate(truth, reports).items():
            any_false = np.mean(found[:, 0] > 0)
            of_all, by_family = found[:, 3].mean(), found[:, 4].mean()
            every, small = (
                found[:, column].mean() / max(planted(truth, below=below), 1)
                for column, below in ((1, 1_000), (2, 10))
            )
            rates = (any_false, of_all, by_family, every, small)
            print(f"{truth.name}, {name} | " + " | ".join(f"{100 * rate:.1f}" for rate in rates))
            kept = RATE + 4 * found[:, 4].std() / math.sqrt(reports)
            wrong += name == "selected families" and by_family > kept
    return int(wrong > 0)


if __name__ == "__main__":
    run_whole(main)
