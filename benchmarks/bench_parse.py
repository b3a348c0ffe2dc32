"""What the scheduler pays for the DAG files at every parse: their import over that of an empty DAG."""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 7
PROJECT = Path(__file__).resolve().parents[1]
EMPTY = "from datetime import datetime\nfrom airflow.sdk import DAG\nDAG('empty', start_date=datetime(2026, 1, 1), schedule=None)\n"
TIMED = "import time, runpy, sys; t = time.perf_counter(); runpy.run_path(sys.argv[1]); print('SECONDS', time.perf_counter() - t)"


def seconds(file: Path) -> float:
    """A fresh interpreter's import of one DAG file, Airflow included."""
    out = subprocess.run(
        [sys.executable, "-c", TIMED, str(file)], capture_output=True, text=True, check=True, cwd=PROJECT
    ).stdout
    return float(next(line for line in out.splitlines() if line.startswith("SECONDS")).split()[1])


def main() -> None:
    """Interleave the files, print medians and the differences to the empty DAG."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        files = {"an empty DAG": empty} | {f.name: f for f in sorted((PROJECT / "dags").glob("*.py"))}
        taken: dict[str, list[float]] = {name: [] for name in files}
        for _ in range(ROUNDS):
            for name, file in files.items():
                taken[name].append(seconds(file))
    base = statistics.median(taken["an empty DAG"])
    print(
        f"{'file':<28}{'median':>10}{'over empty':>12}{'ratio':>8}   ({ROUNDS} fresh interpreters each, interleaved)"
    )
    for name, values in taken.items():
        median = statistics.median(values)
        print(f"{name:<28}{median:>8.2f} s{median - base:>10.2f} s{median / base:>8.2f}")


if __name__ == "__main__":
    main()
