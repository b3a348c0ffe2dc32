"""A month on the real scheduler against the same stages called one after the other from a shell.

Both sides run the demo's months on the same data, in turn, each on a warehouse of its own. The shell side is one process,
so it imports each library once: the strictest comparison. Then the scheduler's time is split: work of the stages, dbt, the
model tasks that trail dbt, and what Airflow itself takes between the tasks.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from include.tidemark.demo import local
from include.tidemark.demo.airflow_api import AirflowApi

MONTHS = ("2017-10-01", "2017-11-01", "2017-12-01", "2018-01-01")
SHELL = """
import json, sys, time
from datetime import UTC, datetime
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import load_settings
started = time.perf_counter()
_, timings = run_in_order(load_settings(), {"as_of_date": sys.argv[1]}, datetime.now(UTC))
print("RESULT", json.dumps(timings | {"total": time.perf_counter() - started}))
"""


def from_a_shell(month: str, state: Path) -> dict[str, float]:
    """One month in a fresh process: seconds by stage, `total` with imports."""
    import os

    environment = os.environ | local.settings_environment(state)
    out = subprocess.run(
        [sys.executable, "-c", SHELL, month], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(next(line for line in out.stdout.splitlines() if line.startswith("RESULT"))[7:])


def on_the_scheduler(api: AirflowApi, month: str) -> dict[str, float]:
    """One month as a DAG run: seconds by part."""
    run_id = api.trigger({"as_of_date": month})
    *_, (state, tasks) = api.watch(run_id, 600, poll=2.0)
    assert state == "success", (month, state)
    spans = {t["task_id"]: (_at(t["start_date"]), _at(t["end_date"])) for t in tasks}
    run = next(r for r in api.runs() if r["dag_run_id"] == run_id)
    models_start = min(s for name, (s, _) in spans.items() if name.startswith("models."))
    models_end = max(e for name, (_, e) in spans.items() if name.startswith("models."))
    dbt = spans["models.dbt_producer_watcher"]
    total = _at(run["end_date"]) - _at(run["start_date"])
    stages = sum(e - s for name, (s, e) in spans.items() if not name.startswith("models."))
    return {
        "total": total,
        "stages": stages,
        "dbt": dbt[1] - dbt[0],
        "model tasks after dbt": models_end - dbt[1],
        "between tasks": total - stages - (models_end - models_start) + (dbt[0] - models_start),
    }


def _at(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def main() -> None:
    """Interleave the two sides month by month and print both, and the ratio of the medians without the first month."""
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as name:
        scheduled, shell = Path(name) / "scheduled", Path(name) / "shell"
        local.write_landing_files(local.DATA_PACKAGE, shell / "landing")
        stack = local.up(scheduled)
        try:
            api = AirflowApi(stack)
            api.unpause()
            pairs = [(month, from_a_shell(month, shell), on_the_scheduler(api, month)) for month in MONTHS]
        finally:
            local.down(scheduled)
    parts = ("total", "stages", "dbt", "model tasks after dbt", "between tasks")
    print(
        f"{'month':<12}{'shell':>8}{'of it dbt':>11}{'scheduler':>11}{'ratio':>7}   " + "  ".join(parts[1:])
    )
    for month, one, other in pairs:
        split = "  ".join(f"{other[part]:>{len(part)}.1f}" for part in parts[1:])
        print(
            f"{month:<12}{one['total']:>6.1f} s{one['models']:>9.1f} s{other['total']:>9.1f} s{other['total'] / one['total']:>7.2f}   {split}"
        )
    ratio = statistics.median(o["total"] for _, _, o in pairs[1:]) / statistics.median(
        s["total"] for _, s, _ in pairs[1:]
    )
    print(
        f"median of the months after the first: {ratio:.2f} times the shell (the idle API server and triggerer share its two cores)"
    )


if __name__ == "__main__":
    main()
