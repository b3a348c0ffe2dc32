"""The page around the families' parts: identity, checks, files, and how to read it all."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from include.tidemark.artifacts.manifest import gate_summary
from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.report.charts.palette import themed_css
from include.tidemark.report.parts import ReportPart
from include.tidemark.report.templating import TEMPLATES, environment
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row

_STAGES = {"sources": "Raw data", "models": "Segments", "statistics": "Statistics"}


def write_report(
    run: Run,
    parts: Sequence[ReportPart],
    gate: Sequence[Row],
    *,
    files: Sequence[WrittenFile],
    validation: Sequence[str],
    target: Path,
) -> WrittenFile:
    """Write `report/index.html` below the folder `target`.

    Args:
        gate: the run's rows of `control.gate_results`.
        files: the files beside the report, to link to.
        validation: pages of the validation documents, to link to.
    """
    path = "report/index.html"
    (target / path).parent.mkdir(parents=True, exist_ok=True)
    (target / path).write_text(render(run, parts, gate, files, validation), encoding="utf-8")
    return WrittenFile(path, None)


def render(
    run: Run,
    parts: Sequence[ReportPart],
    gate: Sequence[Row],
    files: Sequence[WrittenFile],
    validation: Sequence[str] = (),
) -> str:
    """The whole page as HTML."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8") + themed_css()
    summary = gate_summary(gate)
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            run=run,
            parts=parts,
            title=parts[0].title if len(parts) == 1 else "Customer analytics",
            style=Markup(f"\n{style}"),  # noqa: S704 (our own file)
            style_hash=base64.b64encode(hashlib.sha256(f"\n{style}".encode()).digest()).decode(),
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
