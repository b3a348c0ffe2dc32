"""`rollback`: another published run of a month is shown, an earlier one or the later one again."""

import argparse

from include.tidemark.cli.clock import shell_user
from include.tidemark.cli.command import Commands, add_command, iso_date
from include.tidemark.cli.output import json_text
from include.tidemark.settings import Settings

_DESCRIPTION = """\
Show consumers another published run of an as-of date: an earlier one after a mistake,
or the later one again, which is the same act. Without --apply it only says what would
change. No row and no file of a run is changed; `tidemark history` lists the runs."""


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "rollback",
        run_rollback,
        "show another published run of a month",
        description=_DESCRIPTION,
        examples=[
            "tidemark rollback --as-of 2026-11-01 --run KEY   # what would change",
            'tidemark rollback --as-of 2026-11-01 --run KEY --apply --reason "bad file"',
        ],
    )
    parser.add_argument(
        "--as-of", type=iso_date, required=True, metavar="YYYY-MM-DD", help="the published month"
    )
    parser.add_argument("--run", dest="run_key", required=True, metavar="KEY", help="the run to show")
    parser.add_argument("--apply", action="store_true", help="do it; without it only the difference is shown")
    parser.add_argument(
        "--reason", metavar="TEXT", help="why, for the ledger; needed with --apply, and must name no customer"
    )
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="table (default) or json"
    )


def run_rollback(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show the difference, and roll back where that is asked for.

    Raises:
        TidemarkError: it can't be done; nothing was changed.
    """
    from include.tidemark.difference.text import text_of
    from include.tidemark.pipeline.preflight import refuse_no_history
    from include.tidemark.pipeline.rollback import roll_back

    refuse_no_history(settings)
    done = roll_back(
        arguments.as_of,
        arguments.run_key,
        settings,
        reason=arguments.reason,
        by=shell_user(),
        dry_run=not arguments.apply,
    )
    if arguments.format == "json":
        found = done.difference.model_dump(mode="json")
        print(json_text({"rolled_back": done.publication is not None, "difference": found}))
        return 0
    print(text_of(done.difference))
    print(
        f"\nRun {arguments.run_key} is now what consumers of {arguments.as_of} see (ledger row {done.publication.publication_id})."
        if done.publication
        else "\nNothing was changed: A is what consumers see, B what they would see. To do it, add --apply --reason TEXT."
    )
    return 0
