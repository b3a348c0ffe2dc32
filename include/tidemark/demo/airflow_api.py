"""The few calls of Airflow's public REST API that the demo and the tests make."""

import time
from collections.abc import Iterator
from typing import Any

import httpx

from include.tidemark.demo.airflow_stack import Stack
from include.tidemark.errors import TidemarkError

DAG_ID = "monthly_segmentation"
_FINISHED = {"success", "failed"}
_ASK_AGAIN = (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.CONFLICT)
_REFUSED_SECONDS = 90
_PAGE = 100
"""Airflow gives no more at once, whatever the limit asked for."""


class AirflowApi:
    """A logged-in client of a local stack, for the runs of one DAG."""

    def __init__(self, stack: Stack, dag_id: str = DAG_ID) -> None:
        self._dag_id = dag_id
        # On SQLite a request may wait half a minute for the database's lock, and several times.
        self._client = httpx.Client(base_url=stack.url, timeout=120)
        answer = self._client.post("/auth/token", json={"username": "admin", "password": stack.password})
        answer.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def unpause(self, timeout: float = 60) -> None:
        """Unpause the DAG, waiting until the DAG processor has read it.

        Raises:
            TidemarkError: it is not there in time; the message holds the import error, if there is one.
        """
        self._pause(False, timeout)

    def _pause(self, is_paused: bool, timeout: float = 60) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            answer = self._client.patch(f"/api/v2/dags/{self._dag_id}", json={"is_paused": is_paused})
            if answer.status_code == 200:
                return
            time.sleep(0.5)
        errors = self._get("/api/v2/importErrors").get("import_errors", [])
        raise TidemarkError(
            f"The DAG {self._dag_id} did not appear: {errors[0]['stack_trace'] if errors else 'no import error'}"
        )

    def backfill(self, from_date: str, to_date: str, conf: dict[str, Any] | None = None) -> None:
        """Start Airflow's own backfill over the intervals that start in the range.

        Asks again while SQLite is locked, and while Airflow has not noticed that the backfill before has
        ended: it looks twice a minute. (To cancel that one would be faster, but a run of a cancelled backfill
        never starts again when it is cleared.)
        """
        backfill = {
            "dag_id": self._dag_id, "from_date": from_date, "to_date": to_date, "max_active_runs": 1,
            "reprocess_behavior": "failed", "dag_run_conf": conf or {},
        }  # fmt: skip
        deadline = time.monotonic() + _REFUSED_SECONDS
        while (answer := self._ask_for_backfill(backfill)).status_code in _ASK_AGAIN:
            if time.monotonic() > deadline:
                break
            time.sleep(2)
        if answer.status_code not in (200, 201):
            raise TidemarkError(f"Airflow refused the backfill: {answer.text}")

    def _ask_for_backfill(self, backfill: dict[str, Any]) -> httpx.Response:
        """The DAG is paused meanwhile: when SQLite is locked, Airflow deletes the runs that it has made so
        far, and a scheduler that has taken up one of them dies of it."""
        self._pause(True)
        try:
            return self._client.post("/api/v2/backfills", json=backfill)
        finally:
            self._pause(False)

    def trigger(self, conf: dict[str, Any]) -> str:
        """Start one run without a logical date, as the UI does; returns its run id."""
        answer = self._client.post(
            f"/api/v2/dags/{self._dag_id}/dagRuns", json={"logical_date": None, "conf": conf}
        )
        if answer.status_code not in (200, 201):
            raise TidemarkError(f"Airflow refused the run: {answer.text}")
        return str(answer.json()["dag_run_id"])

    def runs(self) -> list[dict[str, Any]]:
        """All runs of the DAG, in the order of their due date."""
        runs: list[dict[str, Any]] = self._get(
            f"/api/v2/dags/{self._dag_id}/dagRuns", order_by="run_after", limit=100
        )["dag_runs"]
        return runs

    def unfinished_runs(self) -> list[dict[str, Any]]:
        """Those of them that are queued or running."""
        return [run for run in self.runs() if run["state"] not in _FINISHED]

    def unfinished_backfill_runs(self) -> list[dict[str, Any]]:
        """Those of them that a backfill made."""
        return [run for run in self.unfinished_runs() if run["run_type"] == "backfill"]

    def state(self, run_id: str) -> str:
        """The state of a run."""
        return str(self._get(f"/api/v2/dags/{self._dag_id}/dagRuns/{run_id}")["state"])

    def tasks(self, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
        path = f"/api/v2/dags/{self._dag_id}/dagRuns/{run_id}/taskInstances"
        tasks: list[dict[str, Any]] = []
        while True:
            page = self._get(path, limit=_PAGE, offset=len(tasks), order_by="id")
            tasks += page["task_instances"]
            if len(tasks) >= page["total_entries"] or not page["task_instances"]:
                return tasks

    def clear(self, run_id: str) -> None:
        """Clear all tasks of a run, as a person would in the UI."""
        answer = self._client.post(
            f"/api/v2/dags/{self._dag_id}/dagRuns/{run_id}/clear", json={"dry_run": False}
        )
        answer.raise_for_status()

    def clear_task(self, run_id: str, task_id: str) -> None:
        """Clear one task of a run, and none of those that follow it."""
        answer = self._client.post(
            f"/api/v2/dags/{self._dag_id}/clearTaskInstances",
            json={"dag_run_id": run_id, "task_ids": [task_id], "dry_run": False, "only_failed": False},
        )
        answer.raise_for_status()

    def watch(
        self, run_id: str, timeout: float, poll: float = 1.0
    ) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """The run's state and tasks, again and again, until it has finished (that state included).

        Raises:
            TidemarkError: it does not finish in time.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            state = self.state(run_id)
            yield state, self.tasks(run_id)
            if state in _FINISHED:
                return
            time.sleep(poll)
        raise TidemarkError(f"The run {run_id} did not finish within {timeout:.0f} s.")

    def get(self, path: str) -> httpx.Response:
        """Any page of the API server, logged in."""
        return self._client.get(path)

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        """What a page says; asked again while the server fails, as it does where SQLite stays locked for too
        long."""
        deadline = time.monotonic() + _REFUSED_SECONDS
        while (
            answer := self._client.get(path, params=query)
        ).is_server_error and time.monotonic() < deadline:
            time.sleep(2)
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body
