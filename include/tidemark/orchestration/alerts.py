"""What happens when a task has failed for good."""

import logging
from typing import Any

import httpx
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from include.tidemark.settings import load_settings

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs each request's address, which may hold a token

_TIMEOUT_SECONDS = 10


def alert_on_failure(context: Any) -> None:
    """Log one line that says what broke and what consumers see; post it, too, where a connection is configured.

    The connection (`tidemark_alerts` by default) is an HTTP connection whose host is the full webhook address; it gets
    `{"text": ...}`, which Slack, Mattermost and Teams-compatible hooks take. A failing notifier never hides the failure.
    """
    task = context["ti"]
    message = (
        f"Tidemark: task {task.task_id} of {task.dag_id}, run {task.run_id}, failed: {context.get('exception')}."
        " Consumers still see the last published month. Triage: the DAG's documentation."
    )
    log.error(message)
    address = _webhook(load_settings().alerts_conn_id)
    if address is None:
        return
    try:
        httpx.post(address, json={"text": message}, timeout=_TIMEOUT_SECONDS).raise_for_status()
    except httpx.HTTPError as error:  # the address may hold a token, so only the kind of error is logged
        log.warning("The failure could not be posted to the alert connection (%s)", type(error).__name__)


def _webhook(conn_id: str) -> str | None:
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return None
    token = connection.password or ""
    return f"{connection.host}{token}" if connection.host else None
