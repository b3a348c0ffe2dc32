"""`runs`, `summary`, `show`, `drivers`, `verify`: what is published. They read the artifact root alone: no
warehouse, no Airflow."""

import argparse

from include.tidemark.artifacts.published import PublishedMonth
from include.tidemark.cli import published
from include.tidemark.cli.command import Commands, add_command
from include.tidemark.cli.output import FORMATS, Format, json_text, render
from include.tidemark.errors import TidemarkError
from include.tidemark.families.early_engagement.driver_table import driver_text
from include.tidemark.settings import Settings


def add_parser(sub: Commands) -> None:
    """Declare the five commands."""
    dated = argparse.ArgumentParser(add_help=False)
    dated.add_argument("--format", choices=FORMATS, default="table", help="table (default), csv or json")
    dated.add_argument(
        "--as-of", metavar="YYYY-MM-DD", help="published as-of date; by default the newest one (runs: all)"
    )
    add_command(
        sub,
        "runs",
        run_runs,
        "the published months, or the one of an as-of date",
        parents=[dated],
        examples=["tidemark runs", "tidemark runs --as-of 2026-11-01 --format json"],
    )
    overview = add_command(
        sub,
        "summary",
        run_summary,
        "each family's overview",
        parents=[dated],
        examples=["tidemark summary", "tidemark summary --family customer_segments --format csv"],
    )
    overview.add_argument(
        "--family",
        help="only this family; json is then its rows alone, and csv needs it in a month of several families",
    )
    show = add_command(
        sub,
        "show",
        run_show,
        "one published table or document",
        parents=[dated],
        examples=[
            "tidemark show segment_movement",
            "tidemark show segment_definitions | less",
            "tidemark show segment_summary --as-of 2026-11-01 --format csv > summary.csv",
        ],
    )
    show.add_argument(
        "artifact",
        help="for example segment_movement, data/segment_movement.csv or segment_definitions; a document is printed as JSON",
    )
    drivers = add_command(
        sub,
        "drivers",
        run_drivers,
        "first-week behaviour that goes with 4-week retention",
        parents=[dated],
        examples=["tidemark drivers", "tidemark drivers --impact-threshold 1.5"],
    )
    drivers.add_argument(
        "-it",
        "--impact-threshold",
        type=_threshold,
        metavar="RATIO",
        help="smallest odds ratio that is listed; by default the month's rule, 1.2 unless a deployment changed it",
    )
    add_command(
        sub,
        "verify",
        run_verify,
        "is every file what was published? Exit code 1 when one is not",
        parents=[dated],
        description="Is every file what was published? Exit code 1 when one is not.",
        examples=["tidemark verify", "tidemark verify --as-of 2026-11-01 --format csv"],
    )


def run_runs(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the published months."""
    print(render(published.runs(settings, arguments.as_of), arguments.format))
    return 0


def run_summary(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the overviews of a month."""
    month = published.find_month(settings, arguments.as_of)
    print(_summary(month, arguments.family, arguments.format))
    return 0


def run_show(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print one table or document of a month."""
    found = published.show(published.find_month(settings, arguments.as_of), arguments.artifact)
    print(json_text(found) if isinstance(found, dict) else render(found, arguments.format))
    return 0


def run_drivers(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the drivers of retention."""
    month = published.find_month(settings, arguments.as_of)
    rows = published.drivers(month, arguments.impact_threshold)
    print(driver_text(rows) if arguments.format == "table" else render(rows, arguments.format))
    return 0


def run_verify(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the verdict on each file; returns 1 when one is not what was published."""
    rows = published.verify(published.find_month(settings, arguments.as_of))
    print(render(rows, arguments.format))
    return int(any(row["result"] != "ok" for row in rows))


def _summary(month: PublishedMonth, family: str | None, form: Format) -> str:
    overviews = dict(published.summary(month, family, for_people=form == "table"))
    if form == "table":
        parts = [
            f"{name} as of {month.as_of_date}\n\n{render(rows, form)}" for name, rows in overviews.items()
        ]
        return "\n\n".join(parts)
    if form == "json" and family is None:
        return json_text(overviews)
    if len(overviews) > 1:
        raise TidemarkError(
            f"One CSV table holds one family: add --family, which may be one of {', '.join(overviews)}."
        )
    return "\n".join(render(rows, form) for rows in overviews.values())


def _threshold(text: str) -> float:
    value = float(text)
    if not 1 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no odds ratio of 1 or more, such as 1.3")
    return value
