"""A month on the real scheduler against the same stages called one after the other from a shell.

Both sides run the demo's months on the same data, in turn, each on a warehouse of its own. The shell side is
one process, so it imports each library once: the strictest comparison. Then the scheduler's time is split
twice. By elapsed time: work of the stages, dbt, the model tasks that trail dbt, and what Airflow itself takes
between the tasks. By CPU time: what both sides must do, and what each part of Airflow adds; with few cores
that is what the clock waits for.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import psutil

from include.tidemark.cli.started import run_whole
from include.tidemark.demo import airflow_stack, local
from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.demo.airflow_stack import Stack
from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.demo.dataset import Dataset

MONTHS = ("2017-10-01", "2017-11-01", "2017-12-01", "2018-01-01")
CLOCK = ("stages", "dbt", "model tasks after dbt", "between tasks")
TASKS = "tasks and dbt"
PARTS_OF_AIRFLOW = {
    "scheduler": "scheduler",
    "api-server": "API server",
    "triggerer": "triggerer",
    "dag-processor": "DAG processor",
}
"""What a process' command line or title holds, and the part of Airflow that it is."""
PROCESSOR = (TASKS, *PARTS_OF_AIRFLOW.values())
SHELL = """
import json, resource, sys, time
from datetime import UTC, datetime
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import load_settings
started = time.perf_counter()
_, timings = run_in_order(load_settings(), {"as_of_date": sys.argv[1]}, datetime.now(UTC))
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
processor = sum(each.ru_utime + each.ru_stime for each in used)
print("RESULT", json.dumps(timings | {"total": time.perf_counter() - started, "processor": processor}))
"""


@dataclass(frozen=True)
class Month:
    """One month on both sides: seconds by part."""

    name: str
    shell: dict[str, float]
    scheduler: dict[str, float]

    @property
    def ratio(self) -> float:
        """Wall time on the scheduler by that from a shell."""
        return self.scheduler["total"] / self.shell["total"]


def from_a_shell(month: str, state: Path, dataset: Dataset) -> dict[str, float]:
    """One month in a fresh process: seconds by stage, `total` with imports, `processor` time of it and of
    dbt."""
    environment = os.environ | local.settings_environment(state, dataset)
    out = subprocess.run(
        [sys.executable, "-c", SHELL, month], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(next(line for line in out.stdout.splitlines() if line.startswith("RESULT"))[7:])


def on_the_scheduler(api: AirflowApi, stack: Stack, month: str) -> dict[str, float]:
    """One month as a DAG run: seconds by part, elapsed and CPU time."""
    before = processor_seconds(stack)
    run_id = api.trigger({"as_of_date": month})
    *_, (state, tasks) = api.watch(run_id, 600, poll=2.0)
    used = processor_seconds(stack) - before
    assert state == "success", (month, state)
    run = next(r for r in api.runs() if r["dag_run_id"] == run_id)
    total = _at(run["end_date"]) - _at(run["start_date"])
    return {"total": total} | {part: used[part] for part in PROCESSOR} | clock_parts(total, tasks)


def clock_parts(total: float, tasks: list[dict[str, str]]) -> dict[str, float]:
    """Where the wall time of a run went; the parts add up to `total` but for stages that overlap."""
    spans = {t["task_id"]: (_at(t["start_date"]), _at(t["end_date"])) for t in tasks}
    models_start = min(s for name, (s, _) in spans.items() if name.startswith("models."))
    models_end = max(e for name, (_, e) in spans.items() if name.startswith("models."))
    dbt = spans["models.dbt_producer_watcher"]
    stages = sum(e - s for name, (s, e) in spans.items() if not name.startswith("models."))
    return {
        "stages": stages,
        "dbt": dbt[1] - dbt[0],
        "model tasks after dbt": models_end - dbt[1],
        "between tasks": total - stages - (models_end - models_start) + (dbt[0] - models_start),
    }


def processor_seconds(stack: Stack) -> Counter[str]:
    """Processor time so far by part of Airflow; tasks are counted with the children of the processes that run
    them."""
    used: Counter[str] = Counter()
    for process in airflow_stack.processes(stack):
        try:
            title, times = " ".join(process.cmdline()).replace("_", "-"), process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        own = times.user + times.system
        children = times.children_user + times.children_system
        if "LocalExecutor" in title:
            used[TASKS] += own + children
        elif part := next((name for sign, name in PARTS_OF_AIRFLOW.items() if sign in title), None):
            used[part] += own + (children if part == "DAG processor" else 0.0)
    return used


def _at(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def table(title: str, months: list[Month], one: str, other: str, parts: tuple[str, ...]) -> str:
    """A line a month: the shell's seconds, the scheduler's, and the scheduler's by part."""
    lines = [
        f"{title:<22}{'shell':>9}{'scheduler':>11}{'ratio':>7}   " + "".join(f"{part:>23}" for part in parts)
    ]
    for month in months:
        whole = month.scheduler[other] if other else sum(month.scheduler[part] for part in parts)
        cells = "".join(f"{month.scheduler[part]:>21.1f} s" for part in parts)
        lines.append(
            f"{month.name:<22}{month.shell[one]:>7.1f} s{whole:>9.1f} s{whole / month.shell[one]:>7.2f}   {cells}"
        )
    return "\n".join(lines)


def main() -> None:
    """Interleave the two sides month by month; print both splits, and the ratio of the medians without the
    first month."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--families",
        nargs="+",
        default=COMPLETE_JOURNEY.families,
        help="of the data set; all of its own by default",
    )
    dataset = replace(COMPLETE_JOURNEY, families=tuple(parser.parse_args().families))
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as name:
        scheduled, shell = Path(name) / "scheduled", Path(name) / "shell"
        dataset.write_landing_files(shell / "landing")
        stack = local.up(scheduled, dataset)
        try:
            api = AirflowApi(stack)
            api.unpause()
            months = [
                Month(month, from_a_shell(month, shell, dataset), on_the_scheduler(api, stack, month))
                for month in MONTHS
            ]
        finally:
            local.down(scheduled)
    print(table("elapsed", months, "total", "total", CLOCK))
    print(table("CPU time", months, "processor", "", PROCESSOR))
    later = months[1:]
    ratio = statistics.median(month.scheduler["total"] for month in later) / statistics.median(
        month.shell["total"] for month in later
    )
    load = statistics.median(month.shell["models"] for month in later)
    print(
        f"median of the months after the first: {ratio:.2f} times the shell, of whose time dbt took {load:.1f} s "
        f"({os.cpu_count()} cores; load of the last minutes {os.getloadavg()[1]:.1f})"
    )


if __name__ == "__main__":
    run_whole(main)
