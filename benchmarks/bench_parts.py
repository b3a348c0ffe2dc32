"""CPU time of a month on PostgreSQL, Redis and Celery, by part, against SQLite with the LocalExecutor.

Both sides run the same months of the same synthetic data, in turn, each with a warehouse of its own. CPU
time, because a machine that runs all parts makes each of them wait for the others. `--without-preload` leaves
out the module of `plugins/` that imports the libraries once for all tasks.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.demo.synthetic.writing import write_landing_files
from tests.deploy.container import Container, empty_home, hand_over
from tests.parts.platform import Platform, platform, processor_seconds

MONTHS = ("2026-04-01", "2026-05-01", "2026-06-01")
PRELOAD = "airflow_local_settings.py"


def seconds_of(api: AirflowApi, month: str, used: Callable[[], dict[str, float]]) -> dict[str, float]:
    """CPU time of one month by part."""
    before = used()
    *_, (state, _) = api.watch(api.trigger({"as_of_date": month}), 1500)
    assert state == "success", (month, state)
    return {part: seconds - before[part] for part, seconds in used().items()}


def with_sqlite(here: Platform, home: Path) -> Container:
    """A container with the same project and settings, whose Airflow has SQLite and the LocalExecutor."""
    state = home / "state"
    state.mkdir()
    hand_over(state)
    places = {
        "TIDEMARK_DUCKDB_PATH": str(state / "warehouse.duckdb"),
        "TIDEMARK_ARTIFACT_ROOT": (state / "artifacts").as_uri(),
        "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"),
    }
    return Container(home, here.python, here.environment | places)


def main() -> None:
    """Print a line for each month and side, and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=len(MONTHS), help="how many of them, 1 to 3")
    parser.add_argument("--families", default="customer_segments", help="separated by commas")
    parser.add_argument("--without-preload", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        landing = Path(folder)
        landing.chmod(0o755)
        write_landing_files(landing, 400)
        left_out = [PRELOAD] if arguments.without_preload else []
        with platform(landing, MONTHS[-1], arguments.families, left_out) as here, empty_home() as home:
            simple = with_sqlite(here, home)
            try:
                apis = here.start(), simple.start()
                totals: dict[str, list[float]] = {"PostgreSQL, Celery": [], "SQLite, LocalExecutor": []}
                for month in MONTHS[: arguments.months]:
                    sides = (
                        here.processor_seconds,
                        lambda: {"all parts": processor_seconds(simple.processes[0].pid)},
                    )
                    for (name, total), api, used in zip(totals.items(), apis, sides, strict=True):
                        api.unpause(240)
                        parts = seconds_of(api, month, used)
                        total.append(sum(parts.values()))
                        listed = ", ".join(f"{part} {seconds:.1f}" for part, seconds in parts.items())
                        print(f"{month}  {name:<22}{total[-1]:>7.1f} s   {listed}", flush=True)
            finally:
                simple.stop()
    ours, theirs = (statistics.median(total) for total in totals.values())
    print(f"median month: {ours / theirs:.2f} times the CPU time")


if __name__ == "__main__":
    main()
