"""`diff`: what differs between two runs."""

from __future__ import annotations

import argparse
from datetime import date

from include.tidemark.cli.command import Commands, add_command, iso_date
from include.tidemark.cli.output import json_text
from include.tidemark.errors import TidemarkError
from include.tidemark.settings import Settings

_DESCRIPTION = """\
What differs between run A and run B of an as-of date, or between what is published
as of two dates: rules, options and code, source tables, lines of the row account,
users who came, went or moved, numbers that changed beyond noise, and files.
Nothing is changed."""


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub, "diff", run_diff, "what differs between two runs, or two months", description=_DESCRIPTION,
        examples=[
            "tidemark diff --as-of 2026-11-01 --run KEY_OF_A --run KEY_OF_B",
            "tidemark diff --as-of 2026-11-01 --run KEY_OF_A   # with what is published",
            "tidemark diff --as-of 2026-10-01 --as-of 2026-11-01 --format html > d.html",
        ],
    )  # fmt: skip
    parser.add_argument(
        "--as-of", action="append", type=iso_date, required=True, metavar="YYYY-MM-DD",
        help="the as-of date of both runs; given twice, that of A and that of B",
    )  # fmt: skip
    parser.add_argument(
        "--run", dest="run_keys", action="append", default=[], metavar="KEY",
        help="the key of A, and given again of B; what is published where it is left out",
    )  # fmt: skip
    parser.add_argument(
        "--ids", action="store_true", help="name the users who came, went or moved; not in html"
    )
    parser.add_argument("--format", choices=("table", "json", "html"), default="table", help="table (default), json or html")  # fmt: skip


def run_diff(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the difference.

    Raises:
        TidemarkError: the runs are not two, or are not there.
    """
    from include.tidemark.pipeline.differ import compare_runs
    from include.tidemark.pipeline.preflight import refuse_no_history

    earlier, later = _named(arguments.as_of, arguments.run_keys)
    if arguments.ids and arguments.format == "html":
        raise TidemarkError(
            "A page names no user: leave out --ids, or take --format json and keep its output to yourself."
        )
    refuse_no_history(settings)
    found = compare_runs(settings, earlier, later, ids=arguments.ids)
    if arguments.format == "html":
        from include.tidemark.difference.page import difference_page

        print(difference_page(found))
    elif arguments.format == "json":
        print(json_text(found.model_dump(mode="json")))
    else:
        from include.tidemark.difference.text import text_of

        print(text_of(found))
    return 0


def _named(days: list[date], keys: list[str]) -> tuple[tuple[date, str | None], tuple[date, str | None]]:
    if len(days) > 2 or len(keys) > 2:
        raise TidemarkError("Two runs are compared: give --as-of and --run at most twice.")
    if len(days) == 1 and not keys:
        raise TidemarkError(
            f"Say what to compare the month as of {days[0]} with: --run KEY of another run of it (`tidemark history --as-of {days[0]}`"
            " lists them), or a second --as-of."
        )
    first, second = (*keys, None, None)[:2]
    return (days[0], first), (days[-1], second)
