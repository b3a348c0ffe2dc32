"""The command line as a whole: it puts the commands together, and runs one."""

import argparse
from collections.abc import Sequence

from include.tidemark.cli import (
    backfill,
    diff,
    doctor,
    forget,
    history,
    init,
    reading,
    repair,
    rollback,
    segmentation,
    status,
    suggest,
)
from include.tidemark.cli import open as open_report
from include.tidemark.cli import run as run_month
from include.tidemark.cli.guard import guarded
from include.tidemark.settings import load_settings
from include.tidemark.version import __version__

GROUPS = (
    init,
    doctor,
    suggest,
    segmentation,
    run_month,
    open_report,
    reading,
    status,
    repair,
    backfill,
    diff,
    history,
    rollback,
    forget,
)
"""Modules of commands, in the order of the help."""

_EXIT_CODES = """\
exit codes:
  0    done
  1    a run failed, or something is not as it must be
  2    the command can't be done as it was given; nothing was changed
  130  interrupted
  141  the reader of its output went away, as `| head` does

`tidemark COMMAND --help` has examples. What a command works on is said by the
environment variables TIDEMARK_*."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Errors are one sentence on stderr.

    Raises:
        SystemExit: 0 after help was printed, 2 for arguments that can't be used.
    """
    return guarded(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    chosen = _parser().parse_args(arguments)
    if getattr(chosen, "looks_at_settings_itself", False):
        return int(chosen.run(chosen))
    return int(chosen.run(chosen, load_settings()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tidemark",
        description="Customer segments of a month: run it, read it, check it.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tidemark {__version__}")
    sub = parser.add_subparsers(dest="command", required=True, metavar="command")
    for group in GROUPS:
        group.add_parser(sub)
    return parser
