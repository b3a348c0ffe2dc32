"""The page of one run, which Airflow shows as a tab of the DAG run."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

from tidemark_airflow_runs import DAG_ID, AirflowRun, TaskState
from tidemark_months import history_of, report_address, rollbacks_of, starter
from tidemark_pages import (
    Markup,
    airflow_link,
    count,
    dag_path,
    duration,
    facts,
    file_link,
    items,
    link,
    markup,
    moment,
    page,
    pasted,
    table,
)
from tidemark_store import MANIFEST, STAGES, RunFiles

Month = Mapping[str, Any]

_STATES = {
    "failed": ("failed", "bad"), "running": ("running", "soft"), "queued": ("waiting", "soft"), "success": ("succeeded", "good"),
}  # fmt: skip
_BROKEN = ("failed", "upstream_failed")


def run_page(
    run_id: str,
    run: AirflowRun | None,
    tasks: Sequence[TaskState],
    files: RunFiles | None,
    months: Sequence[Month],
) -> str:
    """The page.

    Args:
        run: what Airflow knows of it; None where it has forgotten it, or where it was started elsewhere.
        files: None while the run has no identity.
        months: the published months, newest first.
    """
    manifest = files.manifest() if files else None
    checks = files.checks() if files else {}
    as_of_date = files.as_of_date if files else ""
    month = next((m for m in months if m["as_of_date"] == as_of_date), None)
    shown = month is not None and files is not None and month["run_key"] == files.run_key
    title = f"As of {as_of_date}" if files else "A run without an as-of date"
    return page(
        title,
        markup("<h1>{title}</h1>", title=title),
        _facts(run_id, run, files, shown=shown),
        *(_failure(run_id, tasks, files, checks, months) if run and run.state == "failed" else ()),
        *(_report(files, manifest) if files and manifest else ()),
        *(_gate(files, checks, manifest) if files else ()),
        *_timings(manifest, tasks),
        *(_files(files, manifest) if files and manifest else ()),
        *_actions(as_of_date, month),
        markup("<p>{all}</p>", all=link("./", "All months")),
    )


def other_dag_page() -> str:
    """What the tab says on the runs of every other DAG; Airflow shows a tab on all of them."""
    return page(
        "Tidemark",
        markup(
            "<h1>Nothing of Tidemark here</h1><p>This tab is about runs of the DAG {dag}. See {months}.</p>",
            dag=airflow_link(dag_path(DAG_ID), DAG_ID),
            months=link("./", "the published months"),
        ),
    )


def damaged_page(sentence: str) -> str:
    """What a page says instead, where a file that it needs is damaged."""
    return page(
        "Tidemark",
        markup(
            "<h1>What is published can't be read</h1><p>{sentence}</p><p>The views in the warehouse do not depend on it.</p>",
            sentence=sentence,
        ),
    )


def _facts(run_id: str, run: AirflowRun | None, files: RunFiles | None, *, shown: bool) -> Markup:
    said, kind = _STATES.get(run.state, (run.state, "soft")) if run else ("not in Airflow any more", "soft")
    if run and run.publication == "dry_run":
        said = f"{said}, a dry run"
    return facts(
        [
            ("Status", markup('<span class="{kind}">{said}</span>', kind=kind, said=said)),
            ("Consumers see it", "yes, it is published" if shown else "no"),
            ("Started (UTC)", moment(run.started.isoformat()) if run and run.started else ""),
            ("Took", duration(run.seconds) if run else ""),
            ("Started by", starter(run, run_id)),
            ("Note", run.note if run else ""),
            ("In Airflow", airflow_link(dag_path(DAG_ID, run_id), "Its tasks and logs") if run else ""),
            ("Run key", markup("<code>{key}</code>", key=files.run_key) if files else ""),
        ]
    )


def _failure(
    run_id: str,
    tasks: Sequence[TaskState],
    files: RunFiles | None,
    checks: Mapping[str, Mapping[str, Any]],
    months: Sequence[Month],
) -> Iterator[Markup]:
    yield markup("<h2>What failed</h2>")
    for task in (task for task in tasks if task.state == "failed"):
        log = airflow_link(dag_path(DAG_ID, run_id, task.task_id), "Log")
        docs = _docs_link(files, task.task_id.removeprefix("check_"), checks)
        yield markup(
            '<div class="failed"><p><b>{task}</b></p><p>{sentence}</p>{more}<p>{log}{docs}</p></div>',
            task=task.task_id,
            sentence=task.sentence or "It left no sentence; its log says why.",
            more=_critical(checks.get(task.task_id.removeprefix("check_"))),
            log=log,
            docs=[" · ", docs] if docs else "",
        )
    yield markup("<h2>What consumers see now</h2>")
    yield markup("<p>What they saw before this run: nothing of it is published.</p>")
    yield items(_seen(files, months)) if months else markup("<p>No month is published yet.</p>")


def _seen(files: RunFiles | None, months: Sequence[Month]) -> Iterator[Markup]:
    newest = months[0]
    yield markup("The newest month: {report}.", report=_report_link(newest))
    for month in months[1:]:
        if files and month["as_of_date"] == files.as_of_date:
            yield markup("The month of this run: {report}.", report=_report_link(month))


def _critical(stage: Mapping[str, Any] | None) -> Markup | str:
    failed = (
        [r for r in stage["results"] if not r["success"] and r["severity"] == "critical"] if stage else []
    )
    return (
        items(f"{result['suite']}, {result['expectation']}: {result['message']}" for result in failed)
        if failed
        else ""
    )


def _docs_link(files: RunFiles | None, stage: str, checks: Mapping[str, Any]) -> Markup | None:
    if files is None or stage not in checks:
        return None
    return link(f"{files.address}/validation/{stage}/index.html", f"Data Docs: {stage}")


def _report_link(month: Month) -> Markup:
    return link(report_address(month["as_of_date"], month["run_key"]), f"as of {month['as_of_date']}")


def _report(files: RunFiles, manifest: Mapping[str, Any]) -> Iterator[Markup]:
    yield markup(
        "<p><b>{report}</b></p>", report=link(f"{files.address}/report/index.html", "Open the report")
    )
    yield markup("<h2>What changed</h2>")
    families = [
        family for family in manifest["families"] if family["status"] == "computed" and "changes" in family
    ]
    if not families:
        yield markup("<p>This run was made before changes were written down; its report has them.</p>")
    quiet = [family for family in families if not family["changes"]]
    for family in families:
        if family["changes"]:
            yield markup(
                "<p><b>{name}</b>, since {day}</p>",
                name=_name(family),
                day=(family["previous"] or {}).get("as_of_date", ""),
            )
            yield items(family["changes"])
    first = [_name(family) for family in quiet if family["changes"] is None]
    same = [_name(family) for family in quiet if family["changes"] is not None]
    if same:
        yield markup("<p>Nothing beyond chance: {names}.</p>", names=", ".join(same))
    if first:
        yield markup("<p>No earlier month to compare with: {names}.</p>", names=", ".join(first))


def _name(family: Mapping[str, Any]) -> str:
    return str(family["name"]).replace("_", " ").capitalize()


def _gate(
    files: RunFiles, checks: Mapping[str, Mapping[str, Any]], manifest: Mapping[str, Any] | None
) -> Iterator[Markup]:
    results = [(stage, result) for stage, listed in checks.items() for result in listed["results"]]
    if not results and manifest:
        results = [(result["stage"], result) for result in manifest["gate"]["results"]]
    yield markup("<h2>Gate</h2>")
    if not results:
        yield markup("<p>Nothing was checked.</p>")
        return
    failed = [(stage, result) for stage, result in results if not result["success"]]
    docs = [
        _docs_link(files, stage, dict.fromkeys(dict(results))) for stage in STAGES if stage in dict(results)
    ]
    yield markup(
        "<p>{checks} checks, {failed} that did not pass. {docs}</p>",
        checks=count(len(results)),
        failed=count(len(failed)),
        docs=[[" ", d] for d in docs],
    )
    if failed:
        order = {"critical": 0, "warning": 1, "info": 2}
        failed.sort(key=lambda pair: order.get(pair[1]["severity"], 3))
        kinds = {"critical": ("critical", "bad"), "warning": ("warning", "warn"), "info": ("note", "soft")}
        yield table(
            ("Check", "Severity", "Stage", "Observed", "What it says"),
            [
                (
                    result["expectation"],
                    markup(
                        '<span class="{kind}">{word}</span>',
                        word=kinds[result["severity"]][0],
                        kind=kinds[result["severity"]][1],
                    ),
                    stage,
                    result["observed"],
                    result["message"],
                )
                for stage, result in failed
            ],
        )


def _timings(manifest: Mapping[str, Any] | None, tasks: Sequence[TaskState]) -> Iterator[Markup]:
    """Of each stage its own work where the run says it, else the longest of its tasks."""
    said: dict[str, float] = (manifest or {}).get("timings_seconds") or {}
    stages = dict(said)
    for task in tasks:
        name = task.task_id.partition(".")[0]
        if task.seconds is not None and name not in said:
            stages[name] = max(stages.get(name, 0), task.seconds)
    if stages:
        yield markup("<h2>Timings</h2>")
        yield facts((name, duration(seconds)) for name, seconds in stages.items())


def _files(files: RunFiles, manifest: Mapping[str, Any]) -> Iterator[Markup]:
    listed = [file for file in manifest["files"] if not file["path"].startswith("validation/")]
    rows = [
        (
            _file_link(f"{files.address}/{quote(file['path'])}", file["path"]),
            count(file.get("rows")),
            count(file.get("bytes")),
        )
        for file in [{"path": MANIFEST}, *listed]
    ]
    yield markup("<h2>Files</h2>")
    yield markup(
        "<details><summary>{number} files</summary>{table}</details>",
        number=count(len(rows)),
        table=table(("File", "Rows", "Bytes"), rows, numbers=("Rows", "Bytes")),
    )


def _file_link(address: str, path: str) -> Markup:
    return (link if path.endswith((".html", ".json")) else file_link)(address, path)


def _actions(as_of_date: str, month: Month | None) -> Iterator[Markup]:
    """Airflow's form takes no values from an address (up to 3.3.2), so they are beside the link to paste."""
    form = airflow_link(dag_path(DAG_ID), "Trigger")
    yield markup("<h2>What to do</h2>")
    if not as_of_date:
        yield markup("<p>Correct what the sentence names, then {form} the DAG again.</p>", form=form)
        return
    yield markup(
        "<p>Each link leads to a DAG, whose button <i>Trigger</i> opens a form. A click selects the line beside the link; pasted there, below"
        " <i>Advanced Options</i>, it fills the fields.</p>"
    )
    yield items(
        [
            markup(
                "Compute the month again: {form}, pasting {values} into <i>Configuration JSON</i>.",
                form=form,
                values=pasted(as_of_date=as_of_date, reason=None),
            ),
            *_backfill(as_of_date),
            *(rollbacks_of(month) if month else []),
        ]
    )
    if month and (history := history_of(month)):
        yield markup("<h2>History of the month</h2>")
        yield items(history)


def _backfill(as_of_date: str) -> Iterator[Markup]:
    if date.fromisoformat(as_of_date).day == 1:
        yield markup(
            "Compute it and later months again: {form}, pasting {values} into <i>Configuration JSON</i>, with the last as-of date that you"
            " want. Its log has the plan; with <i>Dry run</i> off and a reason it is done.",
            form=airflow_link(dag_path("segmentation_backfill"), "Backfill"),
            values=pasted(from_date=as_of_date, to_date=as_of_date, dry_run=True, reason=None),
        )
