"""`forget`: a person is erased from every month."""

import argparse
from typing import TYPE_CHECKING

from include.tidemark.cli.clock import started_now
from include.tidemark.cli.command import Commands, add_command
from include.tidemark.cli.guard import FAILED
from include.tidemark.cli.output import FORMATS, json_text, render
from include.tidemark.settings import Settings

if TYPE_CHECKING:
    from include.tidemark.pipeline.forget import Forgotten

_DESCRIPTION = """\
Erase persons from every month: their rows in raw (where landing files were loaded),
core and runs, and in the user-level files of every run, published or not. The runs'
manifests get new digests and say how many rows are gone and why, never whose;
`tidemark verify` stays green. Aggregates stay as they were published.

Erase at the source first: no memory of the ids is kept. A command that was
interrupted is completed by running it again with the same file.

Exit code 1: something was left as it was; the messages say what.
"""


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "forget",
        run_forget,
        "erase persons from every month",
        description=_DESCRIPTION,
        examples=[
            "tidemark forget --user-id-file ids.txt",
            'tidemark forget --user-id-file s3://privacy/ids.txt --reason "by request"',
        ],
    )
    parser.add_argument(
        "--user-id-file",
        required=True,
        metavar="FILE",
        help="path or URL of a text file with one user id per line, in quotes or not",
    )
    parser.add_argument("--reason", metavar="TEXT", help="for the manifests; it must not name anybody")
    parser.add_argument("--format", choices=FORMATS, default="table", help="table (default), csv or json")


def run_forget(arguments: argparse.Namespace, settings: Settings) -> int:
    """Erase, and print how much; returns 1 where something was left."""
    from include.tidemark.pipeline.forget import forget
    from include.tidemark.pipeline.preflight import refuse_unreachable

    refuse_unreachable(settings)
    outcome = forget(arguments.user_id_file, arguments.reason, settings, started_now())
    if arguments.format == "json":
        print(json_text(outcome.as_json()))
    else:
        print(render(_rows(outcome), arguments.format))
    if arguments.format == "table":
        for sentence in (*outcome.notes, *outcome.problems):
            print(f"\n{sentence}")
    return FAILED if outcome.problems else 0


def _rows(outcome: "Forgotten") -> list[dict[str, object]]:
    rows: list[tuple[str, int]] = [
        ("persons named", outcome.persons),
        ("persons found", outcome.found),
        ("persons unknown", outcome.persons - outcome.found),
        *((f"rows of {name}", count) for name, count in outcome.rows.items() if count),
        *((f"rows in {run.files} files of run {run.run_key}", run.rows) for run in outcome.runs),
    ]
    return [{"what": what, "count": count} for what, count in rows]
