"""What the scheduler pays for the DAG files at every parse: their import over that of an empty DAG, per
platform layout.

The Astro layout is the project's own, read by the Astro image's Airflow; the MWAA layout is the bundle, read
by MWAA's.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from include.tidemark.cli.started import run_whole

ROUNDS = 7
LIMIT_SECONDS = 1.0
PROJECT = Path(__file__).resolve().parents[1]
MWAA_PYTHON = PROJECT / ".venv" / "airflow-3.2.1" / "bin" / "python"
EMPTY = "from datetime import datetime\nfrom airflow.sdk import DAG\nDAG('empty', start_date=datetime(2026, 1, 1), schedule=None)\n"
# The bundle's folder is put on the path as Airflow does it; nothing else leads to the project.
TIMED = (
    "import time, runpy, sys; sys.path.insert(0, sys.argv[1]); t, c = time.perf_counter(), time.process_time();"
    " runpy.run_path(sys.argv[2]); print('SECONDS', time.perf_counter() - t, time.process_time() - c)"
)


def seconds(python: Path, root: Path, file: Path) -> tuple[float, float]:
    """A fresh interpreter's import of one DAG file, Airflow included: elapsed and CPU time."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False"}
    out = subprocess.run(
        [str(python), "-c", TIMED, str(root), str(file)],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        env=environment,
    ).stdout
    _, clock, processor = next(line for line in out.splitlines() if line.startswith("SECONDS")).split()
    return float(clock), float(processor)


def measure(layout: str, python: Path, root: Path, dags: Path, empty: Path) -> None:
    """Interleave the files, print medians and the differences to the empty DAG."""
    files = {"an empty DAG": empty} | {file.name: file for file in sorted(dags.glob("*.py"))}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in files}
    for _ in range(ROUNDS):
        for name, file in files.items():
            taken[name].append(seconds(python, root, file))
    medians = {
        name: [statistics.median(part) for part in zip(*values, strict=True)]
        for name, values in taken.items()
    }
    base, base_processor = medians["an empty DAG"]
    print(
        f"{layout:<28}{'median':>10}{'over empty':>12}{'ratio':>8}{'CPU time over empty':>28}"
        f"   ({ROUNDS} fresh interpreters each, interleaved)"
    )
    for name, (median, processor) in medians.items():
        verdict = (
            "" if median - base < LIMIT_SECONDS else f"   over the {LIMIT_SECONDS:.0f} s that are allowed"
        )
        print(
            f"  {name:<26}{median:>8.2f} s{median - base:>10.2f} s{median / base:>8.2f}"
            f"{processor - base_processor:>26.2f} s{verdict}"
        )


def main() -> None:
    """Measure both layouts."""
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        measure("Astro, Airflow 3.3.2", Path(sys.executable), PROJECT, PROJECT / "dags", empty)
        bundle = Path(folder) / "mwaa"
        maker = PROJECT / "deploy" / "mwaa" / "make_bundle.py"
        subprocess.run(
            [sys.executable, str(maker), "--out", str(bundle)], check=True, stdout=subprocess.DEVNULL
        )
        measure("MWAA, Airflow 3.2.1", MWAA_PYTHON, bundle / "dags", bundle / "dags", empty)


if __name__ == "__main__":
    run_whole(main)
