"""Runs of a real Airflow, waited for."""

import time
from typing import Any

from include.tidemark.demo.airflow_api import AirflowApi


def finished(api: AirflowApi, run_id: str, timeout: float) -> tuple[str, list[dict[str, Any]]]:
    """The last state of a run and its tasks. Only its state is asked for meanwhile: a list of a hundred tasks
    is work for Airflow."""
    deadline = time.monotonic() + timeout
    while (state := api.state(run_id)) not in ("success", "failed"):
        assert time.monotonic() < deadline, f"{run_id} did not finish within {timeout:.0f} s"
        time.sleep(1)
    return state, api.tasks(run_id)
