"""`suggest-rules`: thresholds of the five customer segments that fit the deployment's own data."""

import argparse
import sys

from include.tidemark.cli.clock import started_now
from include.tidemark.cli.command import Commands, add_command, iso_date
from include.tidemark.cli.output import json_text
from include.tidemark.settings import Settings

_DESCRIPTION = """\
Thresholds of the five customer segments that fit your own data.

Computes the month twice as a run that is never published and leaves nothing behind:
with today's rules, and with proposed ones whose segments come near the reference
shares (those of credit-card portfolios) or the shares that --shares asks for. Shows
what each threshold cuts, the rules that it proposes to change and why, and customers
and audiences by today's rules and by the proposal. Landing files that are new are
loaded, as every run loads them. Without --write no rule changes.

Where some segment can't come near its share whatever the thresholds are, or an
audience stays empty, the notes say why.
"""

_STAGES = {
    "resolve_run": "Resolving the month",
    "load_sources": "Loading the sources",
    "check_sources": "Checking the sources",
    "models": "Computing the month with today's rules",
    "thresholds": "Choosing thresholds",
    "preview": "Computing the month with the proposed rules",
    "tidy_up": "Removing both again",
}


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "suggest-rules",
        run_suggest,
        "thresholds of the customer segments that fit your data",
        description=_DESCRIPTION,
        examples=[
            "tidemark suggest-rules --as-of 2026-11-01",
            'tidemark suggest-rules --as-of 2026-11-01 --shares "Declining=15"',
            "tidemark suggest-rules --as-of 2026-11-01 --write",
            "tidemark suggest-rules --as-of 2026-11-01 --format json > proposal.json",
        ],
    )
    parser.add_argument(
        "--as-of",
        type=iso_date,
        required=True,
        metavar="YYYY-MM-DD",
        help="the month to look at: only what happened before this day is seen",
    )
    parser.add_argument(
        "--shares",
        metavar="SEGMENT=PERCENT,...",
        help="wished shares of all customers; segments that are not named share the rest as they do in the reference",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the proposed rules into rules.yml of the configuration folder; what else stands there stays, and a comment above"
        " each rule keeps the value before",
    )
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="table (default) or json"
    )


def run_suggest(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the proposal, and write it where that was asked for."""
    # Imported here: the stages need Airflow and Great Expectations, which take seconds to load.
    from include.tidemark.cli.suggest_text import document, page
    from include.tidemark.pipeline.preflight import naming_the_holder, refuse_unready
    from include.tidemark.suggest import rules_file
    from include.tidemark.suggest.suggestion import suggest
    from include.tidemark.suggest.wishes import aims

    started_at = started_now()
    wishes = aims(arguments.shares)
    if arguments.write:
        rules_file.refuse_unwritable(settings)
    refuse_unready(settings)
    with naming_the_holder(settings):
        found = suggest(settings, arguments.as_of, wishes, started_at, _say_stage)
    text = rules_file.changed_text(
        rules_file.current_text(settings), found.changes, found.today, found.as_of_date, settings.config_dir
    )
    written = rules_file.write_rules(settings, text) if arguments.write and found.changes else None
    if arguments.format == "json":
        print(json_text(document(found, text, written)))
    else:
        print(page(found, written, rules_file.rules_path(settings)))
    return 0


def _say_stage(stage: str) -> None:
    print(f"{_STAGES[stage]} ...", file=sys.stderr)
