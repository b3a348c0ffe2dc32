"""`run`: a whole month from the shell."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from include.tidemark.as_of import newest_month
from include.tidemark.cli.clock import shell_user, started_now
from include.tidemark.cli.command import Commands, add_command, iso_date, iso_instant, may_be_missing_name
from include.tidemark.cli.guard import FailedError
from include.tidemark.cli.process import asked_to_end
from include.tidemark.errors import TidemarkError
from include.tidemark.run import Run, RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from include.tidemark.artifacts.published import PublishedMonth
    from include.tidemark.cli.progress import ShownProgress
    from include.tidemark.settings import Settings

_DESCRIPTION = """\
Run a whole month: load what has landed, check it, build and test the models,
compute the statistics, check again, publish. The settings are the TIDEMARK_*
of the shell and the configuration folder; the warehouse is DuckDB or Snowflake.

Progress goes to stderr, the result to stdout."""
_SHOWN_MONTHS = 4
_UNPUBLISHED = "Nothing was published"


def add_parser(sub: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        sub,
        "run",
        run,
        "a whole month, from your tables to the published report",
        description=_DESCRIPTION,
        examples=[
            "tidemark run --as-of 2026-11-01",
            "tidemark run --as-of 2026-11-01 --dry-run   # everything but the publication",
            "tidemark run                                # the newest first of a month",
            "tidemark run --as-of 2026-05-01 --known-at 2026-05-02T09:00:00+02:00",
        ],
    )
    parser.add_argument(
        "--as-of",
        type=iso_date,
        metavar="YYYY-MM-DD",
        help="first day that is not seen; by default the newest first of a month in the business time zone",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="publish nothing: the files are made, consumers see no change"
    )
    parser.add_argument(
        "--full-refresh",
        action="store_true",
        help="rebuild the daily facts from all rows; needed after rows were deleted from the sources",
    )
    parser.add_argument(
        "--allow-missing",
        action="append",
        type=may_be_missing_name,
        metavar="NAME",
        help="go on where the landing files of this table, or the values of this TABLE.COLUMN, are gone; may be given again",
    )
    parser.add_argument(
        "--lookback-days",
        type=_option("lookback_days"),
        metavar="N",
        help="how many of the newest days are rebuilt in any case; by default what the rules say",
    )
    parser.add_argument(
        "--resamples",
        type=_option("n_resamples"),
        metavar="N",
        help="replicates of each bootstrap interval, 1,000 or more; by default 10,000",
    )
    parser.add_argument(
        "--known-at",
        type=iso_instant,
        metavar="INSTANT",
        help="see only what had been loaded by then, such as 2026-05-02T09:00:00+02:00; loads no file and publishes nothing",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why, for the ledger; it must not name a customer")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the month and print what came of it.

    Raises:
        TidemarkError: it can't start; nothing was changed.
        FailedError: it failed on the way.
        KeyboardInterrupt: with a sentence on what that means for the run.
    """
    # Imported here: the stages need Airflow and Great Expectations, which take seconds to load.
    from include.tidemark.artifacts.published import published_months
    from include.tidemark.cli.progress import ShownProgress
    from include.tidemark.pipeline.preflight import refuse_unready

    started_at = started_now()
    refuse_unready(settings)
    parameters = _parameters(arguments, settings, started_at)
    months = published_months(settings)
    with ShownProgress(_seconds_of_last(months)) as progress:
        progress.announces(_heading(parameters, arguments.as_of is None, settings, months))
        made, seconds = _run_stages(settings, parameters, started_at, progress)
    print(_ending(made, seconds, settings))
    return 0


def compute_again(as_of_date: date, settings: Settings, reason: str) -> None:
    """Run a month as `tidemark run --as-of` does with a reason and no further options.

    Raises:
        TidemarkError: it can't start, or it failed.
    """
    plain = argparse.Namespace(
        as_of=as_of_date,
        dry_run=False,
        full_refresh=False,
        lookback_days=None,
        allow_missing=None,
        resamples=None,
        known_at=None,
        reason=reason,
    )
    run(plain, settings)


