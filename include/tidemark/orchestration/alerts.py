"""What happens when a task has failed for good."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import httpx
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from include.tidemark.orchestration.pages import (
    RESOLVE_TASK_ID,
    dag_run_page,
    data_docs,
    published_page,
    report_page,
    run_page,
)
from include.tidemark.orchestration.runbook import RUNBOOK, anchor, section_of
from include.tidemark.settings import load_settings

if TYPE_CHECKING:
    from include.tidemark.upkeep.consumers import SeenMonth

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs each request's address, which may hold a token

FAILURE = "failure"
"""The XCom in which a failed task leaves its sentence, for the tab of the DAG run."""
_TIMEOUT_SECONDS = 10
_SENTENCE = 2_000


def alert_on_failure(context: Any) -> None:
    """Log what broke, what consumers see and where to look; post it, too, where a connection is configured.

    The connection (`tidemark_alerts` by default) is an HTTP connection whose host is the full webhook
    address; it gets `{"text": ...}`, which Slack, Mattermost and Teams-compatible hooks take. A failing
    notifier never hides the failure.
    """
    task = context["ti"]
    sentence = str(context.get("exception"))
    lines = [
        f"Tidemark: task {task.task_id} of {task.dag_id}, run {task.run_id}, failed: {sentence.rstrip('.')}.",
        *_seen_now(_run_of(task)),
        *_links(task),
    ]
    log.error("\n".join(lines))
    _leave(task, sentence)
    post(lines)


def _run_of(task: Any) -> dict[str, Any] | None:
    """The identity that `resolve_run` has made. Where a worker died its failure is told from elsewhere, and
    no task's result can be read."""
    try:
        run: dict[str, Any] | None = task.xcom_pull(task_ids=RESOLVE_TASK_ID)
    except Exception:
        log.debug("The run of the failed task is not known here", exc_info=True)
        return None
    return run


def _seen_now(run: dict[str, Any] | None) -> list[str]:
    """Which run views and files show of the newest month and of the failed run's, each with its report."""
    from include.tidemark.upkeep.consumers import seen_now  # pyarrow, not needed where the DAG is parsed

    try:
        seen = seen_now(load_settings())
    except Exception as error:  # the alert goes out whatever state the storage is in
        return [f"What consumers see could not be asked ({type(error).__name__})."]
    if not seen.months:
        return ["Consumers see no month: nothing is published."]
    day = str((run or {}).get("as_of_date", ""))
    chosen = [m for m in seen.months if m is seen.months[0] or m.as_of_date.isoformat() == day]
    lines = [
        f"Consumers see now: {seen.words(month)}{_of_this_run(month, run)}{_report(month)}"
        for month in chosen
    ]
    if day and all(month.as_of_date.isoformat() != day for month in chosen):
        lines.append(f"As of {day}, the month of this run, nothing is published.")
    return lines


def _of_this_run(month: "SeenMonth", run: dict[str, Any] | None) -> str:
    """Whether it is the failed run itself that they see."""
    shown = run is not None and run["run_key"] in (month.views, month.files)
    return " That is this run: its publication stands." if shown else ""


def _report(month: "SeenMonth") -> str:
    key = month.files or month.views
    return f" Report: {report_page(month.as_of_date.isoformat(), key)}" if key else ""


def _links(task: Any) -> list[str]:
    links = {
        "Log": task.log_url,
        "Run": dag_run_page(task.dag_id, task.run_id),
        "Checks": _checks(task),
        "Published reports": published_page(),
        "Runbook": f"{RUNBOOK}#{anchor(section_of(task.dag_id, task.task_id))}",
    }
    return [f"{name}: {address}" for name, address in links.items() if address]


def _checks(task: Any) -> str | None:
    """The Data Docs of a failed check."""
    run = _run_of(task) if task.task_id.startswith("check_") else None
    return run_page(run, data_docs(task.task_id)) if run else None


def _leave(task: Any, sentence: str) -> None:
    try:
        task.xcom_push(key=FAILURE, value=sentence[:_SENTENCE])
    except Exception:
        log.debug("The sentence of the failure could not be left for the run's page", exc_info=True)


def _webhook(conn_id: str) -> str | None:
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return None
    token = connection.password or ""
    return f"{connection.host}{token}" if connection.host else None


def post(lines: Sequence[str]) -> None:
    """Send a notice to the webhook of the alerts, where one is configured; that it can't be sent is
    logged."""
    address = _webhook(load_settings().alerts_conn_id)
    if address is None:
        return
    try:
        body = {"text": "\n".join(lines)}
        httpx.post(address, json=body, timeout=_TIMEOUT_SECONDS).raise_for_status()
    except httpx.HTTPError as error:  # the address may hold a token, so only the kind of error is logged
        log.warning("The notice could not be posted to the alert connection (%s)", type(error).__name__)
