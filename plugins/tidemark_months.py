"""The page of the months: what is published, and the runs that are not."""

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any
from urllib.parse import quote

from tidemark_airflow_runs import AirflowRun
from tidemark_pages import (
    Markup,
    airflow_link,
    count,
    dag_path,
    duration,
    items,
    link,
    markup,
    moment,
    page,
    pasted,
    table,
)

MOST = 120
_TAG = re.compile(r"<[^>]*>")
_ACTIONS = {"publish": "published", "rollback": "rolled back to", "erasure": "rows of persons erased"}
_STATES = {"failed": ("failed", "bad"), "running": ("running", "soft"), "queued": ("waiting", "soft")}
_STARTERS = {"scheduled": "the schedule", "backfill": "a backfill", "manual": "by hand", "asset": "an asset"}
_COLUMNS = (
    "As of",
    "Status",
    "Report",
    "Checks",
    "Warnings",
    "Source rows",
    "Took",
    "When (UTC)",
    "Started by",
    "What changed",
)

Row = tuple[str, str, list[Any]]
"""As-of date and instant, which sort, and the cells."""


def months_page(
    months: Sequence[Mapping[str, Any]],
    newest: Sequence[AirflowRun],
    behind: Mapping[str, AirflowRun],
    wanted: str,
) -> str:
    """The page.

    Args:
        months: the newest entries of `index.json`.
        newest: Airflow's newest runs, of which those that published nothing are listed, too.
        behind: by its id the run behind each month, where Airflow still has it.
        wanted: what the reader looks for; empty for everything.
    """
    known = {row["dag_run_id"] for month in months for row in month.get("history", [])}
    rows = [_month(month, behind) for month in months]
    rows += [_unpublished(run) for run in newest if run.run_id not in known and _is_unpublished(run)]
    rows = [row for row in rows if _holds(row, wanted)]
    listed = [cells for _, _, cells in sorted(rows, key=lambda row: row[:2], reverse=True)]
    body = (
        table(_COLUMNS, listed, numbers=("Checks", "Warnings", "Source rows", "Took"))
        if listed
        else _nothing(wanted)
    )
    return page(
        "Customer segments: months",
        markup(
            '<h1>Customer segments: months</h1><p class="soft">Each report shows the customers as they stood before its date. A'
            " month that was recomputed or rolled back shows its present run; runs that failed, and dry runs, changed nothing of it.</p>"
            '<form method="get" role="search"><input type="search" name="q" value="{wanted}" maxlength="100"'
            ' aria-label="Search date, run, status, person, note or change" placeholder="Date, run, status, person, note">'
            "<button>Search</button>{all}</form>",
            wanted=wanted,
            all=link("./", "Show all") if wanted else "",
        ),
        body,
    )


def starter(run: AirflowRun | None, run_id: str) -> str:
    """Who or what started a run."""
    if run and run.by:
        return run.by
    kind = run.run_type if run else run_id.partition("__")[0]
    return _STARTERS.get(kind.partition("_")[0], "the command line" if run is None else kind)


def report_address(as_of_date: str, run_key: str) -> str:
    """The report of a run, relative to the plugin's other pages."""
    return f"runs/{quote(as_of_date, safe='')}/{quote(run_key, safe='')}/report/index.html"


def run_address(run_id: str) -> str:
    """The page of a DAG run, relative to the plugin's other pages."""
    return f"run?run_id={quote(run_id, safe='')}"


def history_of(month: Mapping[str, Any]) -> list[Markup]:
    """Every publication of a date in words, newest first."""
    return [
        markup(
            "{when}: {action} <code>{key}</code>",
            when=moment(row["published_at"]),
            action=_ACTIONS.get(row["action"], row["action"]),
            key=row["run_key"],
        )
        for row in reversed(month.get("history", []))
    ]


def rollbacks_of(month: Mapping[str, Any]) -> list[Markup]:
    """What to paste into Airflow's form to show another run of a date; its form takes no values from an
    address."""
    keys = dict.fromkeys(
        row["run_key"] for row in month.get("history", []) if row["run_key"] != month["run_key"]
    )
    return [
        markup(
            "{form}, pasting {values} into <i>Configuration JSON</i>. Its log says what that changes; with <i>Dry run</i> off and a reason it"
            " is done.",
            form=airflow_link(dag_path("rollback_publication"), "Roll back"),
            values=pasted(as_of_date=month["as_of_date"], run_key=key, dry_run=True, reason=None),
        )
        for key in keys
    ]


def _month(month: Mapping[str, Any], behind: Mapping[str, AirflowRun]) -> Row:
    summary = month.get("summary") or {}
    run_id = month.get("dag_run_id", "")
    run = behind.get(run_id)
    said = "rolled back" if month["action"] == "rollback" else _ACTIONS.get(month["action"], month["action"])
    cells = [
        month["as_of_date"],
        markup('<span class="good">{said}</span>', said=said),
        link(report_address(month["as_of_date"], month["run_key"]), "Report"),
        count(summary.get("checks")),
        count(summary.get("warnings")),
        count(summary.get("source_rows")),
        duration(summary.get("seconds")),
        moment(month["published_at"]),
        _started_by(run, run_id),
        _changes(month, summary, run_id),
    ]
    return month["as_of_date"], month["published_at"], cells


def _started_by(run: AirflowRun | None, run_id: str) -> Markup:
    note = markup('<br><span class="soft">{note}</span>', note=run.note) if run and run.note else ""
    return markup("{who}{note}", who=starter(run, run_id) if run_id else "", note=note)


def _changes(month: Mapping[str, Any], summary: Mapping[str, Any], run_id: str) -> Markup:
    changes = list(summary.get("changes", []))
    if further := summary.get("further_changes"):
        changes.append(f"{further} more in the report")
    page_of_run = link(run_address(run_id), "checks, files, timings") if run_id else ""
    run = markup("Run <code>{key}</code> {page}", key=month["run_key"], page=page_of_run)
    return markup(
        "<details><summary>{first}</summary>{lines}</details>",
        first=changes[0]
        if changes
        else "Nothing is written down"
        if not summary
        else "Nothing beyond chance",
        lines=items([*changes[1:], run, *history_of(month), *rollbacks_of(month)]),
    )


def _is_unpublished(run: AirflowRun) -> bool:
    return run.state in _STATES or run.publication == "dry_run"


def _unpublished(run: AirflowRun) -> Row:
    said, kind = _STATES.get(run.state, ("dry run", "soft"))
    started = run.started.isoformat() if run.started else ""
    has_report = run.publication == "dry_run" and run.as_of_date and run.run_key
    cells = [
        run.as_of_date or "not known",
        markup('<span class="{kind}">{said}</span>', kind=kind, said=said),
        link(report_address(run.as_of_date, run.run_key), "Report") if has_report else "",
        *("", "", ""),
        duration(run.seconds),
        moment(started),
        _started_by(run, run.run_id),
        link(run_address(run.run_id), "What failed" if run.state == "failed" else "The run"),
    ]
    return run.as_of_date or "9999", started, cells


def _holds(row: Row, wanted: str) -> bool:
    text = unescape(_TAG.sub(" ", " ".join(str(cell) for cell in row[2]))).casefold()
    return all(word in text for word in wanted.casefold().split())


def _nothing(wanted: str) -> Markup:
    if wanted:
        return markup("<p>No month holds <q>{wanted}</q>.</p>", wanted=wanted)
    return markup("<p>Nothing is published yet. The first successful run of the DAG will stand here.</p>")
