"""What each command shows of the published months."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.published import PublishedMonth, published_months
from include.tidemark.errors import TidemarkError
from include.tidemark.families import known_families
from include.tidemark.families.declared import declared_family
from include.tidemark.families.early_engagement.driver_table import driver_table
from include.tidemark.settings import Settings

Rows = list[dict[str, Any]]


class NotPublishedError(TidemarkError):
    """What was asked for is not published."""


def find_month(settings: Settings, as_of_date: str | None) -> PublishedMonth:
    """The published month of an as-of date, or the newest one.

    Raises:
        NotPublishedError: nothing is published, or not for that date.
    """
    months = published_months(settings)
    if not months:
        raise NotPublishedError(
            f"Nothing is published below {settings.artifact_root}; check TIDEMARK_ARTIFACT_ROOT, or run a month first."
        )
    if as_of_date is None:
        return months[-1]
    found = next((month for month in months if month.as_of_date == as_of_date), None)
    if found is None:
        dates = ", ".join(month.as_of_date for month in months)
        raise NotPublishedError(f"No month is published as of {as_of_date}; published are {dates}.")
    return found


def runs(settings: Settings, as_of_date: str | None) -> Rows:
    """The published months, the newest first, or that of an as-of date.

    Raises:
        NotPublishedError: nothing is published for that date.
    """
    months = [find_month(settings, as_of_date)] if as_of_date else published_months(settings)
    listed = []
    for month in reversed(months):
        manifest = month.manifest()
        computed = [family["name"] for family in manifest["families"] if family["status"] == "computed"]
        listed.append(
            {
                "as_of_date": month.as_of_date,
                "run_key": month.run_key,
                "published_at": month.published_at,
                "action": month.action,
                "families": " ".join(computed),
                "warnings": manifest["gate"]["warnings"],
                "report": month.report_uri,
            }
        )
    return listed


def summary(
    month: PublishedMonth, family: str | None, *, for_people: bool = False
) -> Iterator[tuple[str, Rows]]:
    """The overview of each family that the month holds, or of one: the family's name and its rows.

    Args:
        for_people: fewer columns and digits, so that they fit a terminal; a single row is turned on its side.

    Raises:
        NotPublishedError: the month does not hold the family.
    """
    states = {state["name"]: state for state in month.manifest()["families"]}
    if family is not None and family not in states:
        raise NotPublishedError(f"There is no family {family!r}; this month knows {', '.join(states)}.")
    for name, state in states.items():
        if family not in (None, name):
            continue
        if state["status"] != "computed":
            if family is None:
                continue
            raise NotPublishedError(f"The month as of {month.as_of_date} has no {name}: {state['reason']}")
        known = known_families().get(name) or declared_family(name)
        if not month.has(known.overview):
            raise NotPublishedError(f"The family {name} was published by another version of this project.")
        rows = _without_run(month.rows(known.overview))
        yield name, _shortened(rows, known.overview_columns) if for_people else rows


def show(month: PublishedMonth, artifact: str) -> Rows | dict[str, Any]:
    """The rows of one published table, or one published document, by its file's name with or without folder
    and suffix.

    Raises:
        NotPublishedError: the month has no such table or document.
    """
    paths = [PurePosixPath(file["path"]) for file in month.manifest()["files"]]
    known = [path for suffix in (".csv", ".json") for path in paths if path.suffix == suffix]
    found = [
        path for path in known if artifact in (str(path), str(path.with_suffix("")), path.name, path.stem)
    ]
    if not found:
        names = ", ".join(sorted({path.stem for path in known}))
        raise NotPublishedError(
            f"The month as of {month.as_of_date} has no table {artifact!r}; it has {names}."
        )
    if found[0].suffix == ".csv":
        return list(month.rows(str(found[0])))
    document: dict[str, Any] = json.loads(month.read(str(found[0])))
    return document


def drivers(month: PublishedMonth, impact_threshold: float | None) -> Rows:
    """The features of the first week whose odds ratio of staying is at least the threshold, the highest
    first.

    Args:
        impact_threshold: by default the rule `early_engagement_impact_threshold` of the month.

    Raises:
        NotPublishedError: the month does not hold the family.
    """
    manifest = month.manifest()
    states = {state["name"]: state for state in manifest["families"]}
    state = states.get("early_engagement", {"status": "skipped", "reason": "This month does not know it."})
    if state["status"] != "computed":
        raise NotPublishedError(
            f"The month as of {month.as_of_date} has no early_engagement: {state['reason']}"
        )
    threshold = (
        manifest["rules"]["early_engagement_impact_threshold"]
        if impact_threshold is None
        else impact_threshold
    )
    rows = [row for row in month.rows("data/statistics.csv") if row["family"] == "early_engagement"]
    return driver_table(rows, threshold)


def verify(month: PublishedMonth) -> Rows:
    """Whether the month is what was published: each file against the manifest, the manifest against the
    pointer, the gate.

    Raises:
        DamagedError: there is no manifest to hold the files against.
    """
    manifest = month.manifest()
    checked = [_verdict(MANIFEST, hashlib.sha256(month.read(MANIFEST)).hexdigest(), month.manifest_sha256)]
    for file in manifest["files"]:
        if not month.has(file["path"]):
            checked.append({"what": file["path"], "result": "missing", "detail": "listed in the manifest"})
            continue
        data = month.read(file["path"])
        checked.append(_verdict(file["path"], hashlib.sha256(data).hexdigest(), file["sha256"]))
    gate = manifest["gate"]
    checked.append(
        {
            "what": "gate",
            "result": "failed" if gate["critical_failures"] else "ok",
            "detail": f"{gate['passed']} of {gate['checks']} checks passed, {gate['warnings']} warnings",
        }
    )
    return checked


def _verdict(what: str, found: str, promised: str) -> dict[str, Any]:
    same = found == promised
    return {
        "what": what,
        "result": "ok" if same else "differs",
        "detail": f"sha256 {found[:12]}" if same else f"sha256 {found[:12]}, published was {promised[:12]}",
    }


def _shortened(rows: Rows, columns: tuple[str, ...]) -> Rows:
    short = [{name: _few_digits(row[name]) for name in columns or row if name in row} for row in rows]
    if len(short) == 1:
        return [{"measure": name, "value": value} for name, value in short[0].items()]
    return short


def _few_digits(cell: str) -> str:
    """A number with at most four decimals; any other text as it is."""
    whole, dot, decimals = cell.partition(".")
    if not dot or len(decimals) <= 4 or not (whole + decimals).lstrip("-").isdigit():
        return cell
    return f"{float(cell):.4f}".rstrip("0").rstrip(".")


def _without_run(rows: list[dict[str, str]]) -> Rows:
    """The rows without the two columns that are the same in each."""
    return [
        {name: value for name, value in row.items() if name not in ("as_of_date", "run_key")} for row in rows
    ]
