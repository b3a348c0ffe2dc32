"""What dbt takes for its models and tests, the first time and for the next month.

Customer segments: 50,000 customers and 13.5 million transactions in two years, then ten times the customers
and rows (`--scale 1` leaves these out), and how cost grew. Daily event facts: 1 million users and 20 million
events in 18 months.

Prints dbt's own execution time, the CPU time of the dbt process (the better measure on a machine that does
other work too) and its peak memory.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from generator import add_month, add_month_of_events, make_events, make_raw

from include.tidemark.cli.started import run_whole
from include.tidemark.pipeline.build import build_command, dbt_environment
from include.tidemark.pipeline.resolve import resolve_run
from include.tidemark.settings import Settings

CUSTOMERS, TRANSACTIONS, MONTH = 50_000, 13_500_000, 560_000
USERS, EVENTS_A_MONTH = 1_000_000, 1_100_000
STARTED = datetime(2026, 11, 20, 6, tzinfo=UTC)


EVENT_FACTS = ("+fct_user_event_daily", "+fct_user_activity_daily")
HEADER = f"{'build':<12} {'dbt execution':>13} {'processor':>11} {'peak memory':>12}  slowest node"


@dataclass(frozen=True)
class Cost:
    """What one dbt build took."""

    execution_s: float
    processor_s: float
    peak_gib: float
    slowest: str

    def __str__(self) -> str:
        return f"{self.execution_s:>11.1f} s {self.processor_s:>9.1f} s {self.peak_gib:>8.2f} GiB  {self.slowest}"


def build(settings: Settings, as_of: str, folder: Path, select: tuple[str, ...] = ()) -> Cost:
    """One dbt build of the enabled families, or of what `select` names, with its data tests."""
    run = resolve_run(
        settings, parameters={"as_of_date": as_of}, dag_run_id=as_of, run_after=STARTED, started_at=STARTED
    )
    command = build_command(run, settings, folder)
    if select:
        command[command.index("--select") + 1 :] = select
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        command,
        env=os.environ | dbt_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
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
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    results = json.loads((folder / "run_results.json").read_text())
    slowest = max(results["results"], key=lambda result: result["execution_time"])
    return Cost(
        execution_s=results["elapsed_time"],
        processor_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        peak_gib=peak / 2**30,
        slowest=f"{slowest['unique_id'].split('.')[2]} {slowest['execution_time']:.1f} s",
    )


@contextmanager
def warehouse() -> Iterator[tuple[Settings, Path]]:
    """Settings of a new DuckDB file, and the folder that it is in."""
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as name:
        folder = Path(name)
        yield Settings(duckdb_path=folder / "warehouse.duckdb", user_ids="plain"), folder


def measure_segments(scale: int) -> dict[str, Cost]:
    """First build and next month of the customer segments at this scale."""
    with warehouse() as (settings, folder):
        make_raw(settings.duckdb_path, CUSTOMERS, TRANSACTIONS, copies=scale)
        first = build(settings, "2026-10-01", folder)
        add_month(settings.duckdb_path, CUSTOMERS, MONTH, day=731, copies=scale)
        return {"first build": first, "next month": build(settings, "2026-11-01", folder)}


def measure_event_facts(events: int) -> dict[str, Cost]:
    """First build and next month of the daily event facts."""
    with warehouse() as (settings, folder):
        make_events(settings.duckdb_path, USERS, events)
        first = build(settings, "2026-04-01", folder, EVENT_FACTS)
        add_month_of_events(settings.duckdb_path, USERS, EVENTS_A_MONTH, day=548)
        return {"first build": first, "next month": build(settings, "2026-05-01", folder, EVENT_FACTS)}


def main() -> None:
    """Print a row a build; with several scales also the growth per row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, nargs="*", default=[1, 10])
    parser.add_argument("--events", type=int, default=20_000_000, help="0 leaves the event facts out")
    arguments = parser.parse_args()
    costs: dict[int, dict[str, Cost]] = {}
    for scale in arguments.scale:
        costs[scale] = measure_segments(scale)
        print(f"\n{CUSTOMERS * scale:,} customers, {TRANSACTIONS * scale:,} transactions\n{HEADER}")
        for name, cost in costs[scale].items():
            print(f"{name:<12} {cost}", flush=True)
    if len(costs) > 1:
        low, high = min(costs), max(costs)
        for name, cost in costs[low].items():
            grown = costs[high][name]
            print(
                f"{name}: {high // low} times the rows cost {grown.execution_s / cost.execution_s:.1f} times the time,"
                f" {grown.processor_s / cost.processor_s:.1f} times the CPU time"
            )
    if arguments.events:
        print(f"\n{USERS:,} users, {arguments.events:,} events\n{HEADER}")
        for name, cost in measure_event_facts(arguments.events).items():
            print(f"{name:<12} {cost}", flush=True)


if __name__ == "__main__":
    run_whole(main)
