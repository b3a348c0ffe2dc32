"""`history`: what was published for an as-of date, when, by whom and why."""

import argparse

from include.tidemark.cli.command import Commands, add_command, iso_date
from include.tidemark.cli.output import FORMATS, render
from include.tidemark.errors import TidemarkError
from include.tidemark.settings import Settings


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "history",
        run_history,
        "who published what for an as-of date, when and why",
        description="Every publication, rollback and erasure of an as-of date, oldest first.\nThe last one is what consumers see.",
        examples=["tidemark history --as-of 2026-11-01", "tidemark history --as-of 2026-11-01 --format json"],
    )
    parser.add_argument("--as-of", type=iso_date, required=True, metavar="YYYY-MM-DD", help="the as-of date")
    parser.add_argument("--format", choices=FORMATS, default="table", help="table (default), csv or json")


def run_history(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the publications.

    Raises:
        TidemarkError: nothing was ever published for that date.
    """
    from include.tidemark.pipeline.preflight import refuse_no_history
    from include.tidemark.pipeline.rollback import history_of

    refuse_no_history(settings)
    history = history_of(arguments.as_of, settings)
    if not history:
        raise TidemarkError(
            f"Nothing was ever published as of {arguments.as_of}; `tidemark runs` lists the published dates."
        )
    rows = [
        {
            "id": str(each.publication_id),
            "published_at": each.published_at.isoformat() + "Z",
            "action": each.action,
            "run_key": each.run_key,
            "by": each.published_by or "",
            "reason": each.reason or "",
            "rules": each.rules_hash[:12],
            "code": each.code_version,
            "dag_run_id": each.dag_run_id,
        }
        for each in history
    ]
    print(render(rows, arguments.format))
    return 0
