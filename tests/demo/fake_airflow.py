"""As much of Airflow's REST API as the demo uses, with Airflow's rules for backfills; no scheduler."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from include.tidemark.demo.airflow_stack import Stack

FINISHED = ("success", "failed")
DAG = "/api/v2/dags/monthly_segmentation"


class FakeAirflow:
    """One backfill at a time; each look at the state of a run lets it go one step further."""

    def __init__(self, months: list[str]) -> None:
        self.months = months
        self.runs: dict[str, dict[str, Any]] = {}
        self.backfills: list[dict[str, Any]] = []
        self.fails: set[str] = set()
        """Months whose runs fail."""
        self.locked = 0
        """How many requests for a backfill SQLite's lock refuses."""
        self.is_paused = True
        self.paused_when_asked: list[bool] = []
        """Whether the DAG was paused at each request for a backfill."""
        self.finished: list[tuple[str, str]] = []
        """Months and states of the runs that finished, in that order."""

    def left(self, states: list[str], completed: bool = False) -> None:
        """What an earlier demo left: a backfill with a run a month."""
        self.backfills.append({"id": 1, "completed_at": "then" if completed else None})
        for month, state in zip(self.months, states, strict=True):
            self.add(month, state)

    def add(self, month: str, state: str, run_type: str = "backfill") -> None:
        """A run of a month."""
        self.runs[f"{run_type}__{month}"] = {
            "dag_run_id": f"{run_type}__{month}", "state": state, "run_type": run_type, "data_interval_end": month,
        }  # fmt: skip

    @property
    def published(self) -> list[str]:
        """Months whose backfill run has succeeded."""
        return [
            month
            for month in self.months
            if self.runs.get(f"backfill__{month}", {}).get("state") == "success"
        ]

    def post_backfill(self) -> tuple[int, dict[str, Any]]:
        self.paused_when_asked.append(self.is_paused)
        if self.locked:
            self.locked -= 1
            return 503, {"detail": "Database is locked."}
        if any(backfill["completed_at"] is None for backfill in self.backfills):
            self._look_for_completed()
            return 409, {"detail": "There is already a running backfill for dag monthly_segmentation"}
        self.backfills.append({"id": len(self.backfills) + 1, "completed_at": None})
        for month in self.months:
            if self.runs.get(f"backfill__{month}", {"state": "failed"})["state"] == "failed":
                self.add(month, "queued")
        return 200, self.backfills[-1]

    def _look_for_completed(self) -> None:
        """Twice a minute Airflow closes the backfills whose runs have all finished; here, after each
        refusal."""
        if all(run["state"] in FINISHED for run in self.runs.values() if run["run_type"] == "backfill"):
            for backfill in self.backfills:
                backfill["completed_at"] = backfill["completed_at"] or "now"

    def trigger(self, conf: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        run_id = f"manual__{len(self.runs)}"
        self.runs[run_id] = {
            "dag_run_id": run_id, "state": "queued", "run_type": "manual", "conf": conf,
            "data_interval_end": conf["as_of_date"],
        }  # fmt: skip
        return 200, self.runs[run_id]

    def look(self, run_id: str) -> tuple[int, dict[str, Any]]:
        run = self.runs[run_id]
        if run["state"] == "queued":
            run["state"] = "running"
        elif run["state"] == "running":
            run["state"] = "failed" if run["data_interval_end"] in self.fails else "success"
            self.finished.append((run["data_interval_end"], run["state"]))
        return 200, run

    def answer(self, method: str, path: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """Status and body of a request."""
        match method, path:
            case "POST", "/auth/token":
                return 201, {"access_token": "token"}
            case "PATCH", p if p == DAG:
                self.is_paused = sent["is_paused"]
                return 200, {}
            case "POST", "/api/v2/backfills":
                return self.post_backfill()
            case "POST", p if p == f"{DAG}/dagRuns":
                return self.trigger(sent["conf"])
            case "GET", p if p == f"{DAG}/dagRuns":
                return 200, {"dag_runs": list(self.runs.values())}
            case "GET", p if p.endswith("/taskInstances"):
                failed = self.runs[p.split("/")[-2]]["state"] == "failed"
                tasks = [{"task_id": "check_sources", "state": "failed"}] if failed else []
                return 200, {"task_instances": tasks, "total_entries": len(tasks)}
            case "GET", p if p.startswith(f"{DAG}/dagRuns/"):
                return self.look(p.rsplit("/", 1)[1])
        return 404, {"detail": f"{method} {path}"}


class Server:
    """Serves a FakeAirflow on a free port; `stack` is what the demo is given."""

    def __init__(self, airflow: FakeAirflow, home: Path) -> None:
        self._server = ThreadingHTTPServer(("localhost", 0), _handler(airflow))
        Thread(target=self._server.serve_forever, daemon=True).start()
        home.mkdir(parents=True, exist_ok=True)
        (home / "simple_auth_manager_passwords.json.generated").write_text('{"admin": "password"}')
        self.stack = Stack(home, self._server.server_port, "mark", 0)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    airflow: ClassVar[FakeAirflow]

    def reply(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        status, body = self.airflow.answer(self.command, self.path.split("?")[0], sent)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Tests print what they mean to."""


def _handler(airflow: FakeAirflow) -> type[_Handler]:
    methods = {f"do_{method}": _Handler.reply for method in ("GET", "POST", "PATCH")}
    return type("Handler", (_Handler,), {"airflow": airflow, **methods})
