"""The share of a month that the row account and its proof take: all five families on the synthetic data set.

`--users` takes another size than 200,000. Both figures are of one run: elapsed seconds of the account, and of
the whole month.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.tidemark.cli.started import run_whole
from include.tidemark.demo.synthetic.dataset import FAMILIES, synthetic
from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.pipeline import check
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import load_settings
from include.tidemark.validation.engine import Gate

AS_OF = "2026-07-01"


def main() -> None:
    """Run one month and print the seconds of the account, of the month, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200_000)
    users = parser.parse_args().users
    spent: dict[str, float] = {"computing": 0.0, "proving": 0.0}

    def timed(
        part: str, function: Callable[..., Any], counts: Callable[..., bool] = lambda *_: True
    ) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                if counts(*arguments):
                    spent[part] += time.perf_counter() - started

        return call

    check.record_account = timed("computing", check.record_account)
    Gate.evaluate = timed("proving", Gate.evaluate, lambda _, asset: "row_account" in asset.name)  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as name:
        folder = Path(name)
        write_landing_files(folder / "landing", users)
        os.environ |= {
            "TIDEMARK_DUCKDB_PATH": str(folder / "warehouse.duckdb"),
            "TIDEMARK_LANDING_URL": (folder / "landing").as_uri(),
            "TIDEMARK_ARTIFACT_ROOT": (folder / "artifacts").as_uri(),
            "TIDEMARK_CONFIG_DIR": str(synthetic(users).config_dir),
            "TIDEMARK_FAMILIES": ",".join(FAMILIES),
            "TIDEMARK_ID_HASH_KEY": "the key of the row account's benchmark",
        }
        started_at = datetime.fromisoformat(AS_OF).replace(hour=7, tzinfo=UTC)
        _, timings = run_in_order(load_settings(), {"as_of_date": AS_OF}, started_at)
    month, account = sum(timings.values()), sum(spent.values())
    for part, seconds in spent.items():
        print(f"{part:<12}{seconds:>8.2f} s")
    print(f"{'month':<12}{month:>8.2f} s")
    print(f"{'ratio':<12}{account / month:>8.3f}")


if __name__ == "__main__":
    run_whole(main)
