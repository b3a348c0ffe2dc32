"""All five families on the synthetic data set: first month and next month, stage by stage, with peak memory.

The landing files of the data set are made first and are no part of the figures. `--users` takes another size;
a million users have some 20 million events and 20 million transactions.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from include.tidemark.cli.started import run_whole
from include.tidemark.demo.synthetic.dataset import FAMILIES, synthetic
from include.tidemark.demo.synthetic.writing import write_landing_files

MONTHS = ("2026-06-01", "2026-07-01")
MONTH = """
import json, sys
from datetime import UTC, datetime
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import load_settings
started = datetime.fromisoformat(sys.argv[1]).replace(hour=7, tzinfo=UTC)
_, timings = run_in_order(load_settings(), {"as_of_date": sys.argv[1]}, started)
print("RESULT", json.dumps(timings))
"""


def run_month(as_of: str, environment: dict[str, str]) -> tuple[dict[str, float], float]:
    """Seconds by stage, and the peak memory of all its processes together in GiB."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", MONTH, as_of], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        peak, watched = 0, psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, sum(_memory(each) for each in (watched, *watched.children(recursive=True))))
            time.sleep(0.1)
        output.seek(0)
        printed = output.read()
    if process.returncode:
        sys.exit(printed[-3000:])
    (result,) = [line for line in printed.splitlines() if line.startswith("RESULT ")]
    return json.loads(result.removeprefix("RESULT ")), peak / 2**30


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def main() -> None:
    """Print a column a month and a row a stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000)
    users = parser.parse_args().users
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as name:
        folder = Path(name)
        made = write_landing_files(folder / "landing", users)
        print(", ".join(f"{rows:,} {table}" for table, rows in made.items()), flush=True)
        environment = os.environ | {
            "TIDEMARK_DUCKDB_PATH": str(folder / "warehouse.duckdb"),
            "TIDEMARK_LANDING_URL": (folder / "landing").as_uri(),
            "TIDEMARK_ARTIFACT_ROOT": (folder / "artifacts").as_uri(),
            "TIDEMARK_CONFIG_DIR": str(synthetic(users).config_dir),
            "TIDEMARK_FAMILIES": ",".join(FAMILIES),
            "TIDEMARK_ID_HASH_KEY": "the key of the families' benchmark",
        }
        (first, first_peak), (next_, next_peak) = (run_month(month, environment) for month in MONTHS)
    print(f"{'stage':<18}{'first month':>14}{'next month':>14}{'ratio':>8}")
    for stage in [*first, "total"]:
        one, two = ((sum(t.values()) if stage == "total" else t[stage]) for t in (first, next_))
        print(f"{stage:<18}{one:>12.1f} s{two:>12.1f} s{two / one:>8.2f}")
    print(f"{'peak memory':<18}{first_peak:>10.2f} GiB{next_peak:>10.2f} GiB{next_peak / first_peak:>8.2f}")


if __name__ == "__main__":
    run_whole(main)
