"""What the modules of the commands share: how a command is declared, and arguments that several have."""

import argparse
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from include.tidemark.as_of import parse_instant
from include.tidemark.run import RunOptions
from include.tidemark.settings import Settings

Run = Callable[[argparse.Namespace, Settings], int]
"""Runs a command with its arguments and the deployment's settings; returns 0, or 1 when what was looked at is
not as it must be.

A `TidemarkError` that it raises is printed as one sentence, with exit code 2.
"""

RunWithoutSettings = Callable[[argparse.Namespace], int]
"""The same of a command that looks at the settings itself, and says so to the parser."""

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

if TYPE_CHECKING:  # at run time argparse's class takes no parameter
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = argparse._SubParsersAction


def add_command(
    sub: Commands,
    name: str,
    run: Run | RunWithoutSettings,
    summary: str,
    *,
    examples: Sequence[str],
    description: str | None = None,
    parents: Sequence[argparse.ArgumentParser] = (),
) -> argparse.ArgumentParser:
    """Declare a command; returns its parser, for the arguments.

    Args:
        summary: a few words for the list of commands.
        examples: command lines for its help, each complete.
        description: what its help says above the arguments; the summary by default.
    """
    parser = sub.add_parser(
        name,
        help=summary,
        description=description or f"{summary[0].upper()}{summary[1:]}.",
        epilog="examples:\n" + "\n".join(f"  {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    parser.set_defaults(run=run)
    return parser


def iso_date(text: str) -> date:
    """A date written as YYYY-MM-DD, as the type of an argument."""
    try:
        if not _ISO_DATE.fullmatch(text):  # Python also reads 20261101 and 2026-W44-7
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date; write it as YYYY-MM-DD, for example 2026-11-01"
        ) from None


def iso_instant(text: str) -> datetime:
    """An instant written with its offset from UTC, as the type of an argument."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} can't be used: {error}") from None


def may_be_missing_name(text: str) -> str:
    """The type of an argument that names a table or a column of the contract."""
    try:
        (name,) = RunOptions(allow_missing=(text,)).allow_missing
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise argparse.ArgumentTypeError(reason) from None
    return name
