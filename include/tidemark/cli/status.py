"""`status`: what is published, what consumers see, and whether the deployment is well."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from include.tidemark.cli.command import Commands, add_command
from include.tidemark.cli.output import json_text, render
from include.tidemark.settings import Settings

if TYPE_CHECKING:
    from include.tidemark.orchestration.health import Health
    from include.tidemark.upkeep.consumers import Seen
    from include.tidemark.upkeep.findings import Finding
    from include.tidemark.upkeep.storage import Stored

_DESCRIPTION = """\
What is published and what consumers see of it (views and files), the last run and its
state, Airflow's processes, the next run, and storage. Nothing is changed. Files are
looked at by their sizes; `tidemark repair` reads them.

Airflow is asked where this shell has its metadata database (AIRFLOW__DATABASE__
SQL_ALCHEMY_CONN, or airflow.cfg); `make status` asks the one that `make up` started.

Exit code 1: something is not as it must be; the last lines say what to do."""
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_SHOWN = 12
"""Months in the table; JSON has all."""


class Status(BaseModel):
    """Everything, as `--json` prints it."""

    model_config = ConfigDict(frozen=True)

    healthy: bool
    problems: list[str]
    seen: "Seen"
    findings: "list[Finding]"
    airflow: "Health | None"
    """None where this shell has no metadata database."""
    storage: "list[Stored]"


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "status",
        run_status,
        "what consumers see, the last run, Airflow's health, storage",
        description=_DESCRIPTION,
        examples=["tidemark status", "tidemark status --json | jq .problems"],
    )
    parser.add_argument("--json", action="store_true", help="everything, for a program")


def run_status(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print it; returns 1 when something is not as it must be."""
    status = find_status(settings)
    print(json_text(status.model_dump(mode="json")) if arguments.json else _page(status))
    return int(not status.healthy)


def find_status(settings: Settings) -> Status:
    """Look at everything.

    Raises:
        SettingsError: the artifact root can't be reached.
    """
    from include.tidemark.orchestration.health import Health, health
    from include.tidemark.orchestration.metadata_database import find_metadata_database
    from include.tidemark.pipeline.repair import look
    from include.tidemark.upkeep.consumers import Seen, seen_now
    from include.tidemark.upkeep.findings import Finding, folded
    from include.tidemark.upkeep.storage import Stored, stored

    Status.model_rebuild(
        _types_namespace={"Seen": Seen, "Finding": Finding, "Health": Health, "Stored": Stored}
    )
    seen = seen_now(settings)
    findings = look(settings, read=False) if seen.not_asked is None else []
    with find_metadata_database() as database:
        airflow = health(database) if database else None
    problems = [f"{each.where}: {each.what} {each.action}" for each in folded(findings) if each.is_problem]
    problems += airflow.problems if airflow else []
    return Status(
        healthy=not problems,
        problems=problems,
        seen=seen,
        findings=findings,
        airflow=airflow,
        storage=stored(settings),
    )


def _page(status: Status) -> str:
    from include.tidemark.upkeep.findings import folded

    parts = [
        _months(status),
        render(_facts(status), "table"),
        "\n".join(
            f"{each.where}: {each.what} {each.action}"
            for each in folded(status.findings)
            if not each.is_problem
        ),
        "\n".join(["Not as it must be:", *(f"- {problem}" for problem in status.problems)])
        if status.problems
        else "Everything is as it must be.",
    ]
    return "\n\n".join(part for part in parts if part)


def _months(status: Status) -> str:
    if not status.seen.months:
        return "Nothing is published."
    rows = [
        {
            "as of": month.as_of_date.isoformat(),
            "views show": month.views or ("not asked" if status.seen.not_asked else "nothing"),
            "files show": "the same"
            if month.files and month.files == month.views
            else month.files or "nothing",
            "published (UTC)": _moment(month.published_at),
            "by": month.action or "",
        }
        for month in status.seen.months[:_SHOWN]
    ]
    more = len(status.seen.months) - _SHOWN
    note = f"\nThe views could not be asked: {status.seen.not_asked}." if status.seen.not_asked else ""
    return render(rows, "table") + (f"\n... and {more} earlier months" if more > 0 else "") + note


def _facts(status: Status) -> list[dict[str, Any]]:
    airflow = status.airflow
    facts: list[tuple[str, str]] = []
    if airflow is None:
        facts.append(("Airflow", "not asked: this shell has no metadata database of Airflow's"))
    else:
        words = {True: "alive", False: "no sign of life", None: "never started"}
        facts += [(name, words[alive]) for name, alive in airflow.processes.items()]
        facts.append(("last run", _last_run(airflow)))
        facts.append(
            ("tasks under way", ", ".join(f"{n} {state}" for state, n in airflow.waiting.items()) or "none")
        )
        facts.append(("next run", _next_run(airflow)))
    facts += [
        (f"stored: {each.place}", f"{_size(each.bytes)} in {each.files:,} files") for each in status.storage
    ]
    return [{"what": what, "found": found} for what, found in facts]


def _last_run(airflow: "Health") -> str:
    if airflow.run_id is None:
        return "none"
    failed = f" in {', '.join(airflow.failed_tasks)}" if airflow.failed_tasks else ""
    ended = f", ended {_moment(airflow.run_ended)}" if airflow.run_ended else ""
    return f"{airflow.run_state}{failed}: {airflow.run_id}, started {_moment(airflow.run_started)}{ended}"


def _next_run(airflow: "Health") -> str:
    if airflow.paused is None:
        return "none: the scheduler does not know the DAG monthly_segmentation"
    when = _moment(airflow.next_run) or "none by the schedule"
    return f"{when} (monthly_segmentation is paused, so only when it is unpaused)" if airflow.paused else when


def _moment(moment: datetime | None) -> str:
    """In UTC, to the second."""
    if moment is None:
        return ""
    return (moment.astimezone(UTC) if moment.tzinfo else moment).strftime("%Y-%m-%d %H:%M:%S")


def _size(count: float) -> str:
    for unit in _UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {_UNITS[-1]}"
