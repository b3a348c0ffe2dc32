"""`doctor`: everything that a run needs, looked at before anything runs."""

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from include.tidemark.cli.clock import started_now
from include.tidemark.cli.command import Commands, add_command, iso_date
from include.tidemark.cli.output import json_text

_DESCRIPTION = """\
Look at everything that a run needs: Python and dbt, settings, configuration folder,
storage, connections, pool, triggerer, the warehouse and its grants, each source with
its columns, and a first look at the rows. Nothing is loaded and nothing is changed;
what is made to see whether it may be made is removed at once.

Each line is ok, a warning or wrong, with what to do. Exit code 1: something is wrong."""


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "doctor",
        run_doctor,
        "check everything that a run needs, with what to do",
        description=_DESCRIPTION,
        examples=[
            "tidemark doctor",
            "tidemark doctor --as-of 2026-11-01",
            "tidemark doctor --format markdown > checklist.md",
            "tidemark doctor --format json | jq '.counts'",
        ],
    )
    parser.add_argument(
        "--as-of",
        type=iso_date,
        metavar="YYYY-MM-DD",
        help="the month that you mean to run; by default today in the business time zone",
    )
    parser.add_argument(
        "--format",
        choices=("table", "json", "markdown"),
        default="table",
        help="table (default), json or markdown",
    )
    # What is wrong with the settings is a finding, not a reason not to look at the rest.
    parser.set_defaults(looks_at_settings_itself=True)


def run_doctor(arguments: argparse.Namespace) -> int:
    """Print the findings; returns 1 when something is wrong."""
    # These load Airflow's, dbt's and Great Expectations' parts: not for every other command.
    from include.tidemark.doctor.checks import CHECKS
    from include.tidemark.doctor.examination import Examination
    from include.tidemark.doctor.findings import CannotLookError, Finding, counts, findings_of, folded
    from include.tidemark.doctor.page import checklist, document, table

    with _quiet_log(), Examination(started_now(), arguments.as_of) as examination:
        findings: list[Finding] = []
        for check in CHECKS:
            _say(f"Looking at {check.title} ...")
            findings += findings_of(check, examination)
        _say("")
        try:
            as_of_date = examination.as_of_date
        except CannotLookError:
            as_of_date = arguments.as_of
    if arguments.format == "json":
        print(json_text(document(findings, as_of_date)))
    else:
        shown = folded(findings)
        print(checklist(shown, as_of_date) if arguments.format == "markdown" else table(shown))
    return int(counts(findings)["wrong"] > 0)


@contextmanager
def _quiet_log() -> Iterator[None]:
    """The findings say it all; a log beside them would say it twice."""
    ours = logging.getLogger("include.tidemark")
    level = ours.level
    ours.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        ours.setLevel(level)


def _say(text: str) -> None:
    """What is looked at right now, where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
