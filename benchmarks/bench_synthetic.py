"""The synthetic data set: seconds (elapsed, and CPU time), peak memory and rows at 100,000 and 1,000,000
users, and how cost grows.

A process of its own makes each size, as landing files; its peak is that of its resident memory. `--users`
takes other sizes.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from include.tidemark.cli.started import run_whole

SIZES = (100_000, 1_000_000)


def measure(users: int) -> tuple[float, float, float, float, str]:
    """Elapsed seconds, seconds of CPU time, peak GiB of memory, GiB of files, and what the generator says."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as folder:
        started = time.perf_counter()
        made = subprocess.run(
            [sys.executable, "-m", "include.tidemark.demo.synthetic", "--users", str(users), "--out", folder],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - started
        size = sum(file.stat().st_size for file in Path(folder).rglob("*.parquet"))
    # Of all children so far: sizes grow, so the last one's.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    peak = used.ru_maxrss / 2**20
    return seconds, processor, peak, size / 2**30, made.stdout.split(": ", 1)[1].rsplit(" in ", 1)[0]


def main() -> None:
    """Print a row a size, then the growth from the smallest to the largest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, nargs="*", default=list(SIZES))
    sizes = sorted(parser.parse_args().users)
    results = {}
    print(f"{'users':>10} {'seconds':>8} {'processor':>10} {'peak memory':>12} {'files':>10}  rows")
    for users in sizes:
        seconds, processor, peak, files, rows = results[users] = measure(users)
        print(
            f"{users:>10,} {seconds:>8.1f} {processor:>8.1f} s {peak:>8.2f} GiB {files:>6.2f} GiB  {rows}",
            flush=True,
        )
    if len(sizes) > 1:
        low, high = sizes[0], sizes[-1]
        print(
            f"{high / low:.0f} times the users cost {results[high][1] / results[low][1]:.1f} times the CPU time"
        )


if __name__ == "__main__":
    run_whole(main)
