"""The page around the families' parts: identity, contents, checks, files, and how to read it all."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from markupsafe import Markup

from include.tidemark.accounting.published import shown_tables
from include.tidemark.artifacts.manifest import gate_summary
from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.families.left_out import NOT_ENABLED, LeftOut
from include.tidemark.report import words
from include.tidemark.report.charts.palette import themed_css
from include.tidemark.report.parts import ReportPart, Section
from include.tidemark.report.script import PackedFile, digest, packed, scripts
from include.tidemark.report.templating import TEMPLATES, environment
from include.tidemark.report.what_changed import WhatChanged
from include.tidemark.run import Run
from include.tidemark.sources.contract import source_tables
from include.tidemark.statistics.multiplicity import Selection
from include.tidemark.version import __version__
from include.tidemark.warehouse.base import Row

_STAGES = {"sources": "Raw data", "models": "Tables", "statistics": "Statistics"}


def write_report(
    run: Run,
    parts: Sequence[ReportPart],
    gate: Sequence[Row],
    *,
    account: Sequence[Row],
    files: Sequence[WrittenFile],
    validation: Sequence[str],
    target: Path,
    left_out: Sequence[LeftOut] = (),
    selection: Selection | None = None,
    changed: WhatChanged | None = None,
) -> WrittenFile:
    """Write `report/index.html` below the folder `target`.

    Args:
        gate: the run's rows of `control.gate_results`.
        account: the lines of the row account.
        files: the files beside the report, to link to.
        validation: pages of the validation documents, to link to.
        left_out: families that the run has not computed, to name with their reasons.
        selection: which families of comparisons hold something, to say from where on a difference is a
            discovery.
        changed: what opens the report; None where nothing is compared.
    """
    path = "report/index.html"
    (target / path).parent.mkdir(parents=True, exist_ok=True)
    shown = {path for part in parts for section in part.sections for path in section.files}
    page = render(
        run,
        parts,
        gate,
        files,
        validation,
        account=account,
        left_out=left_out,
        selection=selection,
        changed=changed,
        embedded=packed([file for file in files if file.path in shown], target),
    )
    (target / path).write_text(page, encoding="utf-8")
    return WrittenFile(path, None)


def style_of_page() -> tuple[Markup, str]:
    """The style of every page, and its digest for the page's Content-Security-Policy."""
    style = f"\n{(TEMPLATES / 'report.css').read_text(encoding='utf-8')}{themed_css()}"
    return Markup(style), digest(style)  # noqa: S704 (our own file)


def render(
    run: Run,
    parts: Sequence[ReportPart],
    gate: Sequence[Row],
    files: Sequence[WrittenFile],
    validation: Sequence[str] = (),
    *,
    account: Sequence[Row] = (),
    left_out: Sequence[LeftOut] = (),
    selection: Selection | None = None,
    changed: WhatChanged | None = None,
    embedded: Mapping[str, PackedFile] | None = None,
) -> str:
    """The whole page as HTML: a family alone heads its report, several are a chapter each.

    Args:
        embedded: by path, the files that a reader can download as filtered.
    """
    inside = embedded or {}
    style, style_hash = style_of_page()
    summary = gate_summary(gate)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            run=run,
            product_version=__version__,
            parts=[_shown(part, files, inside, deeper=len(parts) > 1) for part in parts],
            title=parts[0].title if len(parts) == 1 else "Customer analytics",
            topics={topic for part in parts for topic in part.topics},
            compared=[
                {"title": _title(family), "previous": run.previous_of(family)} for family in run.families
            ],
            left_out=[
                {
                    "title": _title(family.name),
                    "reason": family.reason.replace(NOT_ENABLED, "this deployment does not enable it"),
                }
                for family in left_out
            ],
            sources=_own_sources(run),
            selection=selection,
            changed=changed,
            tables=shown_tables(account),
            methods=list(words.METHODS.values()),
            style=style,
            style_hash=style_hash,
            scripts=scripts(),
            script_hashes=[digest(text) for text in scripts()],
            embedded={PurePosixPath(path).name: file.content for path, file in inside.items()},
            gate=summary,
            failed=_failed(summary["results"]),
            checks=[
                {
                    **row,
                    "sentence": row["message"] or row["expectation"],
                    "stage_name": _STAGES.get(row["stage"], row["stage"]),
                }
                for row in summary["results"]
            ],
            files=files,
            validation=[(page, _STAGES.get(page.split("/")[1], page)) for page in validation],
        )
    )


def _own_sources(run: Run) -> list[dict[str, Any]]:
    """The source tables that are not what the contract says, and what each lacks."""
    return [
        {
            "table": name,
            "relation": None if rows.lack == "nowhere" else rows.relation,
            "is_empty": rows.lack == "empty",
            "absent": [source_tables()[name].column(column) for column in rows.absent],
        }
        for name, rows in run.sources.items()
        if (rows.sql and not rows.landed) or rows.absent or rows.lack
    ]


def _shown(
    part: ReportPart, files: Sequence[WrittenFile], embedded: Mapping[str, PackedFile], *, deeper: bool
) -> dict[str, Any]:
    """A part as the template shows it."""
    return {
        "title": part.title,
        "anchor": part.anchor,
        "intro": part.intro,
        "key_figures": part.key_figures,
        "names": dict(part.names),
        "sections": [
            {
                "title": section.title,
                "anchor": f"{part.anchor}-{section.anchor}",
                "body": _one_level_deeper(section.body) if deeper else section.body,
                "files": _downloads(section, files, embedded),
            }
            for section in part.sections
        ],
    }


def _one_level_deeper(body: Markup) -> Markup:
    """The body with its headings one level down, because its own title is an h3 in a chapter."""
    lowered = re.sub(r"<(/?)h([3-5])\b", lambda tag: f"<{tag[1]}h{int(tag[2]) + 1}", str(body))
    return Markup(lowered)  # noqa: S704 (as safe as the body was)


def _downloads(
    section: Section, files: Sequence[WrittenFile], embedded: Mapping[str, PackedFile]
) -> list[dict[str, Any]]:
    written = {file.path: file for file in files}
    return [
        {
            "path": path,
            "name": PurePosixPath(path).name,
            "rows": written[path].rows,
            "columns": embedded[path].columns if path in embedded else None,
        }
        for path in section.files
        if path in written
    ]


def _title(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _failed(results: Sequence[Row]) -> list[Row]:
    """What did not hold, warnings before notes."""
    failed = [{**row, "sentence": _sentence(row)} for row in results if not row["success"]]
    return sorted(failed, key=lambda row: str(row["severity"]) == "info")


def _sentence(row: Row) -> str:
    if row["message"]:
        return str(row["message"])
    place = ".".join(str(part) for part in (row["table_name"], row["column_name"]) if part)
    observed = f" (observed: {row['observed']})" if row["observed"] else ""
    return f"{row['expectation']} did not hold on {place or 'the run'}{observed}."
