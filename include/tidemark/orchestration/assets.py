"""A publication as an Airflow event, so that other DAGs can be scheduled on it."""

from typing import Any

from airflow.sdk import Asset, AssetAlias, get_current_context

PUBLICATIONS = AssetAlias("tidemark")
"""The outlet of every task that changes what consumers see. An asset of its own would have an event after a dry run, too."""


def asset_of(family: str) -> Asset:
    """What a family publishes; `schedule=[Asset("tidemark://<family>")]` follows it."""
    return Asset(f"tidemark://{family}")


def announce(result: dict[str, Any]) -> None:
    """Give each family of a publication its event.

    A retry of a publication that was written already announces it again: its run key tells.

    Args:
        result: what the stage `publish` returned. A dry run has no event.
    """
    if result["status"] == "dry_run":
        return
    events = get_current_context()["outlet_events"][PUBLICATIONS]
    for family, changes in result["changes"].items():
        said = {key: result[key] for key in ("as_of_date", "run_key", "manifest_uri", "report_uri")}
        events.add(asset_of(family), extra={**said, "changes": changes})