def _parameters(arguments: argparse.Namespace, settings: Settings, started_at: datetime) -> dict[str, Any]:
    from include.tidemark.config.folder import load_config

    zone = load_config(settings).rules.business_timezone
    chosen = {
        "as_of_date": (arguments.as_of or newest_month(started_at, zone)).isoformat(),
        "publish": not arguments.dry_run,
        "full_refresh": arguments.full_refresh,
        "lookback_days": arguments.lookback_days,
        "allow_missing": arguments.allow_missing,
        "n_resamples": arguments.resamples,
        "known_at": arguments.known_at,
        "reason": arguments.reason,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _heading(
    parameters: dict[str, Any], is_default: bool, settings: Settings, months: Sequence[PublishedMonth]
) -> str:
    why = " (the newest first of a month)" if is_default else ""
    where = (
        settings.duckdb_path if settings.warehouse == "duckdb" else f"connection {settings.snowflake_conn_id}"
    )
    last = f"; `last` is the month as of {months[-1].as_of_date}" if _seconds_of_last(months) else ""
    return f"As of {parameters['as_of_date']}{why}, {', '.join(settings.families)}, in {settings.warehouse} ({where}){last}:"


def _seconds_of_last(months: Sequence[PublishedMonth]) -> dict[str, float]:
    """How long each stage of the newest published month took, where its manifest says so."""
    seconds: dict[str, float] | None = months[-1].manifest()["timings_seconds"] if months else None
    return seconds or {}


def _run_stages(
    settings: Settings, parameters: dict[str, Any], started_at: datetime, progress: ShownProgress
) -> tuple[Run, float]:
    from include.tidemark.pipeline.in_order import run_in_order
    from include.tidemark.pipeline.preflight import naming_the_holder

    try:
        with naming_the_holder(settings):
            made, timings = run_in_order(
                settings,
                parameters,
                started_at,
                f"shell__{started_at.isoformat()}",
                progress,
                started_by=shell_user(),
            )
    except (Exception, KeyboardInterrupt) as error:
        told = _told(error, progress)
        if told is error:
            raise
        raise told from error
    return made, sum(timings.values())


def _told(error: BaseException, progress: ShownProgress) -> BaseException:
    """The error with the stage in which it ended the run, and what that means."""
    if isinstance(error, KeyboardInterrupt) or asked_to_end():
        return KeyboardInterrupt(f"interrupted in the stage {progress.stage}. {_consequence(progress)}")
    if isinstance(error, TidemarkError) and progress.ended:
        said = f"the run failed in the stage {progress.stage}: {error}"
        return FailedError(said if _UNPUBLISHED in said else f"{said} {_consequence(progress)}")
    return error


def _consequence(progress: ShownProgress) -> str:
    if progress.stage == "publish":
        return "`tidemark runs` shows what is published; the same command starts a new run."
    return f"{_UNPUBLISHED}; the same command starts a new run."


def _ending(made: Run, seconds: float, settings: Settings) -> str:
    """What the month came to: the table of this month and those before it, its report, its warnings, and what
    to do next."""
    from include.tidemark.artifacts.published import month_of_run, published_months
    from include.tidemark.cli.ending import family_lines, segment_table, warning_lines

    as_of = made.as_of_date.isoformat()
    month = month_of_run(settings, made.as_of_date, made.run_key)
    earlier = [each for each in published_months(settings) if each.as_of_date < as_of]
    parts = [
        segment_table([*earlier, month][-_SHOWN_MONTHS:]),
        "\n".join([f"Report:  {month.report_uri}", *family_lines(month)]),
        "\n".join(warning_lines(month)),
        _outcome(made, seconds),
    ]
    return "\n" + "\n\n".join(part for part in parts if part)


def _outcome(made: Run, seconds: float) -> str:
    if made.options.publish:
        return f"The month as of {made.as_of_date} is published, after {seconds:.0f} s. Next: `tidemark open` shows the report."
    if made.known_at:
        return (
            f"This is the month as of {made.as_of_date} of what had been loaded by {made.known_at:%Y-%m-%d %H:%M:%S} UTC; it took"
            f" {seconds:.0f} s, and nothing was published. Next: `tidemark diff --as-of {made.as_of_date} --run {made.run_key}`."
        )
    return (
        f"Nothing was published (--dry-run), so consumers see what they saw; the month took {seconds:.0f} s."
        " Next: look at the report, then run the same without --dry-run."
    )


def _option(field: str) -> Callable[[str], int]:
    """The type of an argument that becomes an option of the run: a number that the option takes."""

    def number(text: str) -> int:
        try:
            return int(getattr(RunOptions.model_validate({field: text}), field))
        except ValidationError as error:
            reason = error.errors(include_url=False)[0]["msg"]
            raise argparse.ArgumentTypeError(f"{text!r} can't be used: {reason}") from None

    return number
