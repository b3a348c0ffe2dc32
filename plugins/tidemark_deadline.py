"""The notice of a run that is late. It is among the plugins because they are on the path of the triggerer,
which gives it, on every platform; the DAG's own folder is not."""

import logging
from typing import Any

import httpx
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

log = logging.getLogger(__name__)


async def say_late(conn_id: str, hours: float, context: dict[str, Any] | None = None) -> None:
    """Log that a run has not ended in time, and post it where the connection of the alerts is configured.

    Args:
        conn_id: its host is the full address of the webhook.
        hours: after which a run is late.
        context: what Airflow says of the run; its `dag_run` has the ids.
    """
    run = (context or {}).get("dag_run") or {}
    text = (
        f"Tidemark: run {run.get('dag_run_id') or run.get('run_id')} of {run.get('dag_id')} has not ended {hours:g} hours after it was queued."
        " Consumers see what they saw before it. What it waits for: docs/runbook.md."
    )
    log.warning(text)
    try:
        connection = await BaseHook.aget_connection(conn_id)
    except AirflowNotFoundException:
        return
    if not connection.host:
        return
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.post(f"{connection.host}{connection.password or ''}", json={"text": text})
            answer.raise_for_status()
    except httpx.HTTPError as error:  # the address may hold a token, so only the kind of error is logged
        log.warning("The notice could not be posted to the alert connection (%s)", type(error).__name__)
