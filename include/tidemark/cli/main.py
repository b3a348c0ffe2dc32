"""The arguments of `tidemark`, and what is printed."""

import argparse
import sys
from collections.abc import Sequence

from include.tidemark.artifacts.published import PublishedMonth
from include.tidemark.cli import commands
from include.tidemark.cli.output import FORMATS, Format, json_text, render
from include.tidemark.errors import TidemarkError
from include.tidemark.families.early_engagement.driver_table import driver_text
from include.tidemark.settings import Settings, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, 1 when `verify` found a difference, or 2 with one sentence on what can't be done."""
    chosen = _parser().parse_args(arguments)
    try:
        return _run(chosen, load_settings())
    except TidemarkError as error:
        print(f"tidemark: {error}", file=sys.stderr)
        return 2


def _run(chosen: argparse.Namespace, settings: Settings) -> int:
    if chosen.command == "runs":
        print(render(commands.runs(settings, chosen.as_of), chosen.format))
        return 0
    month = commands.find_month(settings, chosen.as_of)
    if chosen.command == "summary":
        print(_summary(month, chosen.family, chosen.format))
        return 0
    if chosen.command == "show":
        found = commands.show(month, chosen.artifact)
        print(json_text(found) if isinstance(found, dict) else render(found, chosen.format))
        return 0
    if chosen.command == "drivers":
        rows = commands.drivers(month, chosen.impact_threshold)
        print(driver_text(rows) if chosen.format == "table" else render(rows, chosen.format))
        return 0
    rows = commands.verify(month)
    print(render(rows, chosen.format))
    return int(any(row["result"] != "ok" for row in rows))


def _summary(month: PublishedMonth, family: str | None, form: Format) -> str:
    overviews = dict(commands.summary(month, family, for_people=form == "table"))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tidemark", description="Read the published months.")
    sub = parser.add_subparsers(dest="command", required=True, metavar="command")
    dated = argparse.ArgumentParser(add_help=False)
    dated.add_argument("--format", choices=FORMATS, default="table", help="table (default), csv or json")
    dated.add_argument(
        "--as-of", metavar="YYYY-MM-DD", help="published as-of date; by default the newest one (runs: all)"
    )
    sub.add_parser("runs", parents=[dated], help="the published months, or the one of an as-of date")
    overview = sub.add_parser("summary", parents=[dated], help="each family's overview")
    overview.add_argument(
        "--family",
        help="only this family; json is then its rows alone, and csv needs it in a month of several families",
    )
    show = sub.add_parser("show", parents=[dated], help="one published table or document")
    show.add_argument(
        "artifact",
        help="for example segment_movement, data/segment_movement.csv or segment_definitions; a document is printed as JSON",
    )
    drivers = sub.add_parser(
        "drivers", parents=[dated], help="first-week behaviour that goes with 4-week retention"
    )
    drivers.add_argument(
        "-it", "--impact-threshold", type=_threshold, metavar="RATIO",
        help="smallest odds ratio that is listed; by default the month's rule, 1.2 unless a deployment changed it",
    )  # fmt: skip
    sub.add_parser(
        "verify", parents=[dated], help="is every file what was published? Exit code 1 when one is not"
    )
    return parser


def _threshold(text: str) -> float:
    value = float(text)
    if not 1 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no odds ratio of 1 or more, such as 1.3")
    return value
