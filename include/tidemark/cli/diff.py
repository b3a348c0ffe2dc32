"""`diff`: what differs between two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.tidemark.cli.clock import shell_user, started_now
from include.tidemark.cli.command import Commands, add_command, iso_date, iso_instant, may_be_missing_name
from include.tidemark.cli.output import json_text
from include.tidemark.errors import TidemarkError

if TYPE_CHECKING:
    import argparse
    from datetime import date

    from include.tidemark.difference.known import KnownDifference
    from include.tidemark.difference.result import Difference
    from include.tidemark.settings import Settings

_DESCRIPTION = """\
What differs between run A and run B of an as-of date, or between what is published
as of two dates: rules, options and code, source tables, lines of the row account,
users who came, went or moved, numbers that changed beyond noise, and files.
Nothing is changed.

With --known-at it says why a published month looks different now. The month is
computed twice, from what had been loaded by that instant and from what is loaded
now, and held against what was published: the first step is what rules, options
and code did, the second what rows that came since did. Nothing is published."""


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "diff",
        run_diff,
        "what differs between two runs, or two months",
        description=_DESCRIPTION,
        examples=[
            "tidemark diff --as-of 2026-11-01 --run KEY_OF_A --run KEY_OF_B",
            "tidemark diff --as-of 2026-11-01 --run KEY_OF_A   # with what is published",
            "tidemark diff --as-of 2026-10-01 --as-of 2026-11-01 --format html > d.html",
            "tidemark diff --as-of 2026-05-01 --known-at 2026-05-02T09:00:00+02:00",
        ],
    )
    parser.add_argument(
        "--as-of",
        action="append",
        type=iso_date,
        required=True,
        metavar="YYYY-MM-DD",
        help="the as-of date of both runs; given twice, that of A and that of B",
    )
    parser.add_argument(
        "--run",
        dest="run_keys",
        action="append",
        default=[],
        metavar="KEY",
        help="the key of A, and given again of B; what is published where it is left out",
    )
    parser.add_argument(
        "--known-at",
        type=iso_instant,
        metavar="INSTANT",
        help="published, known by then, known now; an instant with its offset, such as 2026-05-02T09:00:00+02:00",
    )
    parser.add_argument(
        "--allow-missing",
        action="append",
        type=may_be_missing_name,
        default=[],
        metavar="TABLE",
        help="with --known-at: use the rows of now of a table whose rows of then are gone; may be given again",
    )
    parser.add_argument(
        "--ids", action="store_true", help="name the users who came, went or moved; not in html"
    )
    parser.add_argument(
        "--format", choices=("table", "json", "html"), default="table", help="table (default), json or html"
    )


def run_diff(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the difference.

    Raises:
        TidemarkError: the runs are not two, or are not there.
    """
    from include.tidemark.pipeline.preflight import refuse_no_history

    if arguments.ids and arguments.format == "html":
        raise TidemarkError(
            "A page names no user: leave out --ids, or take --format json and keep its output to yourself."
        )
    if arguments.allow_missing and not arguments.known_at:
        raise TidemarkError("--allow-missing is about the rows of --known-at, which is not given.")
    if arguments.known_at:
        refuse_no_history(settings)
        found: Difference | KnownDifference = _known(arguments, settings)
    else:
        from include.tidemark.pipeline.differ import compare_runs

        earlier, later = _named(arguments.as_of, arguments.run_keys)
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


def _known(arguments: argparse.Namespace, settings: Settings) -> KnownDifference:
    from include.tidemark.cli.progress import ShownProgress
    from include.tidemark.pipeline.differ_known import compare_known
    from include.tidemark.pipeline.preflight import naming_the_holder, refuse_unready

    if len(arguments.as_of) > 1 or len(arguments.run_keys) > 1:
        raise TidemarkError(
            "With --known-at one month is looked at: give --as-of once, and --run at most once, for what was published."
        )
    refuse_unready(settings)
    with naming_the_holder(settings), ShownProgress({}) as progress:
        return compare_known(
            settings,
            arguments.as_of[0],
            arguments.known_at,
            started_now(),
            run_key=next(iter(arguments.run_keys), None),
            allow_missing=arguments.allow_missing,
            started_by=shell_user(),
            progress=progress,
            announce=progress.announces,
            ids=arguments.ids,
        )


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
