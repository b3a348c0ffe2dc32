"""What consumers see at this moment: which run the views show of each month, and which one the files."""

import json
from collections.abc import Iterator
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from include.tidemark.artifacts.pointers import CURRENT
from include.tidemark.artifacts.store import ArtifactRoot, date_of
from include.tidemark.history.ledger import current_publications
from include.tidemark.run import RUN_KEY
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.query_tag import QueryTag

_VIEW = ("marts", "published_runs")


class SeenMonth(BaseModel):
    """One month as consumers see it."""

    model_config = ConfigDict(frozen=True)

    as_of_date: date
    views: str | None
    """Key of the run that the views show; None where they show none, or could not be asked."""
    files: str | None
    """Key of the run that `current.json` names; None where it names none."""
    published_at: datetime | None = None
    action: str | None = None


class Seen(BaseModel):
    """Every month, the newest first."""

    model_config = ConfigDict(frozen=True)

    months: tuple[SeenMonth, ...]
    not_asked: str | None = None
    """Why the views could not be asked."""

    def words(self, month: SeenMonth) -> str:
        """What consumers see of a month, in a sentence."""
        day = f"As of {month.as_of_date}"
        if self.not_asked:
            return f"{day} the files show {month.files or 'no run'}; what the views show could not be asked ({self.not_asked})."
        if month.views == month.files:
            return f"{day} views and files show run {month.views}."
        return (
            f"{day} the views show {f'run {month.views}' if month.views else 'no run'}, the files"
            f" {f'run {month.files}' if month.files else 'none'}: a retry of publish, or `tidemark repair --apply`, moves the pointers."
        )


def seen_now(settings: Settings) -> Seen:
    """What consumers see; where the warehouse can't be asked at once, what the files show.

    Raises:
        SettingsError: the artifact root can't be opened.
    """
    files = dict(_shown_by_files(ArtifactRoot(settings)))
    if settings.warehouse == "duckdb" and not settings.duckdb_path.exists():
        return _together({}, files, None)
    try:
        with open_warehouse(settings, QueryTag("none", "consumers"), read_only=True) as warehouse:
            return _together(_shown_by_views(warehouse), files, None)
    except Exception as error:  # its words may hold an address or a row; an alert goes out whatever happens
        return _together({}, files, f"the warehouse is not to be had now, {type(error).__name__}")


def seen_through(settings: Settings, warehouse: Warehouse) -> Seen:
    """The same through a connection that is open."""
    return _together(_shown_by_views(warehouse), dict(_shown_by_files(ArtifactRoot(settings))), None)


def _together(views: dict[date, SeenMonth], files: dict[date, str | None], not_asked: str | None) -> Seen:
    months = []
    for day in sorted(views.keys() | files.keys(), reverse=True):
        seen = views.get(day) or SeenMonth(as_of_date=day, views=None, files=None)
        months.append(seen.model_copy(update={"files": files.get(day)}))
    return Seen(months=tuple(months), not_asked=not_asked)


def _shown_by_views(warehouse: Warehouse) -> dict[date, SeenMonth]:
    """As the view says that all others are joined with; before dbt has made it, as the ledger says."""
    if not warehouse.columns("control", "publications"):
        return {}
    ledger = {each.as_of_date: each for each in current_publications(warehouse)}
    shown = {day: each.run_key for day, each in ledger.items()}
    if warehouse.columns(*_VIEW):
        rows = warehouse.fetch(f"select as_of_date, run_key from {'.'.join(_VIEW)}")
        shown = {row["as_of_date"]: str(row["run_key"]) for row in rows}
    return {
        day: SeenMonth(
            as_of_date=day,
            views=run_key,
            files=None,
            published_at=ledger[day].published_at if day in ledger else None,
            action=ledger[day].action if day in ledger else None,
        )
        for day, run_key in shown.items()
    }


def _shown_by_files(root: ArtifactRoot) -> Iterator[tuple[date, str | None]]:
    for name in root.subfolders():
        day = date_of(name)
        pointer = f"{name}/{CURRENT}"
        if day is None or not root.exists(pointer):
            continue
        try:
            run_key = str(json.loads(root.read_bytes(pointer))["run_key"])
        except (ValueError, KeyError, TypeError):
            run_key = ""
        yield day, run_key if RUN_KEY.fullmatch(run_key) else None
