"""`python -m include.tidemark.demo.synthetic --users N --out FOLDER`: write the data set and say how large it
is."""

import argparse
import time
from datetime import date
from pathlib import Path

from include.tidemark.demo.synthetic.writing import SEED, write_landing_files, write_raw_tables


def main() -> None:
    """Write landing files, raw tables in a DuckDB file, or both."""
    parser = argparse.ArgumentParser(
        prog="python -m include.tidemark.demo.synthetic",
        description=__doc__,
    )
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, help="folder that gets the landing files")
    parser.add_argument("--warehouse", type=Path, help="DuckDB file whose schema raw gets the tables")
    parser.add_argument(
        "--delivered-before",
        type=date.fromisoformat,
        help="leave out what was delivered on this day or later",
    )
    chosen = parser.parse_args()
    if chosen.out is None and chosen.warehouse is None:
        parser.error("say where to write: --out, --warehouse or both")
    for target, write in ((chosen.out, write_landing_files), (chosen.warehouse, write_raw_tables)):
        if target is not None:
            started = time.monotonic()
            counts = write(target, chosen.users, chosen.seed, chosen.delivered_before)
            rows = ", ".join(f"{count:,} {table}" for table, count in counts.items())
            print(f"{target}: {rows} in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
