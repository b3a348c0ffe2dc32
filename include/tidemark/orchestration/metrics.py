"""What runs did, among Airflow's own metrics: `[metrics]` of Airflow's configuration says where they go
(StatsD, OpenTelemetry)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk.observability.stats import Stats, normalize_name_for_stats

_OUTCOMES = ("checks", "critical", "warning", "info")


def measure(task_id: str, seconds: float, result: Mapping[str, Any]) -> None:
    """Send the metrics of a stage that has ended.

    | metric | kind | of |
    |---|---|---|
    | `tidemark.duration.<task>` | timing | every stage task |
    | `tidemark.gate.<stage>.checks`, `.critical`, `.warning`, `.info` | gauge | the `check_*` tasks |
    | `tidemark.source_rows.<table>` | gauge | `publish` |
    | `tidemark.changes.<family>` | gauge: sentences of what changed beyond chance | `publish` |
    | `tidemark.publications.<status>` | counter | `publish` |
    """
    Stats.timing(f"tidemark.duration.{task_id}", timedelta(seconds=seconds))
    if "data_docs" in result:
        for outcome in _OUTCOMES:
            Stats.gauge(f"tidemark.gate.{result['stage']}.{outcome}", result[outcome])
    for source in result.get("sources", ()):
        table = normalize_name_for_stats(source["table"], log_warning=False)
        Stats.gauge(f"tidemark.source_rows.{table}", source["rows"])
    if "publication_id" in result:
        for family, sentences in result["changes"].items():
            Stats.gauge(f"tidemark.changes.{family}", len(sentences or ()))
        Stats.incr(f"tidemark.publications.{result['status']}")


def measure_failure(task_id: str) -> None:
    """Count a task that was stopped by an error of ours, such as a check of the gate:
    `tidemark.stopped.<task>`."""
    Stats.incr(f"tidemark.stopped.{task_id}")
