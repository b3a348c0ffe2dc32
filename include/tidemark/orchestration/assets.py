"""A publication as an Airflow event, so that other DAGs can be scheduled on it, and as a notice to people."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Asset, AssetAlias, get_current_context

from include.tidemark.orchestration.alerts import post
from include.tidemark.orchestration.pages import run_file
from include.tidemark.settings import load_settings

PUBLICATIONS = AssetAlias("tidemark")
"""The outlet of every task that changes what consumers see. An asset of its own would have an event after a
dry run, too."""


def asset_of(family: str) -> Asset:
    """What a family publishes; `schedule=[Asset("tidemark://<family>")]` follows it."""
    return Asset(f"tidemark://{family}")


def announce(result: Mapping[str, Any]) -> None:
    """Give each family of a publication its event, and post its summary where the deployment wants that.

    A retry of a publication that was written already announces it again: its run key tells.

    Args:
        result: what the stage `publish` returned. A dry run has no event.
    """
    if result["status"] == "dry_run":
        return
    context = get_current_context()
    events = context["outlet_events"][PUBLICATIONS]
    told = ("as_of_date", "run_key", "manifest_uri", "report_uri", "summary")
    for family, changes in result["changes"].items():
        events.add(asset_of(family), extra={**{key: result[key] for key in told}, "changes": changes})
    if load_settings().notify_success:
        report = run_file(context["ti"], "report/index.html")
        post(["Tidemark: published.", *result["summary"], f"Report: {report}"])
