"""What declared segmentations cost: the same second month with none, with one and with five, in elapsed
seconds of one run each.

Two families on the synthetic data set; `--users` takes another size than 50,000. Sources are loaded and facts
are built in a first month that is no part of the figures.
"""

import argparse
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from include.tidemark.cli.started import run_whole
from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import Settings

FIRST, SECOND = "2026-04-01", "2026-07-01"
COUNTS = (0, 1, 5)
FILE = """\
name: size_{number}
title: By spend {number}
of: customers
segments:
  - {{name: Top, when: percentile(spend_last_90_days) >= 0.{number}}}
  - {{name: Recent, when: days_since_last_purchase <= 3{number}}}
  - {{name: Others}}
means: [spend_last_90_days, lifetime_value]
backtest: spend
"""


def month(folder: Path, landing: Path, as_of: str, segmentations: int) -> float:
    """Seconds of a month in a warehouse below the folder, with a number of segmentations."""
    config = folder / "config" / "segmentations"
    shutil.rmtree(config, ignore_errors=True)
    config.mkdir(parents=True)
    for number in range(1, segmentations + 1):
        (config / f"size_{number}.yml").write_text(FILE.format(number=number), encoding="utf-8")
    settings = Settings(
        duckdb_path=folder / "warehouse.duckdb",
        landing_url=landing.as_uri(),
        artifact_root=(folder / "artifacts").as_uri(),
        config_dir=folder / "config",
        families=("customer_segments", "engagement"),
        id_hash_key=SecretStr("a key of the benchmark only"),
    )
    started = datetime.fromisoformat(as_of).replace(hour=7, tzinfo=UTC)
    _, timings = run_in_order(settings, {"as_of_date": as_of}, started, f"{segmentations} segmentations")
    return sum(timings.values())


def main() -> None:
    """Print the seconds of each month, and its ratio to the month without a segmentation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=50_000)
    users = parser.parse_args().users
    with tempfile.TemporaryDirectory() as folder:
        landing, base = Path(folder) / "landing", Path(folder) / "base"
        write_landing_files(landing, users)
        month(base, landing, FIRST, max(COUNTS))
        seconds = {}
        for count in COUNTS:
            copy = Path(folder) / f"with_{count}"
            shutil.copytree(base, copy)
            seconds[count] = month(copy, landing, SECOND, count)
    print(
        f"{users:,} users: "
        + ", ".join(f"{n} segmentations {s:.1f} s ({s / seconds[0]:.2f})" for n, s in seconds.items())
    )


if __name__ == "__main__":
    run_whole(main)
