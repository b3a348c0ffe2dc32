"""`backfill`: months computed again, as a plan that is read before it is applied."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from include.tidemark.cli.clock import shell_user, started_now
from include.tidemark.cli.command import Commands, add_command, iso_date
from include.tidemark.cli.guard import FAILED
from include.tidemark.cli.output import json_text
from include.tidemark.errors import TidemarkError

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from include.tidemark.backfill.outcome import MonthOutcome
    from include.tidemark.backfill.request import BackfillRequest
    from include.tidemark.settings import Settings

_DESCRIPTION = """\
Compute months again. Without --apply it prints the plan and changes nothing: what is
published for each month, what would differ and why, and what it will take. With
--apply each month is a new run, oldest first; consumers see a month's new run when
all of its checks have passed. It ends with what is different from before.

Ctrl-C or a crash loses the month at work; --resume goes on, and leaves out the months
that are done. --pause and --cancel take effect when the month at work has ended."""


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "backfill",
        run_backfill,
        "compute months again: the plan, and with --apply the runs",
        description=_DESCRIPTION,
        examples=[
            "tidemark backfill --from 2026-09-01 --to 2026-11-01      # the plan",
            'tidemark backfill --from 2026-09-01 --to 2026-11-01 --apply --reason "..."',
            "tidemark backfill --resume ID",
        ],
    )
    parser.add_argument(
        "--from", dest="from_date", type=iso_date, metavar="YYYY-MM-DD", help="first as-of date"
    )
    parser.add_argument(
        "--to", dest="to_date", type=iso_date, metavar="YYYY-MM-DD", help="last as-of date, included"
    )
    parser.add_argument("--apply", action="store_true", help="do it; without it only the plan is printed")
    parser.add_argument(
        "--reason", metavar="TEXT", help="why, for the ledger; needed with --apply, and must name no customer"
    )
    parser.add_argument(
        "--family",
        action="append",
        default=[],
        metavar="NAME",
        help="leave it out: a publication holds a whole month, so every run is of all that are enabled, and fewer are refused",
    )
    parser.add_argument(
        "--full-refresh", action="store_true", help="rebuild the daily facts from all rows in the first month"
    )
    parser.add_argument(
        "--no-publish", action="store_true", help="compute and check, but show consumers nothing new"
    )
    parser.add_argument(
        "--max-parallel", type=int, default=1, metavar="N", help="months at once, on Snowflake; by default 1"
    )
    parser.add_argument("--go-on", action="store_true", help="go on with the next month where one failed")
    parser.add_argument("--resume", metavar="ID", help="go on with a backfill that was paused or interrupted")
    parser.add_argument(
        "--pause", metavar="ID", help="let a backfill that is at work elsewhere stop after its month"
    )
    parser.add_argument("--cancel", metavar="ID", help="the same for good; what is published stays")
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="table (default) or json"
    )


def run_backfill(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the plan, or do it and print what came of it; returns 1 where a month is not done.

    Raises:
        TidemarkError: it can't be begun.
        KeyboardInterrupt: with a sentence on how to go on.
    """
    from include.tidemark.pipeline.preflight import refuse_no_history, refuse_unready

    now = started_now()
    refuse_no_history(settings)
    if noted := arguments.pause or arguments.cancel:
        return _note(noted, "paused" if arguments.pause else "cancelled", arguments, settings, now)
    if arguments.apply or arguments.resume:
        refuse_unready(settings)
    backfill_id, request = (
        _resumed(arguments, settings, now) if arguments.resume else _planned(arguments, settings, now)
    )
    return _apply(backfill_id, request, arguments, settings) if backfill_id else 0


def _note(
    backfill_id: str, action: Any, arguments: argparse.Namespace, settings: Settings, now: datetime
) -> int:
    from include.tidemark.pipeline.backfill import note_backfill

    note_backfill(backfill_id, action, settings, at=now, by=shell_user(), reason=arguments.reason)
    print(f"The backfill {backfill_id} is {action}; a month that is at work is finished first.")
    return 0


def _planned(
    arguments: argparse.Namespace, settings: Settings, now: datetime
) -> tuple[str | None, BackfillRequest]:
    """Print the plan; the new backfill's id where it is to be applied."""
    from include.tidemark.difference.text import text_of
    from include.tidemark.pipeline.backfill import note_backfill, plan_backfill

    if not (arguments.from_date and arguments.to_date):
        raise TidemarkError("Say which months: --from and --to, both as-of dates, or --resume ID.")
    plan = plan_backfill(
        {
            "from_date": arguments.from_date, "to_date": arguments.to_date, "families": tuple(arguments.family),
            "full_refresh": arguments.full_refresh, "publish": not arguments.no_publish,
            "max_parallel": arguments.max_parallel, "stop_on_failure": not arguments.go_on,
            "reason": arguments.reason, "dry_run": not arguments.apply,
        },
        settings, now,
    )  # fmt: skip
    if not arguments.apply:
        print(json_text(plan.model_dump(mode="json")) if arguments.format == "json" else text_of(plan))
        if arguments.format == "table":
            print("\nNothing was changed. To do it, add --apply --reason TEXT.")
        return None, plan.request
    backfill_id = f"{now:%Y%m%dT%H%M%S}"
    note_backfill(
        backfill_id,
        "started",
        settings,
        at=now,
        by=shell_user(),
        reason=plan.request.reason,
        request=plan.request,
    )
    print(f"{text_of(plan)}\n\nBackfill {backfill_id}", file=sys.stderr)
    return backfill_id, plan.request


def _resumed(arguments: argparse.Namespace, settings: Settings, now: datetime) -> tuple[str, BackfillRequest]:
    from include.tidemark.pipeline.backfill import note_backfill, request_of

    request, _ = request_of(arguments.resume, settings)
    note_backfill(arguments.resume, "resumed", settings, at=now, by=shell_user(), reason=arguments.reason)
    return arguments.resume, request


def _apply(
    backfill_id: str, request: BackfillRequest, arguments: argparse.Namespace, settings: Settings
) -> int:
    from include.tidemark.difference.text import text_of
    from include.tidemark.pipeline.backfill import note_backfill, run_backfill
    from include.tidemark.pipeline.preflight import naming_the_holder

    try:
        with naming_the_holder(settings):
            outcome = run_backfill(
                backfill_id, request, settings, clock=started_now, by=shell_user(), told=_tell
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted. The months that are done stay; `tidemark backfill --resume {backfill_id}` goes on with the rest."
        ) from None
    if outcome.is_whole:
        note_backfill(backfill_id, "ended", settings, at=started_now(), by=shell_user())
    print(json_text(outcome.model_dump(mode="json")) if arguments.format == "json" else text_of(outcome))
    if not outcome.is_whole:
        print(
            f"tidemark: not every month is done; `tidemark backfill --resume {backfill_id}` does the rest.",
            file=sys.stderr,
        )
    return 0 if outcome.is_whole else FAILED


def _tell(month: MonthOutcome) -> None:
    said = f": {month.said}" if month.said else ""
    print(f"  {month.as_of_date}  {month.state}{said}", file=sys.stderr, flush=True)
