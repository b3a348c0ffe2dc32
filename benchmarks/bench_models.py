"""The family's models and tests at the size of seed 004: 50,000 customers, 13.5 million transactions in two years.

Prints dbt's own execution time of the first build and of the next month, and the peak memory of the dbt process;
`--scale 10` does the same with ten times the customers and rows, and prints how cost grew.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
from generator import add_month, make_raw

from include.tidemark.pipeline.build import build_command, dbt_environment
from include.tidemark.pipeline.resolve import resolve_run
from include.tidemark.settings import Settings

CUSTOMERS, TRANSACTIONS, MONTH = 50_000, 13_500_000, 560_000
STARTED = datetime(2026, 11, 20, 6, tzinfo=UTC)


def build(settings: Settings, as_of: str, folder: Path) -> dict[str, float]:
    """One dbt build: dbt's execution seconds, wall seconds, peak resident memory in GiB."""
    run = resolve_run(
        settings, parameters={"as_of_date": as_of}, dag_run_id=as_of, run_after=STARTED, started_at=STARTED
    )
    started = time.perf_counter()
    process = subprocess.Popen(
        build_command(run, settings, folder), env=os.environ | dbt_environment(settings),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    peak = 0
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)
    output = process.communicate()[0]
    if process.returncode:
        sys.exit(output[-3000:])
    results = json.loads((folder / "run_results.json").read_text())
    return {
        "execution_s": results["elapsed_time"],
        "wall_s": time.perf_counter() - started,
        "peak_gib": peak / 2**30,
        "slowest": max(results["results"], key=lambda r: r["execution_time"])["unique_id"],
    }


def measure(scale: int) -> dict[str, dict[str, float]]:
    """First build and next month at this scale."""
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as name:
        folder = Path(name)
        settings = Settings(duckdb_path=folder / "warehouse.duckdb", user_ids="plain")
        make_raw(settings.duckdb_path, CUSTOMERS * scale, TRANSACTIONS * scale)
        first = build(settings, "2026-10-01", folder)
        add_month(settings.duckdb_path, CUSTOMERS * scale, MONTH * scale, day=731)
        return {"first build": first, "next month": build(settings, "2026-11-01", folder)}


def main() -> None:
    """Print a row a build; with several scales also the growth per row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, nargs="*", default=[1])
    scales = parser.parse_args().scale
    results = {scale: measure(scale) for scale in scales}
    print(
        f"{'customers':>10} {'transactions':>13} {'build':<12} {'dbt execution':>13} {'wall':>8} {'peak memory':>12}  slowest node"
    )
    for scale, builds in results.items():
        for name, r in builds.items():
            print(
                f"{CUSTOMERS * scale:>10,} {TRANSACTIONS * scale:>13,} {name:<12} {r['execution_s']:>11.1f} s {r['wall_s']:>6.1f} s {r['peak_gib']:>8.2f} GiB  {r['slowest']}"
            )
    if len(scales) > 1:
        low, high = min(scales), max(scales)
        for name in results[low]:
            growth = results[high][name]["execution_s"] / results[low][name]["execution_s"]
            print(f"{name}: {high // low} times the rows cost {growth:.1f} times the time")


if __name__ == "__main__":
    main()
