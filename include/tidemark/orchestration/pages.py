"""Addresses of the pages that the plugin `plugins/tidemark_reports.py` serves, and buttons for them on
tasks."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from airflow.configuration import conf
from airflow.sdk import BaseOperatorLink

RESOLVE_TASK_ID = "resolve_run"
_REPORT = "report/index.html"


def published_page() -> str:
    """The page of the published months."""
    return f"{_base_url()}/tidemark/"


def dag_run_page(dag_id: str, run_id: str) -> str:
    """The tab of a DAG run."""
    return f"{_base_url()}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}/plugin/tidemark-run"


def run_file(task: Any, path: str) -> str | None:
    """A file of the run that a task works on; None before `resolve_run` has made its identity."""
    run = task.xcom_pull(task_ids=RESOLVE_TASK_ID)
    return run_page(run, path) if run else None


def run_page(run: Mapping[str, Any], path: str) -> str:
    """A file of the run with this identity."""
    return f"{_base_url()}/tidemark/runs/{run['as_of_date']}/{run['run_key']}/{path}"


def report_page(as_of_date: str, run_key: str) -> str:
    """The report of a run."""
    return run_page({"as_of_date": as_of_date, "run_key": run_key}, _REPORT)


class ReportLink(BaseOperatorLink):
    """The button *Report*."""

    name = "Report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """The run's report. The worker asks once, when the task has ended, and with the task's instance for
        its key."""
        return run_file(ti_key, _REPORT) or ""


class DataDocsLink(BaseOperatorLink):
    """The button *Checks*, on the tasks of the gate."""

    name = "Checks"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """The Data Docs of the stage that the task checks, whether it failed or not."""
        return run_file(ti_key, data_docs(ti_key.task_id)) or ""


def with_link(task: Any, link: BaseOperatorLink) -> Any:
    """A task of the DAG with a button. Links that a plugin registers would stand on every Python task of the
    deployment."""
    task.operator.operator_extra_links = (link,)
    return task


def data_docs(task_id: str) -> str:
    """The Data Docs that a task of the gate writes, such as `check_models`."""
    return f"validation/{task_id.removeprefix('check_')}/index.html"


def _base_url() -> str:
    return str(conf.get("api", "base_url", fallback="")).rstrip("/")
