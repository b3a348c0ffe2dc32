"""When a run is late."""

from datetime import timedelta

from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from include.tidemark.settings import Settings


def deadline_of(settings: Settings) -> DeadlineAlert | None:
    """The deadline of every run of the monthly DAG, from when it was queued; None where none is set."""
    hours = settings.deadline_hours
    if hours is None:
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=hours),
        callback=AsyncCallback(
            "tidemark_deadline.say_late", {"conn_id": settings.alerts_conn_id, "hours": hours}
        ),
    )
