"""`open`: a month's report in the browser."""

import argparse
import os
import sys
import webbrowser
from pathlib import Path

from include.tidemark.cli.command import Commands, add_command, iso_date
from include.tidemark.cli.published import NotPublishedError, find_month
from include.tidemark.settings import Settings

_LOCAL = "file://"


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "open",
        run,
        "the newest report in the browser; its address where there is none",
        examples=["tidemark open", "tidemark open --as-of 2026-11-01"],
    )
    parser.add_argument(
        "--as-of", type=iso_date, metavar="YYYY-MM-DD", help="published as-of date; by default the newest one"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Open the report, and print where it is.

    Raises:
        NotPublishedError: nothing is published, not for that date, or the report is gone.
    """
    month = find_month(settings, arguments.as_of and arguments.as_of.isoformat())
    if not month.report_uri.startswith(_LOCAL):
        print(
            f"{month.report_uri}\nThat is no folder of this machine: look at it through your object storage, or in Airflow's UI."
        )
        return 0
    report = Path(month.report_uri.removeprefix(_LOCAL))
    if not report.is_file():
        raise NotPublishedError(
            f"The report {report} of the month as of {month.as_of_date} is not there; `tidemark verify` says what else is missing."
        )
    print(report.as_uri(), flush=True)
    if not (_has_display() and webbrowser.open(report.as_uri())):
        print("No browser could be started here: open that address in yours.")
    return 0


def _has_display() -> bool:
    """Whether a browser would have somewhere to show itself; one of a terminal would not show the charts."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
